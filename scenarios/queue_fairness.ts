// First come, first served, also for those who press twice, lose the network or poll like mad:
// what people were told is compared with the server's log, and nobody may be let in past somebody who was there before.
import { arrive, pollAt } from "./lib/person.ts"
import { oneVuEach, wholeVisit } from "./lib/metrics.ts"
import { join, joinPatiently, leave, poll } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"

export const options = oneVuEach(wholeVisit, {
  "done{step:join,again:yes}": ["count>0"],
  "done{step:status,manner:plain}": ["count>0"],
  "done{step:status,manner:reconnect}": ["count>0"],
  "done{step:status,manner:tabs}": ["count>0"],
})
export const handleSummary = summary

const kinds = [
  { pollEvery: 2000, tabs: 1, reconnect: false, joinAgainEvery: Infinity }, // patient
  { pollEvery: 400, tabs: 1, reconnect: false, joinAgainEvery: Infinity }, // polls fast
  { pollEvery: 1500, tabs: 1, reconnect: true, joinAgainEvery: 6000 }, // loses the network
  { pollEvery: 1500, tabs: 2, reconnect: false, joinAgainEvery: 8000 }, // two tabs
]

export default function () {
  const person = arrive(evenly)
  const { pollEvery, tabs, reconnect, joinAgainEvery } = kinds[person.id % kinds.length]!
  if (!joinPatiently(person, { tabs, reconnect })) return leave(person)
  let joinAgainAt = Date.now() + joinAgainEvery
  for (
    let next = Date.now() + pollEvery * person.random();
    next < person.leavesAt;
    next = Math.max(next + pollEvery, Date.now())
  ) {
    pollAt(next)
    if (Date.now() >= joinAgainAt) {
      join(person, { reconnect })
      joinAgainAt += joinAgainEvery
    }
    const turn = poll(person, { tabs, reconnect: reconnect && person.random() < 0.3 })
    if (turn.state === "admitted" && !person.finished) shop(person)
  }
  leave(person)
}
