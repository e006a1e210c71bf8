import { afterAll, beforeAll, expect, test } from "bun:test"
import { type Fan, openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld({ env: { K6_BIN: "/nowhere" } })), 60_000)
afterAll(() => world.close(), 60_000)

/** Name with labels, as it is written, to value. */
const figures = async () => {
  const { status, text, headers } = await world.request("GET", "/metrics")
  expect([status, headers.get("content-type")?.startsWith("text/plain")]).toEqual([200, true])
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  )
}
/** Polls until it is so. @throws Error when it is not within 20 s */
const until = async (holds: () => Promise<boolean>) => {
  for (let left = 200; left > 0; left--) {
    if (await holds()) return
    await Bun.sleep(100)
  }
  throw new Error("it did not come true within 20 s")
}

test("every family that operators are promised is there, with help and type, and every value is a number", async () => {
  const { text } = await world.request("GET", "/metrics")
  for (const [name, type] of [
    ["traffic_joins_total", "counter"],
    ["traffic_joins_again_total", "counter"],
    ["traffic_admissions_total", "gauge"],
    ["traffic_queue_depth", "gauge"],
    ["traffic_now_serving", "gauge"],
    ["traffic_shoppers", "gauge"],
    ["traffic_seats_available", "gauge"],
    ["traffic_holds_total", "counter"],
    ["traffic_orders_total", "counter"],
    ["traffic_refusals_total", "counter"],
    ["traffic_errors_total", "counter"],
    ["traffic_http_request_seconds", "histogram"],
    ["traffic_http_pending_requests", "gauge"],
    ["traffic_streams_open", "gauge"],
    ["traffic_store_latency_seconds", "histogram"],
    ["traffic_store_restarts", "gauge"],
    ["traffic_scheduler_leader", "gauge"],
    ["nodejs_eventloop_lag_seconds", "gauge"],
    ["nodejs_eventloop_lag_p99_seconds", "gauge"],
    ["process_resident_memory_bytes", "gauge"],
  ])
    expect([name, text.includes(`# TYPE ${name} ${type}\n`), text.includes(`# HELP ${name} `)]).toEqual([
      name!,
      true,
      true,
    ])
  // Asked twice within the precision of the event loop's monitor, its mean is that of nothing.
  for (const [name, value] of await figures())
    if (!name.startsWith("nodejs_eventloop")) expect([name, Number.isNaN(value)]).toEqual([name, false])
})

test("the figures move as people join, shop and are refused", async () => {
  const sale = await world.sale({ total_seats: 20, admit_per_minute: 60_000, shopper_capacity: 2 })
  const before = await figures()
  const fans = await world.fans(5)
  for (const fan of fans) expect((await world.join(sale, fan)).status).toBe(201)
  await world.join(sale, fans[0] as Fan)
  const token = await world.admitted(sale, fans[0] as Fan)
  const hold = await world.hold(sale, token, { quantity: 2 })
  await until(async () => (await figures()).get(`traffic_queue_depth{sale_id="${sale}"}`) === 3)
  const order = await world.checkout(sale, token, { hold_id: hold.body["hold_id"] })
  expect(order.status).toBe(200)
  await world.request("GET", `/v1/sales/${sale}/seats`)
  await until(async () => (await figures()).get(`traffic_seats_available{sale_id="${sale}"}`) === 18)
  const after = await figures()
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  const route = (path: string) => grown(`traffic_http_request_seconds_count{route="${path}"}`)
  expect({
    joins: grown("traffic_joins_total"),
    again: grown("traffic_joins_again_total"),
    holds: grown("traffic_holds_total"),
    orders: grown("traffic_orders_total"),
    refusals: grown('traffic_refusals_total{code="unauthorized"}'),
    errors: grown("traffic_errors_total"),
    joinsTimed: route("/v1/sales/:id/waiting-room/join"),
    holdsTimed: route("/v1/sales/:id/holds"),
    checkoutsTimed: route("/v1/sales/:id/checkout"),
    seatsTimed: route("/v1/sales/:id/seats"),
  }).toEqual({
    joins: 5,
    again: 1,
    holds: 1,
    orders: 1,
    refusals: 1,
    errors: 0,
    joinsTimed: 6,
    holdsTimed: 1,
    checkoutsTimed: 1,
    seatsTimed: 1,
  })
  expect(after.get(`traffic_now_serving{sale_id="${sale}"}`)).toBeGreaterThanOrEqual(2)
  expect(after.get(`traffic_admissions_total{sale_id="${sale}"}`)).toBe(1)
  expect(after.get("traffic_scheduler_leader")).toBe(1)
  expect(route("/v1/sales/:id/waiting-room/status")).toBeGreaterThan(0)
  for (const store of ["redis", "redis_cache", "postgres"])
    expect(after.get(`traffic_store_latency_seconds_count{store="${store}"}`)).toBeGreaterThan(0)
  await until(async () => ((await figures()).get("nodejs_eventloop_lag_max_seconds") ?? 0) > 0)
}, 60_000)

for (const [name, folder] of [
  ["redis_cache", "cache"],
  ["postgres", "postgres"],
  ["redis", "redis"],
] as const)
  test(`while ${name} stands still, ready says 503 and names it, live goes on, and all is well again after`, async () => {
    await until(async () => (await world.request("GET", "/health/ready")).status === 200)
    const pids = world.storePids(folder)
    expect(pids.length).toBeGreaterThan(0)
    for (const pid of pids) process.kill(pid, "SIGSTOP")
    try {
      await until(async () => (await world.request("GET", "/health/ready")).status === 503)
      const { body, headers } = await world.request("GET", "/health/ready")
      const down = Object.entries(body["stores"] as Record<string, { up: boolean }>)
        .filter(([, store]) => !store.up)
        .map(([each]) => each)
      expect([down, body["ready"], body["draining"], body["status"], body["code"]]).toEqual([
        [name],
        false,
        false,
        503,
        "store_away",
      ])
      expect([body["detail"], headers.get("content-type"), Number(headers.get("retry-after")) >= 1]).toEqual([
        `${name} does not answer`,
        "application/problem+json",
        true,
      ])
      expect((await world.request("GET", "/health/live")).status).toBe(200)
    } finally {
      for (const pid of pids) {
        try {
          process.kill(pid, "SIGCONT")
        } catch {
          // The supervisor may have replaced it.
        }
      }
    }
    await until(async () => (await world.request("GET", "/health/ready")).status === 200)
  }, 60_000)
