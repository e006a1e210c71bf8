import { expect, test } from "bun:test"
import { Refusal } from "../../exit.ts"
import { catalog } from "../../lab/scenarios/catalog.ts"
import { presets } from "../../lab/scenarios/presets.ts"
import { runSim as run } from "../../testing/lab/sim.ts"
import { brokenBesidesSpeed, wasSlow } from "../../testing/lab/speed.ts"
import type { SimOptions } from "./options.ts"

const short: SimOptions = { vus: "220", ramp: "2s", steady: "2s", down: "0s", seats: "100", json: true }

test("a run that holds: one object on stdout, progress elsewhere, 0 unless the machine spoilt it", async () => {
  const { code, out, said } = await run("launch_spike", { ...short, seed: "7" })
  const result = JSON.parse(out)
  expect(Object.keys(result).slice(0, 5)).toEqual(["run_id", "scenario", "verdict", "checks", "metrics"])
  expect(brokenBesidesSpeed(result.checks)).toEqual([])
  const codes: Record<string, number> = wasSlow(result.checks) ? { FAIL: 1 } : { PASS: 0, INCONCLUSIVE: 2 }
  expect(codes[result.verdict]).toBe(code)
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
    `there is no scenario nonsense: choose one of ${catalog.map((each) => each.name).join(", ")}, or all`,
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
    { findK6: () => Promise.reject(new Refusal("missing", "k6 is missing: run scripts/k6-build")) },
  )
  expect([code, opened]).toEqual([69, []])
  expect(said).toContain("k6 is missing: run scripts/k6-build")
})

test("list names every scenario with its story, in lines that fit a terminal", async () => {
  for (const name of ["list", undefined]) {
    const { out } = await run(name, {})
    const lines = out.split("\n")
    for (const each of [...catalog, ...presets])
      expect(lines.some((line) => line.startsWith(`${each.name} `))).toBe(true)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  }
  const told = JSON.parse((await run("list", { json: true })).out)
  expect(told.scenarios).toHaveLength(catalog.length)
  expect(told.presets.map((each: { name: string }) => each.name)).toContain("smoke")
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
  const { code, out, opened } = await run("launch_spike", {
    target: `http://127.0.0.1:${server.port}`,
    vus: "9",
    seed: "3",
    json: true,
  })
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
