// Every tour since 2016: scripts that never think take the seats before people have read the page. Here every fourth account is one.
// It joins in three tabs, polls as fast as it may and hammers holds and checkout; people shop beside it, at the speed of people.
import exec from "k6/execution"
import { botThresholds, hammer } from "./lib/bot.ts"
import { note } from "./lib/history.ts"
import { queueLimits } from "./lib/limits.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { arrive, type Person } from "./lib/person.ts"
import { joinPatiently, leave } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"
import { waitAndShop } from "./lib/visit.ts"

const { people } = settings

export const options = oneVuEach(wholeVisit, {
  ...botThresholds,
  "done{step:admission,by:person}": ["count>0"],
  "done{step:admission,by:bot}": ["count>0"],
  "done{step:checkout,by:person}": ["count>0"],
  ...queueLimits(people, people),
})
export const handleSummary = summary

export default function () {
  const person = arrive(evenly)
  const by = isBot(person) ? "bot" : "person"
  exec.vu.metrics.tags["by"] = by
  note({ op: "came", account: person.account, at: Date.now(), group: by })
  if (by === "bot") hammer(person)
  else if (joinPatiently(person)) waitAndShop(person)
  leave(person)
}

const isBot = ({ id }: Person) => id % 4 === 2
