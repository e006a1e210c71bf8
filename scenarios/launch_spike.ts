// The minute in which the doors open: the crowd comes in a rush, waits, is let in at the pace of the sale, buys.
import { arrive, pollAt } from "./lib/person.ts"
import { oneVuEach, summary } from "./lib/metrics.ts"
import { joinPatiently, leave, lookAtBoard, poll } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { rushing } from "./lib/timetable.ts"

export const options = oneVuEach(["join", "status", "admission", "seats", "hold", "checkout"])
export const handleSummary = summary

export default function () {
  const person = arrive(rushing)
  if (!joinPatiently(person)) return leave(person)
  for (
    let next = Date.now() + 1000 * person.random(), pause = 2000;
    next < person.leavesAt;
    next = Math.max(next + pause, Date.now())
  ) {
    pollAt(next)
    if (person.finished) {
      lookAtBoard(person)
      continue
    }
    const turn = poll(person)
    pause = Math.min(Math.max(turn.retryAfter, 500), 2000)
    if (turn.state === "admitted") shop(person)
  }
  leave(person)
}
