import { afterAll, beforeAll, expect, test } from "bun:test"
import { inDays, openWorld, type World } from "../testing/world.ts"

let world: World
beforeAll(async () => void (world = await openWorld()), 60_000)
afterAll(() => world.close(), 60_000)

test("a fan registers, waits, buys, sees the signed code, and cannot give the ticket away", async () => {
  const registered = await world.request("POST", "/v1/auth/register", {
    body: { email: "Ada@Example.org", password: "correct horse battery" },
  })
  expect(registered.status).toBe(201)
  const again = await world.request("POST", "/v1/auth/register", {
    body: { email: "ada@example.org", password: "another password 1" },
  })
  expect([again.status, again.body.code]).toEqual([409, "exists"])
  const signedIn = await world.request("POST", "/v1/auth/login", {
    body: { email: "ada@example.org", password: "correct horse battery" },
  })
  expect(signedIn.body.user_id).toBe(registered.body.user_id)
  const ada = { userId: registered.body.user_id as string, token: signedIn.body.token as string }

  const sale = await world.sale({ total_seats: 50 })
  const joined = await world.join(sale, ada)
  expect([joined.status, joined.body.position]).toEqual([201, 1])
  const rejoined = await world.join(sale, ada)
  expect([rejoined.status, rejoined.body.position, rejoined.body.receipt]).toEqual([200, 1, joined.body.receipt])

  const token = await world.admitted(sale, ada)
  expect((await world.status(sale, ada)).body.admission_token).toBe(token)
  const seats = await world.request("GET", `/v1/sales/${sale}/seats?limit=3`, { headers: world.admission(token) })
  expect(seats.body.seats).toHaveLength(3)
  const hold = await world.hold(sale, token, {
    seat_ids: seats.body.seats.slice(0, 2).map((seat: { id: string }) => seat.id),
  })
  expect([hold.status, hold.body.seat_ids.length]).toEqual([200, 2])

  const declined = await world.checkout(sale, token, { hold_id: hold.body.hold_id, payment: { amount_cents: 1 } })
  expect([declined.status, declined.body.code]).toEqual([402, "payment_declined"])
  const key = crypto.randomUUID()
  const order = await world.checkout(sale, token, {
    hold_id: hold.body.hold_id,
    idempotency_key: key,
    holder_name: "Ada Lovelace",
  })
  expect([order.status, order.body.status, order.body.ticket_ids.length]).toEqual([200, "paid", 2])
  const repeated = await world.checkout(sale, token, {
    hold_id: hold.body.hold_id,
    idempotency_key: key,
    holder_name: "Ada Lovelace",
  })
  expect(repeated.body).toEqual(order.body)

  const replayed = await world.hold(sale, token, { quantity: 1 })
  expect([replayed.status, replayed.body.code]).toEqual([403, "admission_required"])

  const tickets = await world.request("GET", "/v1/me/tickets", { headers: world.bearer(ada) })
  expect(tickets.body.tickets.map((each: { holder_name: string }) => each.holder_name)).toEqual([
    "Ada Lovelace",
    "Ada Lovelace",
  ])
  const code = await world.request("GET", `/v1/tickets/${order.body.ticket_ids[0]}/qr.svg`, {
    headers: world.bearer(ada),
  })
  expect([code.status, code.headers.get("content-type"), code.text.slice(0, 4)]).toEqual([200, "image/svg+xml", "<svg"])
  const transfer = await world.request("POST", "/v1/tickets/transfer", {
    headers: world.bearer(ada),
    body: { ticket_id: order.body.ticket_ids[0], to: "someone" },
  })
  expect([transfer.status, transfer.body.code]).toEqual([403, "transfer_blocked"])
  expect((await world.request("POST", "/v1/tickets/transfer")).status).toBe(403)

  const [stranger] = await world.fans(1)
  for (const path of [`/v1/orders/${order.body.order_id}`, `/v1/tickets/${order.body.ticket_ids[0]}/qr.svg`])
    expect((await world.request("GET", path, { headers: world.bearer(stranger!) })).status).toBe(404)
  expect(
    (await world.request("GET", `/v1/orders/${order.body.order_id}`, { headers: world.bearer(ada) })).body.ticket_ids,
  ).toEqual(order.body.ticket_ids)

  const stats = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
  expect([stats.body.tickets_sold, stats.body.orders, stats.body.unique_buyers, stats.body.seats_available]).toEqual([
    2, 1, 1, 48,
  ])
}, 60_000)

test("everybody sees the same board, and asking again with its tag costs no body", async () => {
  const sale = await world.sale({ message: "Doors at seven" })
  const path = `/v1/sales/${sale}/waiting-room/board`
  let board = await world.request("GET", path)
  for (let left = 50; left > 0 && board.body.phase !== "open"; left--) {
    await Bun.sleep(100)
    board = await world.request("GET", path)
  }
  expect([board.status, board.body.phase, board.body.message]).toEqual([200, "open", "Doors at seven"])
  expect(board.headers.get("cache-control")).toContain("stale-while-revalidate")
  const unchanged = await world.request("GET", path, { headers: { "if-none-match": board.headers.get("etag")! } })
  expect([unchanged.status, unchanged.text]).toEqual([304, ""])
})

test("pause stops the calls and resume goes on, seen on the stream", async () => {
  const sale = await world.sale({ admit_per_minute: 60, shopper_capacity: 1 })
  const fans = await world.fans(3)
  for (const fan of fans) expect((await world.join(sale, fan)).status).toBe(201)
  expect((await world.admin("POST", `/v1/admin/sales/${sale}/pause`)).body.paused).toBe(true)
  const phases: string[] = []
  const stream = await fetch(`${world.url}/v1/sales/${sale}/waiting-room/stream`, {
    headers: world.bearer(fans[2]!),
    signal: AbortSignal.timeout(15_000),
  })
  expect(stream.headers.get("content-type")).toBe("text/event-stream")
  const resumed = Bun.sleep(1500).then(() => world.admin("POST", `/v1/admin/sales/${sale}/resume`))
  for await (const chunk of stream.body!) {
    for (const [, phase] of new TextDecoder().decode(chunk).matchAll(/"phase":"(\w+)"/g))
      if (phases.at(-1) !== phase) phases.push(phase!)
    if (phases.includes("paused") && phases.at(-1) === "open") break
  }
  await resumed
  expect(phases.slice(-2)).toEqual(["paused", "open"])
}, 30_000)

test("a sale that has not opened says when, and a full room says come back", async () => {
  const opensAt = inDays(1)
  const later = await world.sale({ opens_at: opensAt, ends_at: inDays(2) })
  const [ada, bob, cyd] = await world.fans(3)
  const early = await world.join(later, ada!)
  expect([early.status, early.body.code, early.body.opens_at]).toEqual([403, "sale_closed", opensAt])

  const small = await world.sale({ waiting_room_cap: 2, admit_per_minute: 1, shopper_capacity: 1 })
  await world.admin("POST", `/v1/admin/sales/${small}/pause`)
  const answers = []
  for (const fan of [ada!, bob!, cyd!]) answers.push(await world.join(small, fan))
  const full = answers.filter((each) => each.status === 503)
  expect(full.length).toBeGreaterThanOrEqual(1)
  expect([full[0]!.body.code, Number(full[0]!.headers.get("retry-after")) > 0]).toEqual(["room_full", true])
})
