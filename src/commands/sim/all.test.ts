import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { catalog } from "../../lab/scenarios/catalog.ts"
import { runSim as run } from "../../testing/lab/sim.ts"
import type { SimOptions } from "./options.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-all-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const two = { scenarios: "launch_spike, refresh_storm" }
const short: SimOptions = { ...two, vus: "220", ramp: "2s", steady: "2s", down: "0s", seats: "100" }

test("all: one server for every scenario, progress that counts them, a summary and JUnit", async () => {
  const junit = join(folder, "held.xml")
  const { code, out, said, opened } = await run("all", { ...short, junit })
  expect(opened).toEqual(["launch_spike"])
  expect(said).toMatch(/1\/2 launch_spike running[^]*2\/2 refresh_storm running/)
  expect(out).toMatch(/scenario +verdict +join p99 +took[^]*launch_spike +\w+ +\d+ ms +\d+s[^]*refresh_storm +\w+/)
  expect(out).toContain("2 scenarios: ")
  const xml = readFileSync(junit, "utf8")
  expect(xml.match(/<testcase [^>]*name="\w+"/g)).toHaveLength(2)
  const worst = /FAIL/.test(out) ? 1 : /INCONCLUSIVE/.test(out) ? 2 : 0
  expect([code, xml.includes('failures="0" errors="0"')]).toEqual([worst, worst !== 1])
}, 60_000)

test("a scenario that fails is told in full, in the file too, and the round goes on", async () => {
  const junit = join(folder, "failed.xml")
  const options = { ...short, scenarios: "launch_spike", junit, json: true }
  const { code, out } = await run("all", options, { defect: "sells_twice" })
  const { verdict, runs } = JSON.parse(out)
  expect([code, verdict, runs[0].verdict]).toEqual([1, "FAIL", "FAIL"])
  expect(readFileSync(junit, "utf8")).toMatch(
    /<failure message="I1 seats sold once[^]*first: [^]*Again: traffic sim launch_spike --vus 220/,
  )
}, 60_000)

test("Ctrl-C ends the run and the round, and says what was not run", async () => {
  const junit = join(folder, "stopped.xml")
  const { code, out } = await run(
    "all",
    { ...short, steady: "60s", junit },
    { onInterrupt: (stop) => (setTimeout(stop, 10), () => {}) },
  )
  expect(code).toBe(130)
  expect(out).toMatch(/launch_spike +CANCELLED[^]*refresh_storm +NOT RUN +stopped before it began/)
  expect(readFileSync(junit, "utf8")).toContain('tests="2" failures="0" errors="0" skipped="2"')
}, 30_000)

test("a server that breaks is an error of its scenario, and the next one gets a fresh server", async () => {
  const junit = join(folder, "broken.xml")
  let servers = 0
  let closed = 0
  const broken = {
    lab: { start: () => Promise.reject(new Error("the store went away")) } as never,
    url: "",
    close: async () => void closed++,
  }
  const { code, out } = await run("all", { ...short, junit }, { privateServer: async () => (servers++, broken) })
  expect([code, servers, closed]).toEqual([1, 2, 2])
  expect(out).toMatch(/refresh_storm +ERROR +the store went away/)
  expect(readFileSync(junit, "utf8").match(/<error message="the store went away"/g)).toHaveLength(2)
})

for (const [scenario, options, sentence] of [
  [
    "all",
    { scenarios: "launch_spike,nonsense" },
    "--scenarios: there is no scenario nonsense: choose from launch_spike",
  ],
  ["all", { scenarios: " , " }, "--scenarios: choose from launch_spike"],
  ["all", { repeat: "2" }, "--repeat: name one scenario instead of all"],
  ["all", { baseline: "run.json" }, "--baseline: name one scenario instead of all"],
  [
    "all",
    { html: "report.html" },
    "--html report.html: each run writes its own file; write {scenario} where its name goes",
  ],
  ["all", { ...two, vus: "0" }, "--vus 0: write a whole number from 1"],
  ["all", { quick: true, preset: "smoke" }, "--quick and --preset both choose the size: give one of them"],
  ["launch_spike", two, "--scenarios launch_spike, refresh_storm: it chooses from all; write traffic sim all"],
  [
    "launch_spike",
    { junit: "j.xml" },
    "--junit j.xml: it belongs to traffic sim all; --scenarios launch_spike chooses one",
  ],
  ["launch_spike", { repeat: "0" }, "--repeat 0: write a whole number from 1 to 20"],
  ["launch_spike", { repeat: "many" }, "--repeat many: write a whole number from 1 to 20"],
  [
    "launch_spike",
    { repeat: "2", reportJson: "run.json" },
    "--report-json run.json: each run writes its own file; write {n} where its name goes",
  ],
  ["launch_spike", { preset: "nope" }, "--preset nope: choose one of "],
  [undefined, { preset: "nope" }, "--preset nope: choose one of "],
] as [string | undefined, SimOptions, string][])
  test(`${scenario ?? ""} ${sentence.slice(0, 50)}: 64 before anything starts`, async () => {
    const { code, said, opened, out } = await run(scenario, options)
    expect([code, out, opened]).toEqual([64, "", []])
    expect(said).toContain(sentence)
  })

test("a file that cannot be written stops the round before it begins", async () => {
  const junit = join(folder, "missing", "j.xml")
  const html = join(folder, "missing", "{scenario}.html")
  for (const [options, sentence] of [
    [{ ...two, junit }, `--junit ${junit}: it cannot be written (ENOENT)`],
    [{ ...two, html }, "--html"],
  ] as const) {
    const { code, said, opened } = await run("all", options)
    expect([code, opened, said]).toEqual([64, [], expect.stringContaining(sentence)])
  }
})

test("--quick and --preset choose the size, and a flag outdoes them", async () => {
  // Asking for the settings is enough: there is no k6 to run them.
  const settingsOf = async (scenario: string | undefined, options: SimOptions) => {
    const asked: unknown[] = []
    const lab = {
      start: async (request: unknown) => (asked.push(request), Promise.reject(new Error("enough"))),
    } as never
    const server = { lab, url: "", close: async () => {} }
    await run(scenario, options, { privateServer: async () => server }).catch(() => {})
    return asked[0]
  }
  const { quick } = catalog.find((each) => each.name === "late_surge")!
  expect(await settingsOf("late_surge", { quick: true, vus: "99" })).toMatchObject({ ...quick, vus_max: 99 })
  expect(await settingsOf(undefined, { preset: "storm", seed: "3" })).toEqual({
    preset: "storm",
    scenario: "refresh_storm",
    seed: 3,
  })
})
