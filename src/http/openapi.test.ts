import { afterAll, beforeAll, expect, test } from "bun:test"
import fc from "fast-check"
import { breaks, fitting, misfit, type Schema } from "../testing/json-schema.ts"
import { nameOf, routesOnNothing } from "../testing/routes.ts"
import { adminKey, type Answer, inDays, openWorld, type World } from "../testing/world.ts"

type Operation = {
  summary?: string
  tags?: string[]
  parameters?: { name: string; in: string; schema: Schema }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } }

const crowd = {
  TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "100000",
  TRAFFIC_SIGN_INS_PER_ADDRESS_PER_MIN: "100000",
  TRAFFIC_HOLDS_PER_ACCOUNT_PER_MIN: "100000",
  TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN: "100000",
}
const nowhere = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

let world: World
let api: Document
let operations: { name: string; method: string; path: string; operation: Operation }[]
const succeeded = new Set<string>()
const ids: Record<string, string> = {}
const keys: Record<string, string> = {}

beforeAll(async () => {
  // Without k6 a load test is refused, so that none starts here.
  world = await openWorld({ env: { ...crowd, K6_BIN: "/nowhere" } })
  api = (await world.request("GET", "/openapi.json")).body as unknown as Document
  operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )
}, 60_000)
afterAll(() => world.close(), 60_000)

const lookup = (ref: string) =>
  ref.startsWith("#/components/schemas/") ? api.components.schemas[ref.slice(21)] : undefined

/** Sends a request and holds the answer against what is documented. */
const ask = async (
  name: string,
  {
    path,
    query = "",
    body,
    raw,
    headers = {},
  }: {
    path?: Record<string, string>
    query?: string
    body?: unknown
    raw?: string
    headers?: Record<string, string>
  } = {},
): Promise<Answer> => {
  const { method, path: pattern, operation } = operations.find((each) => each.name === name)!
  const address =
    pattern.replace(/\{(\w+)\}/g, (_, each: string) =>
      encodeURIComponent(path?.[each] ?? ids[`${pattern} ${each}`] ?? ids[each] ?? nowhere),
    ) + query
  const answer = pattern.endsWith("/stream")
    ? await peek(address, headers)
    : await world.request(method, address, { body, raw, headers })
  const told = `${name} ${address.slice(0, 200)} ${JSON.stringify(body)?.slice(0, 300) ?? ""}: ${answer.status} ${answer.text.slice(0, 300)}`
  const mistakes = faultsOf(answer, operation)
  if (mistakes.length > 0) throw new Error(`${told}\n${mistakes.join("\n")}`)
  if (answer.status < 400) succeeded.add(name)
  return answer
}

const faultsOf = (answer: Answer, operation: Operation): string[] => {
  const type = answer.headers.get("content-type")?.split(";")[0] ?? ""
  const found: string[] = []
  if (answer.status >= 500 && !(answer.status === 503 && Number(answer.headers.get("retry-after")) >= 1))
    found.push("a failure that is no 503 with Retry-After")
  if (answer.status === 429 && !(Number(answer.headers.get("retry-after")) >= 1))
    found.push("a 429 without Retry-After")
  const documented = operation.responses[answer.status]
  if (!documented) return [...found, `${answer.status} is not documented`]
  if (answer.status >= 400 && (type !== "application/problem+json" || answer.body["status"] !== answer.status))
    found.push("no problem document of this status")
  if (answer.status === 204 || !documented.content)
    return answer.text === "" ? found : [...found, "a body where none is documented"]
  const content = documented.content[type]
  if (!content) return [...found, `${type} is not documented for ${answer.status}`]
  if (type === "application/x-ndjson")
    return [
      ...found,
      ...answer.text
        .trim()
        .split("\n")
        .flatMap((line) => breaks(content.schema, JSON.parse(line), lookup)),
    ]
  return type.endsWith("json") ? [...found, ...breaks(content.schema, JSON.parse(answer.text), lookup)] : found
}

/** Of an event stream only the head: it does not end. */
const peek = async (path: string, headers: Record<string, string>): Promise<Answer> => {
  const answer = await fetch(world.url + path, { headers, signal: AbortSignal.timeout(10_000) })
  if (answer.status === 200) {
    await answer.body?.cancel()
    return { status: 200, headers: answer.headers, body: {}, text: "" }
  }
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as Record<string, unknown>, text }
}

for (const route of routesOnNothing().filter((each) => each.kind !== "page"))
  test(`${nameOf(route)} is described: what it takes, an answer, and nothing twice`, () => {
    const name = nameOf(route).replace(/:(\w+)/g, "{$1}")
    expect(operations.map((each) => each.name)).toContain(name)
    expect(Object.keys(route.answers)).not.toEqual([])
    expect(route.summary).not.toBe("")
    const takes = operations.find((each) => each.name === name)?.operation.requestBody !== undefined
    expect({ name, takes }).toEqual({ name, takes: route.body !== "none" })
  })

test("nothing is described that the table does not have, and no address is in it twice", () => {
  const names = routesOnNothing().map(nameOf)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  const known = new Set(names.map((name) => name.replace(/:(\w+)/g, "{$1}")))
  expect(operations.map((each) => each.name).filter((name) => !known.has(name))).toEqual([])
})

test("every operation has a summary, a tag, an answer, refusals as problem documents, and a body that says what it is", () => {
  expect(operations.length).toBeGreaterThan(30)
  for (const { name, method, operation } of operations) {
    const { summary, tags, requestBody, responses } = operation
    const statuses = Object.keys(responses).map(Number)
    expect({
      name,
      summary: typeof summary,
      tags: tags?.length,
      answers: statuses.length > 2 && (name.endsWith("/transfer") || statuses.some((each) => each < 300)),
    }).toEqual({ name, summary: "string", tags: 1, answers: true })
    for (const [status, { content }] of Object.entries(responses)) {
      if (Number(status) >= 400)
        expect({ name, content: Object.keys(content ?? {}) }).toEqual({ name, content: ["application/problem+json"] })
      else if (status !== "204")
        expect({ name, schemas: Object.values(content ?? {}).filter((each) => each.schema).length }).toEqual({
          name,
          schemas: 1,
        })
    }
    if (requestBody)
      expect([name, Object.keys(requestBody.content), method]).toEqual([
        name,
        ["application/json"],
        expect.stringMatching(/POST|PATCH/),
      ])
    for (const parameter of operation.parameters ?? [])
      expect([name, parameter.name, typeof parameter.schema.type]).toEqual([name, parameter.name, "string"])
  }
})

test("every reference leads somewhere", () => {
  const refs = [...JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!)
  expect(refs.length).toBeGreaterThan(10)
  expect(refs.filter((ref) => lookup(ref) === undefined)).toEqual([])
})

test("no input takes a number written as a text", () => {
  const texts = operations.flatMap(({ name, operation }) => {
    const schema = operation.requestBody?.content["application/json"]?.schema
    return /"(numeric|integer)"/.test(JSON.stringify([schema ?? {}])) &&
      /"format":"(numeric|integer)"/.test(JSON.stringify(schema))
      ? [name]
      : []
  })
  expect(texts).toEqual([])
})

test("a fan's whole way answers as documented", async () => {
  const operator = { "x-admin-key": adminKey }
  const credentials = { email: "eve@example.org", password: "correct horse battery" }
  const { body: registered } = await ask("POST /v1/auth/register", { body: credentials })
  await ask("POST /v1/auth/login", { body: credentials })
  const { body: event } = await ask("POST /v1/admin/events", {
    headers: operator,
    body: { name: "Night", venue: "Arena", starts_at: inDays(30) },
  })
  const { body: sale } = await ask("POST /v1/admin/sales", {
    headers: operator,
    body: {
      event_id: event["event_id"],
      opens_at: inDays(-0.001),
      ends_at: inDays(1),
      total_seats: 60,
      admit_per_minute: 60_000,
      waiting_room_cap: 1000,
      message: "Doors at 7",
    },
  })
  ids["id"] = sale["sale_id"] as string
  ids["/v1/events/{id} id"] = event["event_id"] as string
  const account = { authorization: `Bearer ${registered["token"]}` }
  await ask("POST /v1/sales/{id}/waiting-room/join", { headers: account })
  await ask("POST /v1/sales/{id}/waiting-room/join", { headers: account })
  await ask("GET /v1/sales/{id}/waiting-room/stream", { headers: account })
  let admission = ""
  for (let left = 100; left > 0 && admission === ""; left--) {
    admission =
      ((await ask("GET /v1/sales/{id}/waiting-room/status", { headers: account })).body["admission_token"] as
        string | undefined) ?? ""
    await Bun.sleep(50)
  }
  const shopper = { authorization: `Admission ${admission}` }
  await ask("GET /v1/sales/{id}/waiting-room/board")
  for (const name of [
    "GET /v1/events",
    "GET /v1/events/{id}",
    "GET /v1/sales/{id}",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /openapi.json",
  ])
    await ask(name)
  await ask("GET /v1/sales/{id}/seats", { headers: shopper, query: "?limit=2" })
  const { body: first } = await ask("POST /v1/sales/{id}/holds", {
    headers: shopper,
    body: { quantity: 1, idempotency_key: "first" },
  })
  await ask("DELETE /v1/sales/{id}/holds/{hold_id}", {
    headers: shopper,
    path: { hold_id: first["hold_id"] as string },
  })
  const { body: hold } = await ask("POST /v1/sales/{id}/holds", {
    headers: shopper,
    body: { quantity: 2, idempotency_key: "second" },
  })
  await ask("POST /v1/sales/{id}/holds/{hold_id}/extend", {
    headers: shopper,
    path: { hold_id: hold["hold_id"] as string },
    body: { idempotency_key: "more" },
  })
  const { body: order } = await ask("POST /v1/sales/{id}/checkout", {
    headers: shopper,
    body: { hold_id: hold["hold_id"], idempotency_key: "third" },
  })
  ids["hold_id"] = hold["hold_id"] as string
  ids["/v1/orders/{id} id"] = order["order_id"] as string
  ids["/v1/tickets/{id}/qr.svg id"] = (order["ticket_ids"] as string[])[0]!
  for (const name of ["GET /v1/orders/{id}", "GET /v1/me/tickets", "GET /v1/tickets/{id}/qr.svg"])
    await ask(name, { headers: account })
  for (const name of [
    "POST /v1/admin/sales/{id}/pause",
    "POST /v1/admin/sales/{id}/resume",
    "GET /v1/admin/sales/{id}/stats",
    "GET /v1/admin/sales/{id}/queue-entries",
    "GET /v1/admin/sales/{id}/audit-log",
    "GET /v1/admin/clock",
  ])
    await ask(name, { headers: operator })
  await ask("PATCH /v1/admin/sales/{id}", { headers: operator, body: { message: "Doors at 8" } })
  for (const name of ["GET /v1/demo/config", "GET /v1/demo/loadtests", "GET /v1/demo/dashboard"]) await ask(name)
  await ask("POST /v1/demo/reset", { body: { total_seats: 10 } })
  await ask("POST /v1/demo/reset")
  await ask("POST /v1/demo/fans", { body: { count: 3 } })

  const [other] = await world.fans(1)
  await ask("POST /v1/sales/{id}/waiting-room/join", { headers: world.bearer(other!) })
  const admitted = await world.admitted(ids["id"]!, other!)
  await ask("DELETE /v1/sales/{id}/admission", { headers: world.admission(admitted) })
  const [third] = await world.fans(1)
  await world.join(ids["id"]!, third!)
  Object.assign(keys, { account: other!.token, admission: await world.admitted(ids["id"]!, third!) })
  // A run needs k6, and a transfer is always refused.
  const never = [
    "POST /v1/demo/loadtest",
    "GET /v1/demo/loadtest/{run_id}",
    "GET /v1/demo/loadtest/{run_id}/series",
    "GET /v1/demo/loadtest/{run_id}/report.html",
    "GET /v1/demo/loadtest/{run_id}/report.json",
    "GET /v1/demo/loadtest/{run_id}/series.csv",
    "GET /v1/demo/loadtest/{run_id}/checks.csv",
    "PATCH /v1/demo/loadtest/{run_id}",
    "DELETE /v1/demo/loadtest/{run_id}",
    "POST /v1/tickets/transfer",
  ]
  const forgotten = operations.map((each) => each.name).filter((name) => !succeeded.has(name))
  expect(forgotten.toSorted()).toEqual(never.toSorted())
}, 30_000)

test("one account's fifth event stream is refused as documented", async () => {
  const [fan] = await world.fans(1)
  await world.join(ids["id"]!, fan!)
  const leave = new AbortController()
  const open = () =>
    fetch(`${world.url}/v1/sales/${ids["id"]}/waiting-room/stream`, {
      headers: world.bearer(fan!),
      signal: leave.signal,
    })
  const streams = await Promise.all([open(), open(), open(), open()])
  expect(streams.map((each) => each.status)).toEqual([200, 200, 200, 200])
  expect((await ask("GET /v1/sales/{id}/waiting-room/stream", { headers: world.bearer(fan!) })).status).toBe(429)
  leave.abort()
})

/** Requests of each operation; what costs a password or makes a sale is asked less often. */
const timesOf = (name: string) => (/auth|admin\/sales$|demo\/reset|demo\/fans/.test(name) ? 15 : 90)

test("whatever is sent, every operation answers as documented", async () => {
  expect(keys["admission"]).toBeString()
  const small: Record<string, fc.Arbitrary<unknown>> = {
    total_seats: fc.integer({ min: 1, max: 50 }),
    rows: fc.integer({ min: 1, max: 4 }),
    seats_per_row: fc.integer({ min: 1, max: 4 }),
    count: fc.integer({ min: 1, max: 5 }),
    event_id: fc.constantFrom(ids["/v1/events/{id} id"]!, nowhere),
    sale_id: fc.constantFrom(ids["id"]!, nowhere),
    hold_id: fc.constantFrom(ids["hold_id"]!, nowhere),
    seat_ids: fc.uniqueArray(fc.constantFrom(nowhere, ids["id"]!), { minLength: 1 }),
  }
  const own = (name: string) => small[name]
  const id = fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(nowhere, "x", "%2e%2e", "%00", "\u0000", `${nowhere}0`, nowhere.toLowerCase()),
    },
  )
  const authorizations = fc.constantFrom<Record<string, string>>(
    {},
    { authorization: `Bearer ${keys["account"]}` },
    { authorization: `Admission ${keys["admission"]}` },
    { authorization: "Bearer x.y.z" },
    { authorization: "Admission" },
    { authorization: `Bearer ${keys["admission"]}` },
  )
  let asked = 0
  for (const { name, path, operation } of operations) {
    const schema = operation.requestBody?.content["application/json"]?.schema
    const body = schema ? fc.oneof(fitting(schema, own), misfit(schema, own)) : fc.constant(undefined)
    const raw = schema
      ? fc.oneof(
          { weight: 8, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.constantFrom("", "{", "nul", "[]", "\ufeff{}", '{"a":1}}', "'") },
        )
      : fc.constant(undefined)
    const queries = (operation.parameters ?? []).filter((each) => each.in === "query")
    const value = (each: Schema) =>
      fc.oneof(
        fitting(each, own).map(String),
        fc.constantFrom("", "-1", "1.5", "1e400", "\u0000", "x", "99999999999999999999"),
      )
    const query =
      queries.length === 0
        ? fc.constant("")
        : fc
            .array(
              fc
                .constantFrom(...queries)
                .chain((each) =>
                  value(each.schema).map((text) => `${each.name}=${encodeURIComponent(text.toWellFormed())}`),
                ),
              { maxLength: 3 },
            )
            .map((all) => (all.length ? `?${all.join("&")}` : ""))
    const gated = path.startsWith("/v1/admin")
      ? fc.constantFrom<Record<string, string>>(
          { "x-admin-key": adminKey },
          { "x-admin-key": adminKey },
          { "x-admin-key": adminKey },
          { "x-admin-key": "x" },
          {},
        )
      : authorizations
    await fc.assert(
      fc.asyncProperty(
        fc.record({ body, raw, query, headers: gated, id }),
        async ({ body: sent, raw: text, query: asking, headers, id: which }) => {
          asked++
          await ask(name, {
            ...(text === undefined ? { body: sent } : { raw: text }),
            query: asking,
            headers: { ...headers, ...(text === undefined ? {} : { "content-type": "application/json" }) },
            path: which === undefined ? {} : { id: which, hold_id: which, run_id: which },
          })
        },
      ),
      { numRuns: timesOf(name), seed: 7, endOnFailure: true },
    )
  }
  expect(asked).toBeGreaterThan(1000)
  expect(world.errors()).not.toContain("a request failed")
}, 120_000)
