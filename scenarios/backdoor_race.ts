// The way around the queue that waiting rooms are known for: the shop is called directly, with no pass, a changed, a used, an
// ended one or another sale's. While a crowd queues and buys, every fourth person tries that, and nobody gets in without an admission that is live.
import { arrive, pollAt } from "./lib/person.ts"
import { intruderThresholds, openIntruder } from "./lib/intruder.ts"
import { oneVuEach, summary } from "./lib/metrics.ts"
import { joinPatiently, leave, lookAtBoard, poll } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { rushing } from "./lib/timetable.ts"

export const options = oneVuEach(["join", "status", "admission", "seats", "hold", "checkout"], intruderThresholds)
export const handleSummary = summary

export default function () {
  const person = arrive(rushing)
  const intruder = person.id % 4 === 1 ? openIntruder(person) : undefined
  intruder?.knock()
  if (!joinPatiently(person)) return leave(person)
  for (
    let next = Date.now() + 1000 * person.random(), pause = 2000;
    next < person.leavesAt;
    next = Math.max(next + pause, Date.now())
  ) {
    pollAt(next)
    if (person.finished) {
      intruder?.linger()
      lookAtBoard(person)
      continue
    }
    intruder?.knock()
    const turn = poll(person)
    pause = Math.min(Math.max(turn.retryAfter, 500), 2000)
    if (turn.state !== "admitted") continue
    intruder?.pry()
    const bought = shop(person)
    if (bought !== undefined) intruder?.comeBack(bought)
  }
  leave(person)
}
