// The checkout of the load plans: nobody waits for long, nine in ten mean to buy, and more than 95 % of those who were let in while
// there were seats have their tickets in the end. People who abandon at the last step are the ones a sale loses.
import { Counter, Rate } from "k6/metrics"
import { arrive, type Person } from "./lib/person.ts"
import { queueLimits, within } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { readSale, readTickets, ticketThresholds } from "./lib/pages.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { lookAround } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { throughout } from "./lib/timetable.ts"
import { waitAndShop, waitForTurn } from "./lib/visit.ts"

const { people } = settings
const half = Math.floor(people / 2)

export const options = oneVuEach(wholeVisit, {
  ...ticketThresholds,
  intended: ["count>0"],
  completed: ["rate>0.95"],
  ...queueLimits(people, Math.floor(people / 4)),
  ...within("seats", 300, half),
  ...within("hold", 500, half),
  ...within("checkout", 800, half),
})
export const handleSummary = summary

/** People who were let in, meant to buy and found seats, and whether they have them. */
const intended = new Counter("intended")
const completed = new Rate("completed")

const arrivals = throughout(0.6)

export default function () {
  const person = arrive(arrivals)
  if (!joinPatiently(person)) return leave(person)
  if (person.id % 10 === 9) {
    if (waitForTurn(person)) lookAround(person)
    return leave(person)
  }
  const visit = waitAndShop(person)
  if (visit.state === "bought" || (visit.state === "empty_handed" && !wasSoldOut(person))) {
    intended.add(1)
    completed.add(visit.state === "bought" && readTickets(person, visit.bought))
  }
  leave(person)
}

/** Nobody takes more than two seats, so where there are two for each no answer may say that there is none. */
const wasSoldOut = (person: Person) => person.foundNoSeat === true && (readSale(person) ?? 0) < 2 * people
