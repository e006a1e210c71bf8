// A sale on a calm day: some twenty people at a time come, look at the page, queue for a moment, buy and go. What is slow here is
// slow everywhere, so the limits are tight: every other run is read beside this one.
import { arrive } from "./lib/person.ts"
import { queueLimits, within } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { readEvent, readSale, readTickets, ticketThresholds } from "./lib/pages.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { summary } from "./lib/summary.ts"
import { throughout } from "./lib/timetable.ts"
import { think, waitAndShop } from "./lib/visit.ts"

const { people } = settings
const half = Math.floor(people / 2)

export const options = oneVuEach(["sale", "event", ...wholeVisit], {
  ...ticketThresholds,
  ...queueLimits(people, half),
  ...within("join", 300, people),
  ...within("sale", 250, people),
  ...within("seats", 250, half),
  ...within("hold", 400, half),
  ...within("checkout", 500, half),
  http_req_failed: ["rate<0.001"],
})
export const handleSummary = summary

/** Nobody comes in the last fifth of the steady phase, so that all have gone when it is over. */
const arrivals = throughout(0.8)

export default function () {
  const person = arrive(arrivals)
  readSale(person)
  readEvent(person)
  think(person, 0.2, 1)
  const visit = joinPatiently(person) ? waitAndShop(person) : undefined
  if (visit?.state === "bought") readTickets(person, visit.bought)
  leave(person)
}
