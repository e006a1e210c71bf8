// The spike of the load plans, from nobody to everybody within the ramp, and then gone: a link on television, an hour of silence after
// it. The sale holds while it lasts and is itself again when nine in ten have left.
import exec from "k6/execution"
import { arrive, pollAt } from "./lib/person.ts"
import { queueLimits, tailOf, within } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { readSale } from "./lib/pages.ts"
import { joinPatiently, leave, poll } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"
import { waitAndShop } from "./lib/visit.ts"

const { people, ramp_ms, steady_ms } = settings
const pollEvery = 300
const afterwards = Math.floor((people / 10) * ((0.2 * steady_ms) / pollEvery))

export const options = oneVuEach(["sale", ...wholeVisit], {
  "done{step:status,crowd:gone}": ["count>0"],
  "http_req_duration{step:status,crowd:gone}": [`${tailOf(afterwards)}<150`],
  ...queueLimits(people, Math.floor(people / 4)),
  ...within("join", 800, people),
})
export const handleSummary = summary

const crowdGoesAfter = ramp_ms + 0.6 * steady_ms
const crowdIsGoneAfter = ramp_ms + 0.7 * steady_ms

export default function () {
  const person = arrive(evenly)
  const staysOn = person.id % 10 === 0
  readSale(person)
  if (!joinPatiently(person)) return leave(person)
  waitAndShop(person, person.startedAt + crowdGoesAfter + 0.1 * steady_ms * person.random())
  if (!staysOn) return leave(person)
  exec.vu.metrics.tags["crowd"] = "gone"
  for (
    let next = person.startedAt + crowdIsGoneAfter + pollEvery * person.random();
    next < person.leavesAt;
    next = Math.max(next + pollEvery, Date.now())
  ) {
    pollAt(next)
    poll(person)
  }
  leave(person)
}
