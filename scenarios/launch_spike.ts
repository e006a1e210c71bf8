// The minute in which the doors open: the crowd comes in a rush, waits, is let in at the pace of the sale, buys.
import { arrive } from "./lib/person.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { rushing } from "./lib/timetable.ts"
import { stayOn } from "./lib/visit.ts"

export const options = oneVuEach(wholeVisit)
export const handleSummary = summary

export default function () {
  const person = arrive(rushing)
  if (!joinPatiently(person)) return leave(person)
  stayOn(person, ({ state }) => {
    if (state === "admitted") shop(person)
  })
  leave(person)
}
