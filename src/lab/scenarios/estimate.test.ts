import { expect, test } from "bun:test"
import { catalog } from "./catalog.ts"
import { estimateRun, openFilesFor } from "./estimate.ts"
import { parseMemory, parsePorts, readMachineLimits, type MachineLimits } from "../probe/machine-limits.ts"
import { presets } from "./presets.ts"
import { defaultLimits } from "../model/settings.ts"
import { parseRunSettings } from "./run-settings.ts"

const machine: MachineLimits = {
  cores: 2,
  memoryFreeMb: 16_000,
  openFiles: 1_048_576,
  portsEach: 28_232,
  addresses: 65_534,
}
const of = (request: Record<string, unknown>, more: Partial<MachineLimits> = {}) =>
  estimateRun(parseRunSettings({ scenario: "launch_spike", ...request }, defaultLimits, 0), { ...machine, ...more })
const codes = (...[request, more]: Parameters<typeof of>) => of(request, more).warnings.map((each) => each.code)

test("the usual run raises no warning and says what it costs", () => {
  const estimate = of({})
  expect(estimate).toMatchObject({ lengthMs: 50_000, memoryMb: 140, warnings: [], notes: [] })
  expect(estimate.wholeMs).toBeGreaterThan(50_000)
})

/** Requests that quick runs really made. */
const measured: [Record<string, unknown>, number][] = [
  [{ scenario: "launch_spike" }, 3144],
  [{ scenario: "refresh_storm" }, 9679],
  [{ scenario: "queue_fairness" }, 3454],
  [{ scenario: "backdoor_race" }, 4896],
  [{ scenario: "late_surge", steady: "12s" }, 1862],
  [{ scenario: "reconnect_churn" }, 4040],
  [{ scenario: "baseline" }, 2041],
  [{ scenario: "read_heavy" }, 3464],
  [{ scenario: "mixed_workload", vus_max: 60, ramp_up: "2s", steady: "8s" }, 1145],
  [{ scenario: "soak", vus_max: 400, ramp_up: "30s", steady: "7m", ramp_down: "5s", total_seats: 5000 }, 13_934],
]
for (const [request, requests] of measured)
  test(`the requests of ${request["scenario"]} are foreseen within a third`, () => {
    const foreseen = of({ vus_max: 240, ramp_up: "3s", steady: "10s", ramp_down: "2s", ...request }).requests!
    expect(foreseen / requests).toBeGreaterThan(0.67)
    expect(foreseen / requests).toBeLessThan(1.5)
  })

test("twice the people make about twice the requests, whatever the scenario", () => {
  for (const { name } of catalog) {
    const [some, more] = [500, 1000].map(
      (vus_max) => of({ scenario: name, vus_max, admit_per_minute: 600_000 }).requests,
    )
    if (some === undefined || more === undefined) expect(name).toBe("capacity")
    else expect([name, Math.round((more / some) * 10) / 10]).toEqual([name, 2])
  }
})

test("a search for capacity does not say how many requests it makes", () => {
  expect(Object.keys(of({ scenario: "capacity" })).filter((each) => each.startsWith("requests"))).toEqual([])
})

test("more than the machine can make is a warning, each limit by itself", () => {
  expect(codes({ scenario: "refresh_storm", vus_max: 5000 })).toEqual(["rate"])
  expect(codes({ scenario: "refresh_storm", vus_max: 5000 }, { cores: 16 })).toEqual([])
  expect(codes({ vus_max: 2000, admit_per_minute: 60_000 }, { memoryFreeMb: 400 })).toEqual(["memory"])
  expect(codes({ vus_max: 1000 }, { openFiles: 1024 })).toEqual(["files"])
  expect(codes({ vus_max: 1000 }, { portsEach: 1000, addresses: 1 })).toEqual(["ports"])
  expect(of({ vus_max: 1000 }, { openFiles: 1024 }).warnings[0]!.text).toBe(
    "1,000 people need 2,000 open files, and 1,024 are allowed. Raise the limit (ulimit -Hn) or take fewer people.",
  )
})

test("a crowd needs more files than people", () => {
  expect(openFilesFor(1000)).toBeGreaterThan(1000)
})

test("what the system does not say raises no warning", () => {
  const { cores, addresses } = machine
  expect(
    estimateRun(parseRunSettings({ scenario: "launch_spike", vus_max: 1000 }, defaultLimits, 0), { cores, addresses })
      .warnings,
  ).toEqual([])
})

test("a steady phase in which not everybody can be let in is a warning with the pace that would do", () => {
  const { warnings } = of({ vus_max: 500, admit_per_minute: 300 })
  expect(warnings).toEqual([
    {
      code: "turns",
      text: "At 300 admissions a minute it takes 1 min 40 s to let in 500 people, and they begin to leave after 40 s: about 300 will never be let in. Let in 750 a minute or more, take fewer people, or make the steady phase longer.",
    },
  ])
  expect(codes({ vus_max: 500, admit_per_minute: 750 })).toEqual([])
})

test("where people are meant to wait it is a note", () => {
  const { warnings, notes } = of({ scenario: "refresh_storm" })
  expect(warnings).toEqual([])
  expect(notes[0]).toContain("This scenario means them to wait.")
})

test("fewer seats or places than people are noted", () => {
  expect(of({ total_seats: 20, waiting_room_cap: 100 }).notes).toEqual([
    "It may sell out: 20 seats for 500 people.",
    "The waiting room holds 100: whoever comes after that is told to come back.",
  ])
})

test("no preset warns on the machine it is made for", () => {
  for (const { name } of presets) expect([name, codes({ preset: name, scenario: undefined })]).toEqual([name, []])
})

test("what a system says of itself is read", () => {
  expect(parseMemory("MemTotal: 24 kB\nMemAvailable:   2048000 kB\n")).toBe(2000)
  expect(parsePorts("32768\t60999\n")).toBe(28_232)
  expect([parseMemory(""), parsePorts("")]).toEqual([undefined, undefined])
  expect(readMachineLimits().cores).toBeGreaterThan(0)
})
