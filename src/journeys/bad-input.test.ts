import { afterAll, beforeAll, expect, test } from "bun:test"
import { type Fan, openWorld, type World } from "../testing/world.ts"

let world: World
let sale: string
let fan: Fan
let admission: string
const nowhere = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

beforeAll(async () => {
  world = await openWorld({
    env: { TRAFFIC_HOLDS_PER_ACCOUNT_PER_MIN: "1000", TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN: "1000" },
  })
  sale = await world.sale({ max_tickets_per_user: 4 })
  ;[fan] = (await world.fans(1)) as [Fan]
  await world.join(sale, fan)
  admission = await world.admitted(sale, fan)
}, 60_000)
afterAll(() => world.close(), 60_000)

const untouched = async () => {
  const stats = await world.admin("GET", `/v1/admin/sales/${sale}/stats`)
  expect([stats.body.seats_available, stats.body.seats_held, stats.body.tickets_sold]).toEqual([100, 0, 0])
}
const expectProblem = (
  answer: { status: number; headers: Headers; body: Record<string, any> },
  status: number,
  code: string,
) => {
  expect([answer.status, answer.body.code, answer.headers.get("content-type")]).toEqual([
    status,
    code,
    "application/problem+json",
  ])
  for (const member of ["type", "title", "status", "detail", "instance", "code"])
    expect(answer.body).toHaveProperty(member)
}

test("an unknown sale is 404 and a malformed id is 400", async () => {
  for (const path of [`/v1/sales/${nowhere}`, `/v1/sales/${nowhere}/waiting-room/board`])
    expectProblem(await world.request("GET", path), 404, "sale_not_found")
  expectProblem(await world.join(nowhere, fan), 404, "sale_not_found")
  expectProblem(await world.status(nowhere, fan), 404, "sale_not_found")
  expectProblem(await world.join("not-an-id", fan), 400, "malformed_id")
  expect((await world.request("GET", "/v1/sales/not-an-id")).status).toBe(400)
  expect((await world.request("GET", "/v1/events/1")).status).toBe(400)
})

for (const quantity of [-1, 0, 1.5, 1e9, "2", null, [1], Number.MAX_SAFE_INTEGER])
  test(`a quantity of ${JSON.stringify(quantity)} is 400 and touches no seat`, async () => {
    const answer = await world.hold(sale, admission, { quantity })
    expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "application/problem+json"])
    await untouched()
  })

test("five seats over a cap of four are refused before a seat is touched", async () => {
  expectProblem(await world.hold(sale, admission, { quantity: 5 }), 403, "cap_exceeded")
  await untouched()
})

test("a seat of another sale is 409", async () => {
  const other = await world.sale()
  const [stranger] = await world.fans(1)
  await world.join(other, stranger!)
  const seats = await world.request("GET", `/v1/sales/${other}/seats?limit=1`, {
    headers: world.admission(await world.admitted(other, stranger!)),
  })
  expectProblem(await world.hold(sale, admission, { seat_ids: [seats.body.seats[0].id] }), 409, "unavailable")
  await untouched()
})

test("somebody else's hold and order are 404", async () => {
  const [stranger] = await world.fans(1)
  await world.join(sale, stranger!)
  const theirs = await world.admitted(sale, stranger!)
  const hold = await world.hold(sale, theirs, { quantity: 1 })
  expectProblem(await world.checkout(sale, admission, { hold_id: hold.body.hold_id }), 404, "hold_not_found")
  expectProblem(
    await world.request("DELETE", `/v1/sales/${sale}/holds/${hold.body.hold_id}`, {
      headers: world.admission(admission),
    }),
    404,
    "hold_not_found",
  )
  expect(
    (
      await world.request("DELETE", `/v1/sales/${sale}/holds/${hold.body.hold_id}`, {
        headers: world.admission(theirs),
      })
    ).status,
  ).toBe(204)
  expectProblem(
    await world.request("GET", `/v1/orders/${nowhere}`, { headers: world.bearer(fan) }),
    404,
    "order_not_found",
  )
  await untouched()
})

test("without admission nothing gated answers", async () => {
  const other = await world.sale()
  const gated = [
    ["GET", `/v1/sales/${sale}/seats`, undefined],
    ["POST", `/v1/sales/${sale}/holds`, { quantity: 1, idempotency_key: "k" }],
    ["DELETE", `/v1/sales/${sale}/holds/${nowhere}`, undefined],
    ["POST", `/v1/sales/${sale}/checkout`, { hold_id: nowhere, idempotency_key: "k" }],
    ["DELETE", `/v1/sales/${sale}/admission`, undefined],
  ] as const
  const flipped = `${admission.slice(0, -2)}${admission.at(-2) === "A" ? "B" : "A"}${admission.at(-1)}`
  for (const [method, path, body] of gated) {
    expectProblem(await world.request(method, path, { body }), 401, "unauthorized")
    expectProblem(await world.request(method, path, { body, headers: world.bearer(fan) }), 403, "admission_required")
    for (const token of [flipped, fan.token, "", "a.b.c", `${admission}.x`])
      expect((await world.request(method, path, { body, headers: world.admission(token) })).status).toBe(401)
    expectProblem(
      await world.request(method, path.replace(sale, other), { body, headers: world.admission(admission) }),
      401,
      "admission_invalid",
    )
  }
  await untouched()
})

test("the same idempotency key with another body is 422, with the same body the same answer", async () => {
  const key = crypto.randomUUID()
  const first = await world.hold(sale, admission, { quantity: 1, idempotency_key: key })
  expect(first.status).toBe(200)
  expect((await world.hold(sale, admission, { quantity: 1, idempotency_key: key })).body).toEqual(first.body)
  expectProblem(await world.hold(sale, admission, { quantity: 2, idempotency_key: key }), 422, "idempotency_mismatch")
  expect(
    (
      await world.request("DELETE", `/v1/sales/${sale}/holds/${first.body.hold_id}`, {
        headers: world.admission(admission),
      })
    ).status,
  ).toBe(204)
  await untouched()
})

test("a body over 64 KiB is 413 and one that is not JSON is 400, however it is sent", async () => {
  const path = "/v1/auth/register"
  const json = { "content-type": "application/json" }
  expectProblem(
    await world.request("POST", path, { raw: `"${"x".repeat(65 * 1024)}"`, headers: json }),
    413,
    "body_too_large",
  )
  const chunked = new ReadableStream({
    start: (c) => (Array.from({ length: 70 }, () => c.enqueue(new TextEncoder().encode("x".repeat(1024)))), c.close()),
  })
  expectProblem(await world.request("POST", path, { raw: chunked, headers: json }), 413, "body_too_large")
  expectProblem(await world.request("POST", path, { raw: "{nonsense", headers: json }), 400, "malformed_json")
  expectProblem(
    await world.request("POST", path, { raw: "a=b", headers: { "content-type": "text/plain" } }),
    415,
    "unsupported_media_type",
  )
  expect((await world.request("POST", path, { raw: "[]", headers: json })).status).toBe(400)
  expect((await world.request("POST", path)).status).toBe(400)
  expectProblem(
    await world.request("POST", path, { body: { email: "a@b.c", password: "long enough 123", extra: 1 } }),
    400,
    "invalid_input",
  )
})

test("an unknown path is 404 and a wrong method 405 with what is allowed", async () => {
  expectProblem(await world.request("GET", "/v1/nothing"), 404, "not_found")
  const wrong = await world.request("DELETE", `/v1/sales/${sale}/waiting-room/join`)
  expectProblem(wrong, 405, "method_not_allowed")
  expect(wrong.headers.get("allow")).toBe("POST")
  expectProblem(await world.request("POST", `/v1/sales/${sale}/waiting-room/board`), 405, "method_not_allowed")
})

test("an unknown host is refused, and a short one reaches no other path", async () => {
  expectProblem(await world.request("GET", "/health/live", { headers: { host: "evil.example" } }), 421, "misdirected")
  expect((await world.request("GET", "/aa/health/live", { headers: { host: "x" } })).status).toBe(421)
})

test("the operator's routes need the operator's key", async () => {
  for (const key of ["", "wrong", "dev-admin-keyx"])
    expect(
      (await world.request("POST", `/v1/admin/sales/${sale}/pause`, { headers: { "x-admin-key": key } })).status,
    ).toBe(403)
  expect((await world.request("GET", `/v1/admin/sales/${sale}/stats`)).status).toBe(403)
})
