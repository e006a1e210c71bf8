import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { migrations } from "../../sql/migrations.ts"
import { openClock } from "../clock.ts"
import { newId, type SaleId } from "../ids.ts"
import { openLab } from "../lab/lab.ts"
import { silentLog } from "../log.ts"
import { findK6 } from "../programs.ts"
import { migrate } from "../stores/migrate.ts"
import { stores } from "../testing/stores.ts"
import { openTinySale, type Defect } from "../testing/tiny-sale.ts"
import { sim, type SimDeps, type SimOptions } from "./sim.ts"

const clock = openClock()
const k6 = () =>
  findK6({
    bin: process.env["K6_BIN"],
    path: process.env["PATH"] ?? "",
    cacheDir: join(homedir(), ".cache", "traffic"),
    home: homedir(),
  })
const runsDir = mkdtempSync(join(tmpdir(), "traffic-sim-"))
afterAll(() => rmSync(runsDir, { recursive: true, force: true }))

const run = async (
  scenario: string | undefined,
  options: SimOptions,
  changes: Partial<SimDeps> & { defect?: Defect } = {},
) => {
  const out: string[] = []
  const said: string[] = []
  const opened: string[] = []
  const code = await sim(scenario, options, {
    environment: {},
    findK6: k6,
    privateServer: async (settings) => {
      opened.push(settings.scenario)
      return tinyServer(changes.defect)
    },
    out: (line) => void out.push(line),
    progress: { isTerminal: false, write: (text) => void said.push(text) },
    now: clock,
    onInterrupt: () => () => {},
    ...changes,
  })
  return { code, out: out.join("\n"), said: said.join(""), opened }
}

const tinyServer = async (defect: Defect | undefined) => {
  const { sql } = await (await stores()).freshDatabase()
  await migrate(sql, migrations)
  const tiny = openTinySale({ now: clock, ...(defect === undefined ? {} : { defect }) })
  const lab = openLab({
    sql,
    clock,
    log: silentLog,
    runsDir,
    findK6: k6,
    baseUrl: () => tiny.url,
    sale: {
      prepare: async () => newId<SaleId>(clock()),
      fans: async (count) =>
        Array.from({ length: count }, (_, index) => ({ user_id: `fan${index}`, token: `fan${index}` })),
      drain: async () => {},
      truth: async () => tiny.truth(),
    },
    limits: { foldersKept: 0 },
  })
  const close = async () => {
    await lab.close()
    await tiny.close()
    await sql.end()
  }
  return { lab, url: tiny.url, close }
}

const short: SimOptions = { vus: "220", ramp: "2s", steady: "2s", down: "0s", seats: "100", json: true }

test("a run that holds: one object on stdout, progress elsewhere, 0 unless the machine spoilt it", async () => {
  const { code, out, said } = await run("launch_spike", { ...short, seed: "7" })
  const result = JSON.parse(out)
  expect(Object.keys(result).slice(0, 5)).toEqual(["run_id", "scenario", "verdict", "checks", "metrics"])
  expect([code, result.verdict]).toEqual(result.verdict === "PASS" ? [0, "PASS"] : [2, "INCONCLUSIVE"])
  expect(result.settings).toMatchObject({ vus_max: 220, steady: "2s", seed: 7 })
  expect(said).toContain("launch_spike running")
}, 30_000)

test("a run that breaks: 1, a table, the first case by name", async () => {
  const { code, out } = await run("launch_spike", { ...short, json: false }, { defect: "sells_twice" })
  expect(code).toBe(1)
  expect(out).toMatch(/FAIL {2}I1 seats sold once/)
  expect(out).toContain("Again: traffic sim launch_spike --vus 220")
}, 30_000)

test("an interrupt stops the run cleanly", async () => {
  const { code, out } = await run(
    "refresh_storm",
    { ...short, steady: "60s" },
    { onInterrupt: (stop) => (setTimeout(stop, 10), () => {}) },
  )
  expect(code).toBe(130)
  expect(JSON.parse(out).verdict).toBe("CANCELLED")
}, 30_000)

for (const [scenario, options, sentence] of [
  [
    "nonsense",
    {},
    "there is no scenario nonsense: choose one of launch_spike, refresh_storm, queue_fairness, backdoor_race, late_surge, reconnect_churn, or all",
  ],
  ["launch_spike", { vus: "0" }, "--vus 0: write a whole number from 1 to 20000"],
  ["launch_spike", { vus: "many" }, "--vus many: write a whole number from 1 to 20000"],
  ["launch_spike", { steady: "banana" }, "--steady banana: write a length of time such as 10s, 1m30s or 500ms"],
  ["launch_spike", { admitRate: "-5" }, "--admit-rate -5: write a whole number from 1 to 600000"],
  ["launch_spike", { seed: "1e3" }, "--seed 1e3: write a whole number from 0 to 2147483647"],
  ["launch_spike", { target: "https://example.com" }, "--target https://example.com: name a server on this machine"],
  ["launch_spike", { target: "here" }, "--target here: name a server on this machine"],
] as [string, SimOptions, string][])
  test(`${sentence.split(":")[0]} is refused with 64 before anything starts`, async () => {
    const { code, said, opened, out } = await run(scenario, options)
    expect([code, out, opened]).toEqual([64, "", []])
    expect(said).toContain(sentence)
  })

test("a wrong variable is refused by its own name, and a flag outdoes it", async () => {
  const wrong = await run("launch_spike", {}, { environment: { K6_RAMP_UP: "soon" } })
  expect(wrong).toMatchObject({ code: 64, said: expect.stringContaining("K6_RAMP_UP soon: write a length of time") })
  const both = await run("launch_spike", { ramp: "later" }, { environment: { K6_RAMP_UP: "10s" } })
  expect(both.said).toContain("--ramp later:")
})

test("without k6: 69 and how to get it", async () => {
  const { code, said, opened } = await run(
    "launch_spike",
    {},
    { findK6: async () => ({ missing: "k6 is missing: run scripts/k6-build" }) },
  )
  expect([code, opened]).toEqual([69, []])
  expect(said).toContain("k6 is missing: run scripts/k6-build")
})

test("list names every scenario with its story", async () => {
  for (const name of ["list", undefined])
    expect((await run(name, {})).out).toMatch(/launch_spike.*\n.*\n.*refresh_storm.*\n.*\n.*queue_fairness/)
  expect(JSON.parse((await run("list", { json: true })).out).scenarios).toHaveLength(6)
})

test("a target is driven through its demo API and followed to the end", async () => {
  const asked: string[] = []
  const body = {
    run_id: "R",
    sale_id: "S",
    scenario: "launch_spike",
    failures: [],
    checks: [],
    metrics: {},
    settings: {},
    seed: 1,
    started_at: null,
    length_ms: 1000,
    live: null,
  }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      asked.push(
        `${request.method} ${new URL(request.url).pathname} ${request.headers.get("x-demo-key")} ${await request.text()}`,
      )
      if (request.method === "POST") return Response.json({ run_id: "R", status: "queued" }, { status: 202 })
      return Response.json({
        ...body,
        status: asked.length < 3 ? "running" : "failed",
        verdict: asked.length < 3 ? null : "FAIL",
      })
    },
  })
  const { code, out, opened } = await run(
    "launch_spike",
    { target: `http://127.0.0.1:${server.port}`, vus: "9", seed: "3", json: true },
    { demoKey: "key" },
  )
  await server.stop(true)
  expect([code, JSON.parse(out).verdict, opened]).toEqual([1, "FAIL", []])
  expect(asked).toEqual([
    'POST /v1/demo/loadtest key {"scenario":"launch_spike","vus_max":9,"seed":3}',
    "GET /v1/demo/loadtest/R key ",
    "GET /v1/demo/loadtest/R key ",
  ])
})

test("a target that does not answer is 69", async () => {
  const { code, said } = await run("launch_spike", { target: "http://127.0.0.1:9" })
  expect(code).toBe(69)
  expect(said).toContain("http://127.0.0.1:9 does not answer")
})
