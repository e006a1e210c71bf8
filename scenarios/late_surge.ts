// Mumbai, September 2024: "I joined after them [but] was way ahead". While the first crowd still waits, a second and larger one
// arrives all at once at 60 % of the steady phase. It goes behind the first; that somebody still waited is seen after the run.
import { arrive } from "./lib/person.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { surging } from "./lib/timetable.ts"
import { stayOn } from "./lib/visit.ts"

export const options = oneVuEach(wholeVisit, {
  "done{step:join,wave:1}": ["count>0"],
  "done{step:join,wave:2}": ["count>0"],
})
export const handleSummary = summary

export default function () {
  const person = arrive(surging)
  if (!joinPatiently(person)) return leave(person)
  stayOn(person, ({ state }) => {
    if (state === "admitted") shop(person)
  })
  leave(person)
}
