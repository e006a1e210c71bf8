// Impatience: everybody keeps pressing refresh in two tabs and joins again and again. A place in the queue must survive all of it.
import { arrive, pollAt } from "./lib/person.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { join, joinPatiently, leave, poll } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { rushing } from "./lib/timetable.ts"

export const options = oneVuEach(wholeVisit, {
  "done{step:join,again:yes}": ["count>0"],
  "done{step:status,manner:tabs}": ["count>0"],
})
export const handleSummary = summary

const refreshEvery = 700
/** The sale takes 30 joins a minute from one address. */
const joinAgainEvery = 5000

export default function () {
  const person = arrive(rushing)
  if (!joinPatiently(person)) return leave(person)
  let joinAgainAt = Date.now() + joinAgainEvery * person.random()
  for (
    let next = Date.now() + refreshEvery * person.random();
    next < person.leavesAt;
    next = Math.max(next + refreshEvery, Date.now())
  ) {
    pollAt(next)
    if (Date.now() >= joinAgainAt) {
      join(person)
      joinAgainAt += joinAgainEvery
    }
    const turn = poll(person, { tabs: 2 })
    if (turn.state === "admitted" && !person.finished) shop(person)
  }
  leave(person)
}
