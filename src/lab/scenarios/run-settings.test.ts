import { expect, test } from "bun:test"
import { Fault } from "../../fault.ts"
import { millis, minutes, seconds } from "../../units.ts"
import { catalog } from "./catalog.ts"
import { durationText, lookupDuration } from "../model/duration.ts"
import { defaultLimits, requestOf } from "../model/settings.ts"
import { parseRunSettings } from "./run-settings.ts"

const parse = (request: Record<string, unknown>) => parseRunSettings(request, defaultLimits, 7)

test("a run with nothing but a name takes the defaults of the design", () => {
  expect(parse({ scenario: "launch_spike" })).toEqual({
    scenario: "launch_spike",
    vusMax: 500,
    rampUp: seconds(10),
    steady: seconds(30),
    rampDown: seconds(10),
    admitPerMinute: 6000,
    waitingRoomCap: 100_000,
    totalSeats: 500,
    seed: 7,
  })
})

test("a scenario's own default gives way to what is asked for", () => {
  expect(parse({ scenario: "refresh_storm" }).admitPerMinute).toBe(300)
  expect(parse({ scenario: "refresh_storm", admit_per_minute: 6000 }).admitPerMinute).toBe(6000)
})

test("settings survive the way out and back in", () => {
  const settings = parse({
    scenario: "queue_fairness",
    vus_max: 20,
    ramp_up: "1m30s",
    steady: "1500ms",
    ramp_down: "0s",
    seed: 3,
  })
  expect(parse(requestOf(settings))).toEqual(settings)
})

for (const [field, value, fix] of [
  ["scenario", "nonsense", `choose one of ${catalog.map((each) => each.name).join(", ")}`],
  ["vus_max", 0, "write a whole number from 1 to 20000"],
  ["vus_max", "many", "write a whole number from 1 to 20000"],
  ["vus_max", 1.5, "write a whole number from 1 to 20000"],
  ["steady", "banana", "write a length of time such as 10s, 1m30s or 500ms"],
  ["steady", 30, "write a length of time such as 10s, 1m30s or 500ms"],
  ["ramp_up", "3h", "choose a length from 1s to 120m"],
  ["ramp_down", "-1s", "write a length of time such as 10s, 1m30s or 500ms"],
  ["admit_per_minute", -1, "write a whole number from 1 to 600000"],
  ["waiting_room_cap", 0, "write a whole number from 1 to 10000000"],
  ["total_seats", 200_001, "write a whole number from 1 to 200000"],
  ["seed", null, undefined],
  ["sale_id", "abc", "write the id of a sale, a ULID of 26 characters"],
] as const)
  test(`${field} ${String(value)} ${fix === undefined ? "counts as absent" : "is refused with the fix"}`, () => {
    const request = { scenario: "launch_spike", [field]: value }
    if (fix === undefined) return expect(parse(request).seed).toBe(7)
    try {
      parse(request)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(Fault)
      expect(error).toMatchObject({ code: "invalid_scenario", facts: { field, fix } })
    }
  })

test("an unknown setting is refused by its name", () => {
  expect(() => parse({ scenario: "launch_spike", vus: 3 })).toThrow("vus: there is no such setting")
})

test("lengths of time read as people write them", () => {
  expect(["10s", "1m30s", "500ms", "1.5s", "2h"].map(lookupDuration)).toEqual([
    seconds(10),
    seconds(90),
    millis(500),
    millis(1500),
    minutes(120),
  ])
  expect(["", "s", "10", "10 s", "1s-", "1d", "ten"].map(lookupDuration)).toEqual(Array(7).fill(undefined))
  expect([seconds(10), seconds(90), minutes(2), millis(500), millis(1500), millis(0)].map(durationText)).toEqual([
    "10s",
    "1m30s",
    "2m",
    "500ms",
    "1.5s",
    "0s",
  ])
})
