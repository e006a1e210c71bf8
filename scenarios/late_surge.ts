// Mumbai, September 2024: "I joined after them [but] was way ahead". While the first crowd still waits, a second and larger one
// arrives all at once at 60 % of the steady phase. It goes behind the first.
import { Counter } from "k6/metrics"
import { arrive, pollAt } from "./lib/person.ts"
import { oneVuEach, summary } from "./lib/metrics.ts"
import { joinPatiently, leave, lookAtBoard, poll } from "./lib/queue.ts"
import { settings } from "./lib/settings.ts"
import { shop } from "./lib/shop.ts"
import { surging } from "./lib/timetable.ts"

/** People of the first wave who were told to wait when the second had begun: without them there is nobody to overtake. */
const firstWaveWaiting = new Counter("first_wave_waiting")

export const options = oneVuEach(["join", "status", "admission", "seats", "hold", "checkout"], {
  "done{step:join,wave:1}": ["count>0"],
  "done{step:join,wave:2}": ["count>0"],
  first_wave_waiting: ["count>0"],
})
export const handleSummary = summary

const surgeAfter = settings.ramp_ms + 0.6 * settings.steady_ms

export default function () {
  const person = arrive(surging)
  if (!joinPatiently(person)) return leave(person)
  let waitsOn = false
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
    if (turn.state !== "waiting" || person.wave === 2 || waitsOn || Date.now() < person.startedAt + surgeAfter) continue
    waitsOn = true
    firstWaveWaiting.add(1)
  }
  leave(person)
}
