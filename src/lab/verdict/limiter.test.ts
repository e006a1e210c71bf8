import { expect, test } from "bun:test"
import { epochMs, seconds } from "../../units.ts"
import { limiterOf } from "./limiter.ts"
import { defaultLimits } from "../model/settings.ts"
import { parseRunSettings } from "../scenarios/run-settings.ts"
import type { Second } from "../model/figures.ts"

const start = Date.UTC(2026, 10, 22, 14, 3, 0)
const settings = {
  ...parseRunSettings({ scenario: "launch_spike", admit_per_minute: 6000 }, defaultLimits, 1),
  rampUp: seconds(2),
  steady: seconds(10),
  rampDown: seconds(0),
}
const calm = {
  waiting: 0,
  nowServing: 9,
  shoppers: 5,
  seatsAvailable: 9,
  seatsHeld: 0,
  seatsSold: 1,
  loopLagMs: 3,
  fsyncMs: 1,
}

/** Twelve quiet seconds; `more` changes one of them. */
const series = (more: (second: number) => Partial<Second> = () => ({})) =>
  Array.from({ length: 12 }, (_, second): Second => ({
    at: epochMs(start + (second + 1) * 1000),
    people: 40,
    requestsPerSecond: 50,
    failedRate: 0,
    stolenRate: 0.01,
    cpuServer: 0.31,
    cpuRedis: 0.04,
    cpuPostgres: 0.07,
    cpuK6: 0.22,
    busiest: { name: "server", core: 0.6 },
    ...calm,
    ...more(second),
  }))
const limiter = (live: Second[], conditions: Partial<Parameters<typeof limiterOf>[1]> = {}) =>
  limiterOf({ live, settings }, { people: 40, ...conditions })

test("a run with room everywhere says so, with what was used", () => {
  expect(limiter(series())).toBe(
    "Nothing was at its limit: the server used 31 % of the machine, Redis 4 %, Postgres 7 %, k6 22 %",
  )
})

test("a search for capacity names what gave way, not the pace at which people were let in", () => {
  const crowd = series(() => ({ waiting: 900, admissionsPerSecond: 100 }))
  const capacity = { perSecond: 9000, cause: "event loop", why: "at 12,000 a second the p95 was 700 ms" }
  const run = { live: crowd, settings }
  expect(limiterOf(run, { people: 40 })).toStartWith("The sale's own pace")
  expect(limiterOf({ ...run, capacity }, { people: 40 })).toBe("The event loop: at 12,000 a second the p95 was 700 ms")
})

test("the generator is named first, whatever else was busy", () => {
  const busy = series(() => ({ cpuK6: 0.84, busiest: { name: "redis", core: 1 }, waiting: 100 }))
  expect(limiter(busy)).toBe("k6 used 84 % of the machine: the generator was the limit")
  expect(limiter(series(), { k6Cpu: 0.9 })).toBe("k6 used 90 % of the machine: the generator was the limit")
})

test("neighbours of the machine are named", () => {
  expect(limiter(series(() => ({ stolenRate: 0.14 })))).toStartWith("Neighbours took 14 % of the CPU")
  expect(limiter(series(), { stolen: 0.2 })).toStartWith("Neighbours took 20 % of the CPU")
})

test("other programs of the machine are named", () => {
  expect(limiter(series(), { others: 0.35 })).toStartWith("Other programs used 35 % of the machine")
})

test("a full machine is told with its parts", () => {
  const full = { cpuServer: 0.5, cpuRedis: 0.05, cpuPostgres: 0.1, cpuK6: 0.3 }
  expect(limiter(series(() => full))).toBe(
    "The machine was full: the server used 50 % of the machine, Redis 5 %, Postgres 10 %, k6 30 %",
  )
})

test("one process that uses up its core is named, though the machine has more", () => {
  for (const [name, text] of [
    ["server", "Traffic"],
    ["redis", "Redis"],
    ["postgres", "Postgres"],
  ] as const)
    expect(limiter(series(() => ({ busiest: { name, core: 0.93 } })))).toStartWith(`${text} used 93 % of a core`)
})

test("an event loop that lags for seconds is told with its worst moment", () => {
  const lagging = series((second) => (second > 5 ? { loopLagMs: second === 11 ? 180 : 110 } : {}))
  expect(limiter(lagging)).toBe("The event loop of traffic lagged 180 ms at 14:03:12 UTC")
})

test("one hiccup of the event loop limits nothing", () => {
  expect(limiter(series((second) => (second === 7 ? { loopLagMs: 300 } : {})))).toStartWith("Nothing was")
})

test("a disk that takes its time is told with its worst moment", () => {
  const slow = series((second) => ({ fsyncMs: second === 4 ? 250 : 60 }))
  expect(limiter(slow)).toBe("The disk: Redis waited 250 ms for an fsync at 14:03:05 UTC")
})

test("a sale that is sold out early could not have gone on", () => {
  const gone = series((second) => (second > 3 ? { waiting: 20, seatsAvailable: 0, seatsSold: 500 } : {}))
  expect(limiter(gone)).toBe("The seats: all 500 were sold at 14:03:05 UTC, and nobody could buy after that")
})

test("people who wait at the set pace wait for the pace", () => {
  const waiting = series(() => ({ waiting: 200, admissionsPerSecond: 98 }))
  expect(limiter(waiting)).toBe("The sale's own pace: 6000 admissions a minute let people wait")
  expect(limiter(series(() => ({ waiting: 200 })))).toStartWith("The sale's own pace")
})

test("people who wait though the pace would let them in are told with what was given", () => {
  const waiting = series(() => ({ waiting: 30, admissionsPerSecond: 4, shoppers: 5 }))
  expect(limiter(waiting)).toBe(
    "People waited though the pace allows 100 admissions a second: 4.0 were given, to at most 5 shoppers at once",
  )
})

test("people who wait for a moment only are no limit", () => {
  expect(limiter(series((second) => (second < 4 ? { waiting: 30 } : {})))).toStartWith("Nothing was")
})

test("stores that run elsewhere are left out of what was used", () => {
  expect(limiter(series(() => ({ cpuRedis: undefined, cpuPostgres: undefined })))).toBe(
    "Nothing was at its limit: the server used 31 % of the machine, k6 22 %",
  )
})

test("a system that tells nothing is not made to", () => {
  const said = "Nothing was seen at its limit; this system tells no CPU figures"
  expect(limiter([])).toBe(said)
  expect(limiter(series().map(({ at }) => ({ at, people: 1, requestsPerSecond: 1, failedRate: 0 })))).toBe(said)
})
