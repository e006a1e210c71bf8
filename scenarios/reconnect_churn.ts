// Mumbai, September 2024: people were thrown out before the sale began, and came back to places at the end. Here streams are cut after
// 1 to 3 s, every request opens a new connection, some people have two tabs, some come back from another address and all join again,
// and in the middle the server is started anew. The place survives that.
import { Counter } from "k6/metrics"
import { arrive, pollAt } from "./lib/person.ts"
import { oneVuEach } from "./lib/metrics.ts"
import { join, joinPatiently, leave, lookAtBoard, poll } from "./lib/queue.ts"
import { shop } from "./lib/shop.ts"
import { followFromElsewhere, followUntilCut } from "./lib/stream.ts"
import { settings } from "./lib/settings.ts"
import { summary } from "./lib/summary.ts"
import { evenly } from "./lib/timetable.ts"

const restartAfter = settings.restart_after_ms
/** People who were told their place after the restart, and it had been told them before. */
const toldAfterRestart = new Counter("told_after_restart")

const usual = oneVuEach(["join", "stream", "status", "admission", "seats", "hold", "checkout"], {
  streams_failed: ["rate<0.01"],
  "done{step:stream,from:elsewhere}": ["count>0"],
  "done{step:join,again:yes}": ["count>0"],
  "done{step:status,manner:tabs}": ["count>0"],
})
/** While the server is away nobody gets an answer: what failed counts in the other parts of the run. */
const withRestart = () => {
  const { http_req_failed: limit = [], ...rest } = usual.thresholds
  const phases = ["ramp", "steady", "down"].map((phase) => [`http_req_failed{phase:${phase}}`, limit])
  return { ...rest, ...Object.fromEntries(phases), told_after_restart: ["count>0"] }
}

export const options = {
  ...usual,
  thresholds: restartAfter === undefined ? usual.thresholds : withRestart(),
  noConnectionReuse: true,
  noVUConnectionReuse: true,
}
export const handleSummary = summary

/** So long after the restart began the server is the new one, in ms. */
const restartTime = 1000

/** The sale takes 30 joins a minute from one address. */
const joinAgainEvery = 6000
/** Everybody has joined this long after the ramp, in ms. */
const joinedWithin = 500

export default function () {
  const person = arrive(evenly)
  const tabs = person.id % 3 === 0 ? 2 : 1
  // Whoever comes next has one tab; where the room is too small, maybe no place.
  const isFollowed = person.id % 3 === 1 && !settings.room_too_small
  if (!joinPatiently(person, { tabs })) return leave(person)
  const restartAt = person.startedAt + (restartAfter ?? Infinity)
  let hasReturned = false
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
    if (isFollowed && Date.now() > person.startedAt + settings.ramp_ms + joinedWithin) followFromElsewhere(person)
    if (Date.now() >= joinAgainAt) {
      join(person)
      joinAgainAt += joinAgainEvery
    }
    const { state } = poll(person, { tabs })
    if (state !== "unknown" && !hasReturned && Date.now() > restartAt + restartTime) {
      hasReturned = true
      toldAfterRestart.add(1)
    }
    if (state === "admitted") shop(person)
  }
  leave(person)
}
