import { sleep } from "k6"
import { SharedArray } from "k6/data"
import exec from "k6/execution"
import { randomOf } from "./random.ts"
import { arrivalLag, arrivals, pollLag } from "./metrics.ts"
import { settings } from "./settings.ts"
import { timetableOf, type Arrivals } from "./timetable.ts"

type Fan = { user_id: string; token: string }

const fans = new SharedArray<Fan>("fans", () =>
  settings.fans_file ? (JSON.parse(open(settings.fans_file)) as Fan[]) : [{ user_id: "nobody", token: "none" }],
)

export type Person = {
  id: number
  account: string
  token: string
  random: () => number
  /** Points in time, ms since 1970. */
  startedAt: number
  leavesAt: number
  /** 2 for whoever comes after the ramp. */
  wave: 1 | 2
  position?: number
  /** When the last poll that was answered "not yet" had been sent. */
  waitingSent?: number
  admission?: { token: string; endsAt: number }
  finished: boolean
  /** The sale takes nobody any more. */
  turnedAway: boolean
  polls: number
}

/** Sleeps until this person's planned moment and gives the person who then stands at the door. */
export const arrive = (shape: Arrivals): Person => {
  const id = exec.vu.idInTest
  const fan = fans[(id - 1) % fans.length]!
  const { arrivesAfter, leavesAfter } = timetableOf(id, settings, shape)
  const startedAt = exec.scenario.startTime
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
    wave: arrivesAfter > settings.ramp_ms ? 2 : 1,
    finished: false,
    turnedAway: false,
    polls: 0,
  }
}

/** The account of somebody else; undefined for whoever is alone. */
export const neighbourOf = ({ id }: Person): Fan | undefined => (fans.length > 1 ? fans[id % fans.length] : undefined)

/** Sleeps until a planned poll. */
export const pollAt = (at: number) => pollLag.add(sleepUntil(at))

const sleepUntil = (at: number) => {
  const left = at - Date.now()
  if (left > 0) sleep(left / 1000)
  return Math.max(0, Date.now() - at)
}

/** The part of the run that a request belongs to; latency is judged in the steady one. */
export const phaseOf = ({ startedAt }: Person) => {
  const passed = Date.now() - startedAt
  if (passed < settings.ramp_ms) return "ramp"
  return passed < settings.ramp_ms + settings.steady_ms ? "steady" : "down"
}

export const secondsBetween = (person: Person, least: number, most: number) => least + (most - least) * person.random()
