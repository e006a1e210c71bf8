import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { runSim as run } from "../../testing/lab/sim.ts"
import { millis } from "../../units.ts"
import { answer } from "../program.ts"
import { simCompare } from "./compare.ts"
import type { SimOptions } from "./options.ts"
import { resolveHost } from "./target/address.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-compare-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const short: SimOptions = { vus: "220", ramp: "2s", steady: "2s", down: "0s", seats: "100" }

const compare = async (a: string, b: string, options: { target?: string; json?: boolean } = {}) => {
  const out: string[] = []
  const said: string[] = []
  const parts = {
    targeting: { isOwn: false, resolve: resolveHost },
    out: (line: string) => void out.push(line),
  }
  const code: number = await answer(
    () => simCompare([a, b], options, parts),
    (line) => said.push(line),
  )
  return { code, out: out.join("\n"), said: said.join("") }
}

let made = 0
const id = (n: number) => `01ARZ3NDEKTSV4RRFFQ69G5F${String(n).padStart(2, "0")}`
const body = (join50: number, changes: Record<string, unknown> = {}) => ({
  run_id: id(++made),
  scenario: "launch_spike",
  status: "passed",
  verdict: "PASS",
  settings: { scenario: "launch_spike", vus_max: 220, seed: made },
  metrics: { join_p50_ms: join50, join_count: 220 },
  traffic_version: "1.0.0",
  k6_version: "2.2.0",
  created_at: new Date(made * 60_000).toISOString(),
  script_hash: "abc",
  machine: "2 x Processor, 24 GB",
  ...changes,
})
const file = (name: string, content: unknown) => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content))
  return path
}

test("real runs: repeated ones each leave a report, none differs from the others, and a slower join is found", async () => {
  const reportJson = join(folder, "run-{n}.json")
  const repeated = await run("launch_spike", { ...short, repeat: "2", reportJson, json: true })
  const { runs } = JSON.parse(repeated.out)
  expect([repeated.opened.length, runs.length]).toEqual([2, 2])
  const [one, two] = [1, 2].map((n) => join(folder, `run-${n}.json`)) as [string, string]
  expect(JSON.parse(readFileSync(two, "utf8")).run.run_id).toBe(runs[1].run_id)
  expect(JSON.parse(readFileSync(one, "utf8")).run.seed).toBe(runs[1].settings.seed)
  const same = await compare(one, two, { json: true })
  expect(JSON.parse(same.out).figures.map((each: { metric: string }) => each.metric)).toContain("join_p50_ms")
  expect(["no_difference", "cannot_tell"]).toContain(JSON.parse(same.out).outcome)

  const slower = await run(
    "launch_spike",
    { ...short, baseline: `${one},${two}`, json: true },
    { joinsLaterBy: millis(300) },
  )
  const { comparison, settings } = JSON.parse(slower.out)
  const join50 = comparison.figures.find((each: { metric: string }) => each.metric === "join_p50_ms")
  expect([settings.seed, join50.ratio > 2]).toEqual([runs[0].settings.seed, true])
  // A machine that others disturbed at that moment cannot tell; nothing else excuses it.
  const isDisturbed = join50.why === "the machine was disturbed in the runs that did worse"
  expect(comparison.outcome).toBe(isDisturbed ? "cannot_tell" : "worse")
  expect(slower.code).toBeOneOf(isDisturbed ? [1, 2] : [1])
}, 90_000)

test("exit codes: 0 no difference or better, 1 worse, 2 cannot tell", async () => {
  const a = file("a.json", body(2))
  expect((await compare(a, file("same.json", body(2.1)))).code).toBe(0)
  expect((await compare(a, file("better.json", body(0.5)))).code).toBe(0)
  const worse = await compare(a, file("worse.json", { run: body(5), series: [] }))
  expect([worse.code, worse.out]).toEqual([1, expect.stringContaining("worse: join p50 x2.50")])
  const thin = file("thin.json", body(5, { metrics: { join_p50_ms: 5, join_count: 3 } }))
  expect((await compare(a, thin)).code).toBe(2)
})

test("sides of several runs: in files of their own, or together in one", async () => {
  const times = [2, 2.1, 2.2, 2.3, 2.4]
  const a = times.map((each, index) => file(`a${index}.json`, body(each))).join(",")
  const b = file("b.json", { verdict: "PASS", runs: times.map((each) => body(each * 2)) })
  const { code, out } = await compare(a, b, { json: true })
  expect([code, JSON.parse(out)]).toEqual([1, expect.objectContaining({ outcome: "worse" })])
  expect(JSON.parse(out).figures[0]).toMatchObject({ metric: "join_p50_ms", ratio: 2, finding: "worse", p: 2 / 252 })
})

test("a pattern stands for the files that are there", async () => {
  for (const n of [1, 2, 10]) file(`many-${n}.json`, body(2))
  const { out } = await compare(join(folder, "many-{n}.json"), file("one.json", body(2.1)), { json: true })
  expect(JSON.parse(out).a).toHaveLength(3)
  expect((await compare(join(folder, "none-*.json"), "one.json")).said).toContain('none-*.json" names no run')
})

test("the seconds of a run tell what the server cost", async () => {
  const points = (share: number) =>
    [1, 2, 3].map((second) => ({
      at: new Date(second * 1000).toISOString(),
      requests_per_second: 200,
      cpu: { server: share },
      memory: { server_mb: 100 + second },
    }))
  const settings = { scenario: "launch_spike", ramp_up: "1s", steady: "10s" }
  const withPoints = (share: number) => ({
    run: body(2, { started_at: new Date(0).toISOString(), settings }),
    series: points(share),
  })
  const { code, out } = await compare(file("cheap.json", withPoints(0.1)), file("dear.json", withPoints(0.3)), {
    json: true,
  })
  const figures = JSON.parse(out).figures as { metric: string; a: number[]; b: number[]; finding: string }[]
  // A tenth of two cores is 200 ms a second, for 200 requests.
  expect(figures.find((each) => each.metric === "server_cpu_ms_per_request")).toMatchObject({
    a: [1],
    b: [3],
    finding: "worse",
  })
  expect(figures.find((each) => each.metric === "server_memory_max_mb")).toMatchObject({ a: [103], b: [103] })
  expect(code).toBe(1)
})

test("of a search for capacity only the answer counts", async () => {
  const found = (perSecond: number, join50: number) =>
    body(join50, { capacity: { per_second: perSecond, cause: "event loop", why: "it was busy" } })
  const before = file("before.json", found(400, 2))
  const { code, out } = await compare(before, file("after.json", found(200, 2)), { json: true })
  expect(JSON.parse(out).figures.map((each: { metric: string }) => each.metric)).toEqual(["capacity_per_second"])
  expect([code, (await compare(before, file("close.json", found(350, 9)))).code]).toEqual([1, 0])
})

test("what cannot be compared is refused with 64, and says why", async () => {
  const a = file("a.json", body(2))
  for (const [b, says] of [
    [join(folder, "nowhere.json"), "nowhere.json: there is no such file; give a file that --report-json wrote"],
    [file("text.json", "not json"), "text.json: it is not JSON"],
    [file("list.json", { runs: [] }), "list.json: it holds no run"],
    [file("other.json", { hello: 1 }), "other.json: it is no run"],
    [folder, `${folder} cannot be read`],
    [" , ", "names no run"],
    [id(1), "name the server that keeps the run with --target, or give a file"],
    ["starred", "starred: name the server that keeps the run with --target"],
    [a, "are the same run"],
    [file("surge.json", body(2, { scenario: "late_surge" })), "the scenario differs: launch_spike in "],
    [file("big.json", body(2, { settings: { vus_max: 9000 } })), "vus_max differs: 220 in "],
    [file("script.json", body(2, { script_hash: "xyz" })), "the script differs: abc in "],
    [file("error.json", body(2, { metrics: {}, verdict: null, status: "error" })), "has no figures: it ended as error"],
  ] as const) {
    const { code, said, out } = await compare(a, b)
    expect([code, said, out]).toEqual([64, expect.stringContaining(says), ""])
  }
})

test("a baseline of other settings is refused before anything starts, with the settings to take", async () => {
  const baseline = file(
    "baseline.json",
    body(2, { settings: { scenario: "launch_spike", vus_max: 220, ramp_up: "2s", seed: 9 } }),
  )
  for (const [options, says] of [
    [{ baseline }, "vus_max differs: 220 in "],
    [{ baseline: join(folder, "none.json") }, "--baseline "],
  ] as const) {
    const { code, said, opened } = await run("launch_spike", options)
    expect([code, opened, said]).toEqual([64, [], expect.stringContaining(says)])
  }
  const surge = file("surge.json", body(2, { scenario: "late_surge" }))
  expect((await run("launch_spike", { baseline: surge })).said).toContain("the scenario differs: late_surge in ")
})

test("runs of a server: by id, or the one with the star on a later page", async () => {
  const [starred, newer] = [body(2), body(5)]
  const asked: string[] = []
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname, search } = new URL(request.url)
      asked.push(pathname + search)
      if (pathname === "/v1/demo/loadtests")
        return search.includes("before")
          ? Response.json({ runs: [{ run_id: starred.run_id, starred: true }] })
          : Response.json({ runs: [{ run_id: newer.run_id, starred: false }], next: newer.run_id })
      if (pathname.endsWith("/series")) return Response.json({ points: [] })
      const found = [starred, newer].find((each) => pathname.endsWith(each.run_id))
      return found === undefined
        ? Response.json({ detail: "No run is called so" }, { status: 404 })
        : Response.json(found)
    },
  })
  const target = `http://127.0.0.1:${server.port}`
  const { code, out } = await compare("starred", newer.run_id, { target, json: true })
  const unknown = await compare(newer.run_id, id(99), { target })
  await server.stop(true)
  expect([code, JSON.parse(out)]).toEqual([1, expect.objectContaining({ a: [starred.run_id], b: [newer.run_id] })])
  expect(asked).toContain(`/v1/demo/loadtests?scenario=launch_spike&limit=100&before=${newer.run_id}`)
  expect([unknown.code, unknown.said]).toEqual([1, expect.stringContaining("No run is called so")])
})
