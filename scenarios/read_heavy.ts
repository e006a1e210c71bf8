// The announcement day of the load plans: ten people look for each one who buys. 70 % read pages, 20 % queue and ask for their place,
// 10 % shop; the readers must not slow the others down.
import { arrive } from "./lib/person.ts"
import { queueLimits, within } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { readBoard, readEvent, readEvents, readSale } from "./lib/pages.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { lookAround } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"
import { think, waitAndShop, waitForTurn } from "./lib/visit.ts"

const { people } = settings
const share = (part: number) => Math.floor(people * part)

export const options = oneVuEach(["events", "event", "sale", "board", ...wholeVisit], {
  ...queueLimits(share(0.3), share(0.15)),
  ...within("board", 150, share(0.7)),
  ...within("sale", 300, share(0.7)),
  ...within("event", 300, share(0.7)),
  ...within("events", 400, share(0.7)),
})
export const handleSummary = summary

export default function () {
  const person = arrive(evenly)
  const kind = person.id % 10
  if (kind < 7) {
    readEvents(person)
    while (Date.now() < person.leavesAt) {
      readSale(person)
      think(person, 0.3, 1)
      readEvent(person)
      for (let look = 0; look < 3 && Date.now() < person.leavesAt; look++) {
        think(person, 0.5, 1.5)
        readBoard(person)
      }
    }
    return leave(person)
  }
  if (joinPatiently(person)) {
    if (kind === 9) waitAndShop(person)
    else if (waitForTurn(person)) lookAround(person)
  }
  leave(person)
}
