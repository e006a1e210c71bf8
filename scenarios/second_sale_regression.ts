// Two sales of one event in a row: "the second date was only for those who had been in the first queue". Most people come to both, in
// an order drawn anew, a fifth only to the second. Nobody brings anything along: no place, no token, and no slower server.
import { attemptThresholds } from "./lib/attempt.ts"
import { queueLimits } from "./lib/limits.ts"
import { arrive, pollAt, type Person } from "./lib/person.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { joinPatiently, leave, poll } from "./lib/queue.ts"
import { arriveAtSecondSale, joinTooEarly, secondSaleKinds, tagSale, tryFirstSale } from "./lib/second-sale.ts"
import { settings, testLength } from "./lib/settings.ts"
import { shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"

const perSale = (sale: number) => ({
  [`http_req_duration{step:join,sale:${sale}}`]: ["p(95)<500"],
  [`done{step:join,sale:${sale}}`]: ["count>0"],
  [`done{step:admission,sale:${sale}}`]: ["count>0"],
  [`done{step:checkout,sale:${sale}}`]: ["count>0"],
})
const once = oneVuEach(wholeVisit, {
  ...perSale(1),
  ...perSale(2),
  ...queueLimits(settings.people, settings.people / 5),
  ...attemptThresholds(secondSaleKinds),
})
export const options = {
  ...once,
  scenarios: { people: { ...once.scenarios.people, maxDuration: `${Math.ceil((2 * testLength) / 1000) + 10}s` } },
}
export const handleSummary = summary

/** Nobody begins to shop later than this before the end of a sale, in ms: the next one does not wait. */
const shoppingTime = 2500

export default function () {
  tagSale(1)
  const first = arrive(evenly)
  if (first.id % 5 !== 0) visit(first)
  if (first.id % 4 === 1) joinTooEarly(first)
  const second = arriveAtSecondSale(first)
  if (first.position !== undefined) tryFirstSale(second, first)
  visit(second)
}

const visit = (person: Person) => {
  if (!joinPatiently(person)) return leave(person)
  const until = Math.min(person.leavesAt, person.startedAt + testLength - shoppingTime)
  for (
    let next = Date.now() + 300 + 500 * person.random(), pause = 1500;
    next < until && !person.finished;
    next = Math.max(next + pause, Date.now())
  ) {
    pollAt(next)
    const turn = poll(person)
    pause = Math.min(Math.max(turn.retryAfter, 500), 1500)
    if (turn.state === "admitted") shop(person)
  }
  leave(person)
}
