import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { openWorld, type World } from "../../../testing/world.ts"

const bootTime = 60_000
const quick = {
  scenario: "launch_spike",
  vus_max: 5,
  ramp_up: "1s",
  steady: "2s",
  ramp_down: "1s",
  total_seats: 20,
  seed: 7,
}

describe("the demo", () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld()
  }, bootTime)
  afterAll(() => world.close(), bootTime)
  const start = (more: object = {}) => world.request("POST", "/v1/demo/loadtest", { body: { ...quick, ...more } })
  const star = (runId: string, starred: boolean) =>
    world.request("PATCH", `/v1/demo/loadtest/${runId}`, { body: { starred } })
  const forget = (runId: string) => world.request("DELETE", `/v1/demo/loadtest/${runId}?forget=true`)
  const idOf = (run: { run_id: string }) => run.run_id
  const list = async (query = ""): Promise<string[]> =>
    (await world.request("GET", `/v1/demo/loadtests${query}`)).body.runs.map(idOf)
  let judged = ""
  const figures = async (saleId: string) => (await world.request("GET", `/v1/demo/dashboard?sale_id=${saleId}`)).body

  /** Until k6 is gone, at most 30 s. */
  const ended = async (runId: string) => {
    for (let left = 150; left > 0; left--) {
      const { body } = await world.request("GET", `/v1/demo/loadtest/${runId}`)
      if (body.ended_at !== null) return body
      await Bun.sleep(200)
    }
    throw new Error("the run did not end within 30 s")
  }

  test("tells its limits and whether k6 is there", async () => {
    const { status, body } = await world.request("GET", "/v1/demo/config")
    expect(status).toBe(200)
    expect(body.limits).toMatchObject({ vus_max: 20_000, fans: 20_000 })
    expect(body.defaults).toEqual({
      vus_max: 500,
      ramp_up: "10s",
      steady: "30s",
      ramp_down: "10s",
      admit_per_minute: 6000,
      waiting_room_cap: 100_000,
      total_seats: 500,
    })
    expect(body.scenarios.map((each: { name: string }) => each.name)).toContain("launch_spike")
    expect(body.presets).toContainEqual({
      name: "smoke",
      says: expect.any(String),
      scenario: "launch_spike",
      settings: expect.objectContaining({ ramp_up: expect.any(String) }),
    })
    expect(body.k6).toMatchObject({ ready: true })
  })

  test("makes a fresh sale, with or without wishes", async () => {
    const plain = await world.request("POST", "/v1/demo/reset")
    expect([plain.status, plain.body.message]).toEqual([200, expect.any(String)])
    const small = await world.request("POST", "/v1/demo/reset", {
      body: { admit_per_minute: 60, waiting_room_cap: 10, total_seats: 3 },
    })
    expect(small.body.sale_id).not.toBe(plain.body.sale_id)
    const sale = await world.request("GET", `/v1/sales/${small.body.sale_id}`)
    expect(sale.body).toMatchObject({ admit_per_minute: 60, waiting_room_cap: 10, seats: { total: 3 } })
    for (const body of [{ total_seats: 0 }, { total_seats: "3" }, { total_seats: 1.5 }, { colour: "red" }])
      expect((await world.request("POST", "/v1/demo/reset", { body })).status).toBe(400)
  })

  test("streams fans, each with a token of their own", async () => {
    const fans = await world.fans(1201)
    expect(new Set(fans.map((each) => each.userId)).size).toBe(1201)
    expect(new Set(fans.map((each) => each.token)).size).toBe(1201)
    const answer = await world.request("POST", "/v1/demo/fans", { body: { count: 1 } })
    expect([answer.status, answer.headers.get("content-type")]).toEqual([201, "application/x-ndjson"])
    for (const count of [0, -1, 1.5, 20_001, "5"])
      expect((await world.request("POST", "/v1/demo/fans", { body: { count } })).status).toBe(400)
  })

  test("the dashboard counts what really happened", async () => {
    const {
      body: { sale_id: saleId },
    } = await world.request("POST", "/v1/demo/reset", { body: { admit_per_minute: 60_000, total_seats: 10 } })
    const [ada, bob] = await world.fans(2)
    await world.join(saleId, ada!)
    await world.join(saleId, bob!)
    const token = await world.admitted(saleId, ada!)
    const hold = await world.hold(saleId, token, { quantity: 3 })
    const paid = await world.checkout(saleId, token, { hold_id: hold.body.hold_id })
    expect(paid.status).toBe(200)
    await world.admitted(saleId, bob!)
    expect(await figures(saleId)).toMatchObject({
      sale_id: saleId,
      health: "ok",
      queue_depth: 0,
      joined: 2,
      now_serving: 2,
      admitted_count: 2,
      tickets_sold: 3,
      available_seats: 7,
      total_seats: 10,
    })
  })

  test("the request rate and the latency are measured, not made up", async () => {
    const {
      body: { sale_id: saleId },
    } = await world.request("POST", "/v1/demo/reset")
    let seen = { requests_per_sec_approx: 0, last_latency_ms: 0 }
    // Figures are taken once a second, and a rate needs two of them.
    for (let left = 150; left > 0 && seen.requests_per_sec_approx === 0; left--) {
      await Promise.all(Array.from({ length: 20 }, () => world.request("GET", `/v1/sales/${saleId}`)))
      seen = (await figures(saleId)) as typeof seen
      await Bun.sleep(100)
    }
    expect(seen.requests_per_sec_approx).toBeGreaterThan(0)
    expect(seen.last_latency_ms).toBeGreaterThan(0)
  })

  test("the dashboard of an unknown sale is 404, of no sale's id 400", async () => {
    expect((await world.request("GET", "/v1/demo/dashboard?sale_id=01ARZ3NDEKTSV4RRFFQ69G5FAV")).status).toBe(404)
    expect((await world.request("GET", "/v1/demo/dashboard?sale_id=five")).status).toBe(400)
    expect((await world.request("GET", "/v1/demo/dashboard")).status).toBe(200)
  })

  test("a run that cannot be is refused with the field and the fix", async () => {
    const unknown = await start({ scenario: "lunch_spike" })
    expect([unknown.status, unknown.body.code, unknown.body.field]).toEqual([400, "invalid_scenario", "scenario"])
    const banana = await start({ steady: "banana" })
    expect([banana.status, banana.body.code, banana.body.field]).toEqual([400, "invalid_scenario", "steady"])
    for (const more of [
      { vus_max: 0 },
      { vus_max: 20_001 },
      { vus_max: 1.5 },
      { vus_max: "5" },
      { colour: "red" },
      { sale_id: "five" },
    ])
      expect((await start(more)).status).toBe(400)
    expect((await world.request("GET", "/v1/demo/loadtests")).body.runs).toEqual([])
  })

  test("a run starts, three wait, a fifth is kept out, and the first ends in a verdict with its figures", async () => {
    const started = await start()
    expect([started.status, started.body]).toEqual([
      202,
      { run_id: expect.any(String), sale_id: expect.any(String), scenario: "launch_spike", status: "queued" },
    ])
    const waiting: string[] = []
    for (let left = 3; left > 0; left--) {
      const { status, body } = await start({ scenario: "refresh_storm" })
      expect([status, body.status]).toEqual([202, "queued"])
      expect((await world.request("GET", `/v1/sales/${body.sale_id}`)).status).toBe(200)
      waiting.push(body.run_id)
    }
    const refused = await start()
    expect([refused.status, refused.body.code, refused.headers.get("retry-after")]).toEqual([
      429,
      "loadtest_busy",
      "10",
    ])
    expect(await list("?state=queued")).toEqual(waiting.toReversed())
    for (const runId of waiting) {
      const cancelled = await world.request("DELETE", `/v1/demo/loadtest/${runId}`)
      expect([cancelled.status, cancelled.body.status, cancelled.body.verdict]).toEqual([200, "cancelled", null])
    }
    const run = await ended(started.body.run_id)
    expect(["PASS", "FAIL", "INCONCLUSIVE"]).toContain(run.verdict)
    expect(run.passed).toBe(run.verdict === "PASS")
    expect(run.checks.length).toBeGreaterThan(10)
    for (const name of ["http_req_duration_p99_ms", "http_req_failed_rate", "http_reqs"])
      expect(run.metrics[name]).toBeNumber()
    expect(run).toMatchObject({
      starred: false,
      script_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      machine: expect.stringMatching(/ x .+ GB$/),
      segment: null,
    })
    judged = started.body.run_id
    const series = await world.request("GET", `/v1/demo/loadtest/${judged}/series`)
    expect([series.status, series.body.run_id]).toEqual([200, judged])
    expect(series.body.points.length).toBeGreaterThan(1)
    expect(series.body.points.at(-1)).toEqual(run.live)
  }, 60_000)

  test("a run can be stopped, and stopping it twice changes nothing", async () => {
    const {
      body: { run_id: runId },
    } = await start({ steady: "2m" })
    const early = await world.request("DELETE", `/v1/demo/loadtest/${runId}?forget=true`)
    expect([early.status, early.body.code]).toEqual([409, "run_state"])
    const stopped = await world.request("DELETE", `/v1/demo/loadtest/${runId}`)
    expect([stopped.status, stopped.body.status, stopped.body.verdict]).toEqual([200, "cancelled", null])
    expect((await world.request("DELETE", `/v1/demo/loadtest/${runId}`)).body).toEqual(stopped.body)
    expect((await star(runId, true)).body.code).toBe("run_state")
    for (const method of ["GET", "DELETE", "PATCH"])
      expect(
        (
          await world.request(method, "/v1/demo/loadtest/01ARZ3NDEKTSV4RRFFQ69G5FAV", {
            body: method === "PATCH" ? { starred: true } : undefined,
          })
        ).body.code,
      ).toBe("run_not_found")
  }, 60_000)

  test("runs are listed by what they were, a page at a time", async () => {
    const all = await list()
    expect(all.length).toBe(5)
    expect(await list("?state=cancelled&scenario=refresh_storm")).toEqual(all.slice(1, 4))
    expect(await list("?verdict=PASS&state=cancelled")).toEqual([])
    expect(await list("?preset=none")).toEqual([])
    const first = (await world.request("GET", "/v1/demo/loadtests?limit=2")).body
    expect([first.runs.length, first.next]).toEqual([2, all[1]])
    const rest = (await world.request("GET", `/v1/demo/loadtests?limit=10&before=${first.next}`)).body
    expect(rest.runs.map(idOf)).toEqual(all.slice(2))
    expect(rest.next).toBeUndefined()
    for (const query of [
      "?limit=0",
      "?limit=101",
      "?limit=x",
      "?verdict=pass",
      "?state=over",
      "?before=x",
      "?colour=red",
    ])
      expect([query, (await world.request("GET", `/v1/demo/loadtests${query}`)).status]).toEqual([query, 400])
  })

  test("a baseline survives a crash of the server and is deleted only without its star", async () => {
    expect((await star(judged, true)).body).toMatchObject({ run_id: judged, starred: true })
    for (const body of [{}, { starred: "yes" }, { starred: true, colour: "red" }])
      expect((await world.request("PATCH", `/v1/demo/loadtest/${judged}`, { body })).status).toBe(400)
    const folder = join(world.folder, "data/runs", judged)
    expect(existsSync(join(folder, "record.ndjson"))).toBe(true)
    const orphan = await start({ steady: "2m" })
    const waiting = await world.request("POST", "/v1/demo/loadtest", { body: { preset: "smoke", steady: "2m" } })
    expect((await world.request("GET", "/v1/demo/loadtests?preset=smoke")).body.runs).toEqual([
      expect.objectContaining({
        run_id: waiting.body.run_id,
        preset: "smoke",
        settings: expect.objectContaining({ scenario: "launch_spike", vus_max: 240, steady: "2m" }),
      }),
    ])
    const before = (await world.request("GET", `/v1/demo/loadtest/${judged}`)).body
    await world.crash()
    expect((await world.request("GET", `/v1/demo/loadtest/${judged}`)).body).toEqual(before)
    for (const [{ body }, sentence] of [
      [orphan, "The server stopped while the run was under way"],
      [waiting, "The server stopped while the run waited for its turn"],
    ] as const)
      expect((await world.request("GET", `/v1/demo/loadtest/${body.run_id}`)).body).toMatchObject({
        status: "interrupted",
        failures: [sentence],
      })
    const kept = await forget(judged)
    expect([kept.status, kept.body.code, kept.body.detail]).toEqual([
      409,
      "run_starred",
      expect.stringContaining("star away first"),
    ])
    expect((await star(judged, false)).body.starred).toBe(false)
    expect((await forget(judged)).body).toMatchObject({ run_id: judged, starred: false })
    expect((await world.request("GET", `/v1/demo/loadtest/${judged}`)).status).toBe(404)
    expect([existsSync(folder), (await forget(judged)).body.code]).toEqual([false, "run_not_found"])
  }, 60_000)
})

describe("the demo behind a key, without k6", () => {
  let world: World
  const key = { "x-demo-key": "a key for friends" }
  beforeAll(async () => {
    world = await openWorld({ env: { TRAFFIC_DEMO_KEY: key["x-demo-key"], K6_BIN: "/nowhere/k6" } })
  }, bootTime)
  afterAll(() => world.close(), bootTime)

  test("every route asks for the key", async () => {
    const routes = [
      ["GET", "/v1/demo/config"],
      ["POST", "/v1/demo/reset"],
      ["POST", "/v1/demo/fans", { count: 1 }],
      ["POST", "/v1/demo/loadtest", quick],
      ["GET", "/v1/demo/loadtests"],
      ["GET", "/v1/demo/dashboard"],
      ["GET", "/v1/demo/loadtest/01ARZ3NDEKTSV4RRFFQ69G5FAV"],
      ["GET", "/v1/demo/loadtest/01ARZ3NDEKTSV4RRFFQ69G5FAV/series"],
      ["PATCH", "/v1/demo/loadtest/01ARZ3NDEKTSV4RRFFQ69G5FAV", { starred: true }],
      ["DELETE", "/v1/demo/loadtest/01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    ] as const
    for (const [method, path, body] of routes) {
      expect([path, (await world.request(method, path, { body })).status]).toEqual([path, 403])
      expect([path, (await world.request(method, path, { body, headers: { "x-demo-key": "guess" } })).status]).toEqual([
        path,
        403,
      ])
    }
    expect((await world.request("GET", "/v1/demo/dashboard", { headers: key })).status).toBe(200)
  })

  test("without k6 a run is refused for now, and everything else works", async () => {
    const refused = await world.request("POST", "/v1/demo/loadtest", { body: quick, headers: key })
    expect([refused.status, refused.body.code, refused.headers.has("retry-after")]).toEqual([
      503,
      "lab_unavailable",
      true,
    ])
    expect(refused.body.detail).toContain("k6")
    expect((await world.request("GET", "/v1/demo/config", { headers: key })).body.k6).toMatchObject({
      ready: false,
      version: null,
    })
    expect((await world.request("POST", "/v1/demo/reset", { headers: key })).status).toBe(200)
  })

  test("the page says so too, and asks for the key before it starts anything", async () => {
    const page = await world.request("GET", "/lab")
    expect(page.text).toContain("The load generator is not here yet")
    const form = {
      raw: "scenario=launch_spike&demo_key=guess",
      headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
    }
    const wrong = await world.request("POST", "/lab/runs", form)
    expect([wrong.status, wrong.text.includes("This is not the demo key of this server.")]).toEqual([400, true])
    const right = await world.request("POST", "/lab/runs", {
      ...form,
      raw: `scenario=launch_spike&demo_key=${encodeURIComponent(key["x-demo-key"])}`,
    })
    expect([right.status, right.text.includes("The load lab is not ready")]).toEqual([503, true])
  })
})
