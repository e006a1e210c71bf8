// The way around the queue that waiting rooms are known for: the shop is called directly, with no pass, a changed, a used, an
// ended one or another sale's. While a crowd queues and buys, every fourth person tries that, and nobody gets in without an admission that is live.
import { arrive } from "./lib/person.ts"
import { intruderThresholds, openIntruder } from "./lib/intruder.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { rushing } from "./lib/timetable.ts"
import { stayOn } from "./lib/visit.ts"

export const options = oneVuEach(wholeVisit, intruderThresholds)
export const handleSummary = summary

export default function () {
  const person = arrive(rushing)
  const intruder = person.id % 4 === 1 ? openIntruder(person) : undefined
  intruder?.knock()
  if (!joinPatiently(person)) return leave(person)
  stayOn(
    person,
    ({ state }) => {
      if (state !== "admitted") return
      intruder?.pry()
      const bought = shop(person)
      if (bought !== undefined) intruder?.comeBack(bought)
    },
    { before: () => intruder?.knock(), afterwards: () => intruder?.linger() },
  )
  leave(person)
}
