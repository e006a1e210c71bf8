// The leak that shows on the second day: people come, queue, buy, look at the board for a while and go, at the same pace for as long
// as the run is. The memory of the server and its connections to Postgres must not grow with the hours.
import { arrive, pollAt } from "./lib/person.ts"
import { queueLimits, within } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { readBoard, readSale } from "./lib/pages.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { summary } from "./lib/summary.ts"
import { throughout } from "./lib/timetable.ts"
import { waitAndShop } from "./lib/visit.ts"

const { people } = settings

export const options = oneVuEach(["sale", "board", ...wholeVisit], {
  ...queueLimits(people, Math.floor(people / 2)),
  ...within("board", 150, people),
  ...within("checkout", 800, Math.floor(people / 2)),
})
export const handleSummary = summary

const arrivals = throughout(0.95)
/** Few trends and short visits: k6 keeps every sample of a run in memory. */
const staysFor = 60_000
const lookEvery = 2000

export default function () {
  const person = arrive(arrivals)
  const goesAt = Math.min(Date.now() + staysFor, person.leavesAt)
  readSale(person)
  if (joinPatiently(person)) waitAndShop(person, goesAt)
  for (
    let next = Date.now() + lookEvery * person.random();
    next < goesAt;
    next = Math.max(next + lookEvery, Date.now())
  ) {
    pollAt(next)
    readBoard(person)
  }
  leave(person)
}
