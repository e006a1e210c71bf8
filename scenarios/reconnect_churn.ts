// Mumbai, September 2024: people were thrown out before the sale began, and came back to places at the end. Here streams are cut after
// 1 to 3 s, every request opens a new connection, some people have two tabs and all join again. The place survives that.
import { arrive, pollAt } from "./lib/person.ts"
import { oneVuEach, summary } from "./lib/metrics.ts"
import { join, joinPatiently, leave, lookAtBoard, poll } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { followUntilCut } from "./lib/stream.ts"
import { evenly } from "./lib/timetable.ts"

export const options = {
  ...oneVuEach(["join", "stream", "status", "admission", "seats", "hold", "checkout"], {
    streams_failed: ["rate<0.01"],
  }),
  noConnectionReuse: true,
  noVUConnectionReuse: true,
}
export const handleSummary = summary

/** The sale takes 30 joins a minute from one address. */
const joinAgainEvery = 6000

export default function () {
  const person = arrive(evenly)
  const tabs = person.id % 3 === 0 ? 2 : 1
  if (!joinPatiently(person, { tabs })) return leave(person)
  let joinAgainAt = Date.now() + joinAgainEvery * person.random()
  for (
    let next = Date.now() + 500 * person.random();
    next < person.leavesAt;
    next = Date.now() + 500 + 1000 * person.random()
  ) {
    pollAt(next)
    if (person.finished) {
      lookAtBoard(person)
      continue
    }
    followUntilCut(person, tabs)
    if (Date.now() >= joinAgainAt) {
      join(person)
      joinAgainAt += joinAgainEvery
    }
    if (poll(person, { tabs }).state === "admitted") shop(person)
  }
  leave(person)
}
