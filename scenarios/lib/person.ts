import { sleep } from "k6"
import { SharedArray } from "k6/data"
import exec from "k6/execution"
import { randomOf } from "./random.ts"
import { arrivalLag, arrivals, pollLag } from "./metrics.ts"
import { settings, type Fan } from "./settings.ts"
import { personOf } from "./share.ts"
import { surging, timetableOf, type Arrivals } from "./timetable.ts"

const fans = new SharedArray<Fan>("fans", () =>
  settings.fans_file ? (JSON.parse(open(settings.fans_file)) as Fan[]) : [{ user_id: "nobody", token: "none" }],
)

export type Person = {
  id: number
  account: string
  token: string
  random: () => number
  startedAt: number
  leavesAt: number
  /** 2 for whoever comes in a surge after the ramp. */
  wave: 1 | 2
  position?: number
  /** When the last poll that was answered "not yet" had been sent. */
  waitingSent?: number
  admission?: { token: string; endsAt: number }
  receipt?: string
  finished: boolean
  foundNoSeat?: boolean
  /** How long a message takes from this person to the sale, in ms; absent for whoever is near. */
  oneWay?: number
  turnedAway: boolean
  polls: number
}

/** Sleeps until this person's planned moment and gives the person who then stands at the door. */
export const arrive = (shape: Arrivals): Person => {
  const id = settings.share ? personOf(exec.vu.idInTest, settings.share) : exec.vu.idInTest
  const fan = fans[(id - 1) % fans.length]!
  const { arrivesAfter, leavesAfter } = timetableOf(id, settings, shape)
  const startedAt = settings.starts_at ?? exec.scenario.startTime
  const late = sleepUntil(startedAt + arrivesAfter)
  arrivalLag.add(late)
  arrivals.add(1)
  return {
    id,
    account: fan.user_id,
    token: fan.token,
    random: randomOf(settings.seed ^ 0x5eed, id),
    startedAt,
    leavesAt: startedAt + leavesAfter,
    wave: shape === surging && arrivesAfter > settings.ramp_ms ? 2 : 1,
    finished: false,
    turnedAway: false,
    polls: 0,
  }
}

export const neighbourOf = ({ id }: Person): Fan | undefined => (fans.length > 1 ? fans[id % fans.length] : undefined)

export const pollAt = (at: number) => pollLag.add(sleepUntil(at))

const sleepUntil = (at: number) => {
  const left = at - Date.now()
  if (left > 0) sleep(left / 1000)
  return Math.max(0, Date.now() - at)
}

/** The part of the run that a request belongs to; latency is judged in the steady one. `away`: the server is being started anew. */
export const phaseOf = ({ startedAt }: Person) => {
  const passed = Date.now() - startedAt
  if (isAway(passed)) return "away"
  if (passed < settings.ramp_ms) return "ramp"
  return passed < settings.ramp_ms + settings.steady_ms ? "steady" : "down"
}

const isAway = (passed: number) =>
  settings.restart_after_ms !== undefined &&
  passed >= settings.restart_after_ms - awayBefore &&
  passed < settings.restart_after_ms + awayAfter
/** What is under way when the server goes, and what it takes to be as quick as before, in ms. */
const awayBefore = 1000
const awayAfter = 3000

export const secondsBetween = (person: Person, least: number, most: number) => least + (most - least) * person.random()
