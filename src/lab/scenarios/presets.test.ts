import { expect, test } from "bun:test"
import { Fault } from "../../fault.ts"
import { millis, minutes, seconds } from "../../units.ts"
import { catalog, lookupScenario } from "./catalog.ts"
import { lookupPreset, presets } from "./presets.ts"
import { defaultLimits, runLength } from "../model/settings.ts"
import { parseRunSettings } from "./run-settings.ts"

const parse = (request: Record<string, unknown>) => parseRunSettings(request, defaultLimits, 7)

for (const { name, scenario, settings } of presets)
  test(`preset ${name} is a run that the lab takes, of a scenario that exists`, () => {
    expect(lookupScenario(scenario)).toBeDefined()
    expect(parse({ preset: name })).toEqual({ ...parse({ scenario, ...settings }), preset: name })
  })

test("every preset has a name of its own and says in one sentence what one learns", () => {
  expect(new Set(presets.map((each) => each.name)).size).toBe(presets.length)
  for (const { name, says } of presets) {
    expect(lookupPreset(name)?.says).toBe(says)
    expect(says).toMatch(/^[A-Z].*[.?]$/)
  }
  expect(lookupPreset("nonsense")).toBeUndefined()
})

test("launch is the run that the environment's own defaults give", () => {
  expect(parse({ preset: "launch" })).toEqual({ ...parse({ scenario: "launch_spike" }), preset: "launch" })
})

test("what is named outdoes the preset, which outdoes the scenario, which outdoes the general default", () => {
  expect(parse({ scenario: "refresh_storm" })).toMatchObject({ admitPerMinute: 300, steady: seconds(30), vusMax: 500 })
  expect(parse({ preset: "storm", vus_max: 30 })).toMatchObject({ vusMax: 30, steady: minutes(1), admitPerMinute: 300 })
  expect(parse({ preset: "storm", scenario: "launch_spike" })).toMatchObject({
    scenario: "launch_spike",
    steady: minutes(1),
    preset: "storm",
  })
  expect(parse({ preset: "storm", vus_max: null }).vusMax).toBe(500)
})

test("the defaults of a scenario hold for more than its pace", () => {
  expect(parse({ scenario: "soak" })).toMatchObject({
    vusMax: 1800,
    rampUp: minutes(1),
    steady: minutes(30),
    rampDown: seconds(30),
    totalSeats: 5000,
  })
})

for (const preset of ["nonsense", "", 3])
  test(`a preset ${JSON.stringify(preset)} is refused with the names there are`, () => {
    const fix = `choose one of ${presets.map((each) => each.name).join(", ")}`
    try {
      parse({ preset })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(Fault)
      expect(error).toMatchObject({ code: "invalid_scenario", facts: { field: "preset", fix } })
    }
  })

/** A private server, the loading of k6, its last words and the audit. */
const around = seconds(20)

test("a quick round over all scenarios ends within 15 minutes", () => {
  const lengths = catalog.map(({ name, quick }) => runLength(parse({ scenario: name, ...quick })) + around)
  expect(lengths.reduce((sum, each) => sum + each, 0)).toBeLessThan(minutes(14))
})

for (const { name, quick, incident } of catalog)
  test(`${name} has quick settings that are valid and short, and says what it replays`, () => {
    const settings = parse({ scenario: name, ...quick })
    expect(runLength(settings)).toBeLessThanOrEqual(seconds(30))
    expect(settings.steady).toBeGreaterThanOrEqual(millis(5000))
    expect(incident).toMatch(/^\w.*[.!?]$/)
  })
