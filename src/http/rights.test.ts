import { afterAll, beforeAll, expect, test } from "bun:test"
import { nameOf, routesOnNothing } from "../testing/routes.ts"
import { adminKey, type Answer, type Fan, inDays, openWorld, type World } from "../testing/world.ts"
import type { Route } from "./core/route.ts"

/**
 * Who may ask what. public: anybody · account: a signed-in account · own: a signed-in account, for its own things ·
 * shopper: an admission of this sale · operator: the operator's key · demo: anybody, or a demo key where one is set · nobody
 */
const rules: Record<string, "public" | "account" | "own" | "shopper" | "operator" | "demo" | "nobody"> = {
  "GET /openapi.json": "public",
  "GET /health/live": "public",
  "GET /health/ready": "public",
  "GET /metrics": "public",
  "POST /v1/auth/register": "public",
  "POST /v1/auth/login": "public",
  "GET /v1/events": "public",
  "GET /v1/events/{id}": "public",
  "GET /v1/sales/{id}": "public",
  "GET /v1/sales/{id}/waiting-room/board": "public",
  "POST /v1/sales/{id}/waiting-room/join": "account",
  "GET /v1/sales/{id}/waiting-room/status": "account",
  "GET /v1/sales/{id}/waiting-room/stream": "account",
  "GET /v1/me/tickets": "account",
  "GET /v1/orders/{id}": "own",
  "GET /v1/tickets/{id}/qr.svg": "own",
  "GET /v1/sales/{id}/seats": "shopper",
  "POST /v1/sales/{id}/holds": "shopper",
  "POST /v1/sales/{id}/holds/{hold_id}/extend": "shopper",
  "DELETE /v1/sales/{id}/holds/{hold_id}": "shopper",
  "POST /v1/sales/{id}/checkout": "shopper",
  "DELETE /v1/sales/{id}/admission": "shopper",
  "POST /v1/tickets/transfer": "nobody",
  "POST /v1/admin/events": "operator",
  "POST /v1/admin/sales": "operator",
  "PATCH /v1/admin/sales/{id}": "operator",
  "POST /v1/admin/sales/{id}/pause": "operator",
  "POST /v1/admin/sales/{id}/resume": "operator",
  "GET /v1/admin/sales/{id}/stats": "operator",
  "GET /v1/admin/sales/{id}/queue-entries": "operator",
  "GET /v1/admin/sales/{id}/audit-log": "operator",
  "GET /v1/admin/clock": "operator",
  "GET /v1/demo/config": "demo",
  "POST /v1/demo/reset": "demo",
  "POST /v1/demo/fans": "demo",
  "POST /v1/demo/loadtest": "demo",
  "GET /v1/demo/loadtest/{run_id}": "demo",
  "GET /v1/demo/loadtest/{run_id}/series": "demo",
  "GET /v1/demo/loadtest/{run_id}/report.html": "demo",
  "GET /v1/demo/loadtest/{run_id}/report.json": "demo",
  "GET /v1/demo/loadtest/{run_id}/series.csv": "demo",
  "GET /v1/demo/loadtest/{run_id}/checks.csv": "demo",
  "PATCH /v1/demo/loadtest/{run_id}": "demo",
  "DELETE /v1/demo/loadtest/{run_id}": "demo",
  "GET /v1/demo/loadtests": "demo",
  "GET /v1/demo/dashboard": "demo",
}
/** Who may see which page, and send which form. Old addresses lead elsewhere, whoever asks. */
const pageRules: Partial<Record<Route["who"], Record<"GET" | "POST", string>>> = {
  anybody: {
    GET: `
      / /assets/:name /console /console/signin /events /events/:id /favicon.ico /lab /lab/compare /lab/estimate
      /lab/figures /lab/history /lab/reset /lab/runs /lab/runs/:run_id /lab/runs/:run_id/checks.csv
      /lab/runs/:run_id/delete /lab/runs/:run_id/live /lab/runs/:run_id/replay /lab/runs/:run_id/report.html
      /lab/runs/:run_id/report.json /lab/runs/:run_id/series.csv /lab/runs/:run_id/star /lab/runs/:run_id/stop
      /register /sales/:id /sales/:id/place /sales/:id/place.json /sales/:id/wait /signin
    `,
    POST: `
      /console/signin /console/signout /register /signin /signout
    `,
  },
  visitor: {
    GET: `
      /me/tickets /orders/:id /tickets/:id/calendar.ics
    `,
    POST: `
      /sales/:id/join
    `,
  },
  shopper: {
    GET: `
      /sales/:id/checkout/:hold /sales/:id/seats /sales/:id/taken
    `,
    POST: `
      /sales/:id/checkout/:hold /sales/:id/extend/:hold /sales/:id/hold /sales/:id/leave /sales/:id/release/:hold
    `,
  },
  operator: {
    GET: `
      /console/event-mode /console/log /console/sales /console/sales/:id /console/sales/:id/account
      /console/sales/:id/live /console/sales/:id/pause /console/sales/:id/queue.csv /console/sales/:id/resume
      /console/sales/:id/stop /console/sales/:id/tickets.csv /console/sales/new
    `,
    POST: `
      /console/event-mode /console/sales/:id/change /console/sales/:id/clear-alarm /console/sales/:id/pause
      /console/sales/:id/resume /console/sales/:id/stop /console/sales/new
    `,
  },
  demo: {
    GET: `
    `,
    POST: `
      /lab/reset /lab/runs /lab/runs/:run_id/delete /lab/runs/:run_id/star /lab/runs/:run_id/stop
    `,
  },
}
const key = "a-production-key-of-32-characters"
const production = {
  TRAFFIC_MODE: "production",
  TRAFFIC_ADMIN_KEY: key,
  TRAFFIC_TRUSTED_PROXIES: "none",
  TRAFFIC_HOSTS: "tickets.example",
  K6_BIN: "/nowhere",
}

const table = routesOnNothing()
let world: World
let served: string[]
let sale: string
let otherSale: string
let ids: Record<string, string>
let bodies: Record<string, unknown>
let buyer: Fan
let stranger: Fan
let admissions: { holder: string; stranger: string; elsewhere: string }
let receipt: string

beforeAll(async () => {
  world = await openWorld({
    env: {
      K6_BIN: "/nowhere",
      TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "1000",
      TRAFFIC_HOLDS_PER_ACCOUNT_PER_MIN: "1000",
      TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN: "1000",
    },
  })
  served = await list(world)
  ;[sale, otherSale] = [await world.sale(), await world.sale()]
  const [ada, bob, cyd] = (await world.fans(3)) as [Fan, Fan, Fan]
  buyer = bob
  stranger = cyd
  receipt = (await world.join(sale, ada)).body["receipt"] as string
  await world.join(sale, bob)
  await world.join(sale, cyd)
  await world.join(otherSale, cyd)
  const bobs = await world.admitted(sale, bob)
  admissions = {
    holder: await world.admitted(sale, ada),
    stranger: await world.admitted(sale, cyd),
    elsewhere: await world.admitted(otherSale, cyd),
  }
  const sold = await world.hold(sale, bobs, { quantity: 1 })
  const order = await world.checkout(sale, bobs, { hold_id: sold.body["hold_id"] })
  const hold = await world.hold(sale, admissions.holder, { quantity: 1 })
  ids = {
    id: sale,
    hold_id: hold.body["hold_id"] as string,
    run_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "orders id": order.body["order_id"] as string,
    "tickets id": (order.body["ticket_ids"] as string[])[0]!,
  }
  const event = (await world.request("GET", `/v1/sales/${sale}`)).body["event_id"] as string
  ids["events id"] = event
  bodies = {
    "POST /v1/auth/register": { email: "dan@example.org", password: "correct horse battery" },
    "POST /v1/auth/login": { email: "dan@example.org", password: "correct horse battery" },
    "POST /v1/sales/{id}/holds": { quantity: 1, idempotency_key: "a" },
    "POST /v1/sales/{id}/holds/{hold_id}/extend": { idempotency_key: "a" },
    "POST /v1/sales/{id}/checkout": { hold_id: ids["hold_id"], idempotency_key: "b" },
    "POST /v1/admin/events": { name: "n", venue: "v", starts_at: inDays(9) },
    "POST /v1/admin/sales": {
      event_id: event,
      opens_at: inDays(1),
      ends_at: inDays(2),
      total_seats: 1,
      admit_per_minute: 1,
      waiting_room_cap: 1,
    },
    "PATCH /v1/admin/sales/{id}": { message: "mine now" },
    "POST /v1/demo/fans": { count: 1 },
    "POST /v1/demo/loadtest": { scenario: "nope" },
    "PATCH /v1/demo/loadtest/{run_id}": { starred: true },
  }
}, 60_000)
afterAll(() => world.close(), 60_000)

const list = async (from: World) => {
  const { paths } = (await from.request("GET", "/openapi.json")).body as {
    paths: Record<string, Record<string, unknown>>
  }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
}
const ask = (
  name: string,
  headers: Record<string, string> = {},
  given: Record<string, string> = {},
): Promise<Answer> => {
  const [method = "", pattern = ""] = name.split(" ")
  const path = pattern.replace(
    /\{(\w+)\}/g,
    (_, each: string) => given[each] ?? ids[`${pattern.split("/")[2]} ${each}`] ?? ids[each]!,
  )
  return world.request(method, path, { headers, body: bodies[name] })
}
const ruled = (rule: string) => Object.keys(rules).filter((name) => rules[name] === rule)
const seen = (answer: Answer) => [answer.status, answer.body["code"]]

const whoOf = {
  public: "anybody",
  account: "account",
  own: "account",
  shopper: "admission",
  operator: "admin",
  demo: "demo",
  nobody: "anybody",
} as const satisfies Record<string, Route["who"]>

/** By method and path, as the table writes them. */
const ruledWho = new Map<string, Route["who"]>([
  ...Object.entries(rules).map(([name, rule]) => [name.replace(/\{(\w+)\}/g, ":$1"), whoOf[rule]] as const),
  ...Object.entries(pageRules).flatMap(([who, methods]) =>
    Object.entries(methods).flatMap(
      ([method, paths]) =>
        paths.match(/\S+/g)?.map((path) => [`${method} ${path}`, who as Route["who"]] as const) ?? [],
    ),
  ),
])
const isOld = ({ path }: Route) => path.startsWith("/control")

for (const route of table.filter((each) => !isOld(each)))
  test(`${nameOf(route)} is for whom the rules here say`, () => {
    expect(route.who).toBe(ruledWho.get(nameOf(route))!)
  })

test("every rule has a route, and every route for programs is served and has a rule", () => {
  const names = new Set(table.map(nameOf))
  expect([...ruledWho.keys()].filter((name) => !names.has(name))).toEqual([])
  expect(served.toSorted()).toEqual(Object.keys(rules).toSorted())
})

for (const name of ruled("public"))
  test(`${name} is for everybody`, async () => {
    expect((await ask(name)).status).toBeLessThan(300)
  })

for (const name of [...ruled("account"), ...ruled("own")])
  test(`${name} needs an account: no other token will do`, async () => {
    for (const authorization of [
      "",
      "Bearer",
      "Bearer ",
      `Bearer ${admissions.holder}`,
      `Bearer ${receipt}`,
      `bearer${buyer.token}`,
      `Basic ${buyer.token}`,
      `Admission ${admissions.holder}`,
      `Bearer ${tampered(buyer.token)}`,
    ])
      expect(seen(await ask(name, authorization ? { authorization } : {}))).toEqual([401, "unauthorized"])
  })

for (const name of ruled("own"))
  test(`${name} is another's: 404, as if it were not there`, async () => {
    expect((await ask(name, world.bearer(buyer))).status).toBe(200)
    const theirs = await ask(name, world.bearer(stranger))
    const missing = await ask(name, world.bearer(stranger), { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" })
    expect([theirs.status, theirs.body["code"]]).toEqual([missing.status, missing.body["code"]])
    expect(theirs.status).toBe(404)
  })

for (const name of ruled("shopper"))
  test(`${name} needs an admission of this sale`, async () => {
    expect((await ask(name)).status).toBe(401)
    expect(seen(await ask(name, world.bearer(stranger)))).toEqual([403, "admission_required"])
    for (const token of [admissions.elsewhere, stranger.token, receipt, tampered(admissions.stranger), ""])
      expect(seen(await ask(name, world.admission(token)))[0]).toBe(401)
    expect((await ask(name, { "x-admin-key": adminKey })).status).toBe(401)
  })

test("a shopper reaches no other shopper's hold", async () => {
  for (const name of ["DELETE /v1/sales/{id}/holds/{hold_id}", "POST /v1/sales/{id}/checkout"])
    expect(seen(await ask(name, world.admission(admissions.stranger)))).toEqual([404, "hold_not_found"])
  expect((await ask("DELETE /v1/sales/{id}/holds/{hold_id}", world.admission(admissions.holder))).status).toBe(204)
})

for (const name of ruled("operator"))
  test(`${name} needs the operator's key`, async () => {
    const before = (await world.request("GET", `/v1/sales/${sale}`)).body["message"]
    for (const headers of [
      {},
      { "x-admin-key": "" },
      { "x-admin-key": `${adminKey}x` },
      { "x-admin-key": adminKey.toUpperCase() },
      { "x-demo-key": adminKey },
      { authorization: `Bearer ${adminKey}` },
      world.bearer(buyer),
      world.admission(admissions.holder),
      { "x-admin-key": buyer.token },
    ])
      expect(seen(await ask(name, headers as Record<string, string>))).toEqual([403, "forbidden"])
    expect((await world.request("GET", `/v1/sales/${sale}`)).body["message"]).toBe(before)
    expect((await ask(name, { "x-admin-key": adminKey })).status).toBeLessThan(300)
  })

test("a ticket goes to nobody else, whoever asks", async () => {
  for (const headers of [{}, world.bearer(buyer), { "x-admin-key": adminKey }])
    expect(seen(await ask("POST /v1/tickets/transfer", headers as Record<string, string>))).toEqual([
      403,
      "transfer_blocked",
    ])
})

test("in production there is no demo, no lab, no pages of a lab and no development key", async () => {
  const live = await openWorld({ env: production })
  try {
    expect((await list(live)).filter((name) => rules[name] === "demo")).toEqual([])
    expect(ruled("demo").length).toBeGreaterThan(5)
    const gone = [
      ...ruled("demo"),
      "GET /lab",
      "POST /lab/runs",
      "GET /lab/figures",
      "GET /lab/history",
      "POST /control/runs",
      "GET /control/history",
    ]
    for (const name of gone) {
      const [method = "", path = ""] = name.split(" ")
      expect([
        name,
        (await live.request(method, path.replace(/\{\w+\}/, ids["run_id"]!), { body: bodies[name] })).status,
      ]).toEqual([name, 404])
    }
    const operator = (secret: string) => ({ headers: { "x-admin-key": secret }, body: bodies["POST /v1/admin/events"] })
    expect((await live.request("POST", "/v1/admin/events", operator(adminKey))).status).toBe(403)
    expect((await live.request("POST", "/v1/admin/events", operator(key))).status).toBe(201)
    expect((await live.request("GET", "/health/live", { headers: { host: "tickets.example" } })).status).toBe(200)
    expect((await live.request("GET", "/health/live", { headers: { host: "localhost" } })).status).toBe(421)
    for (const path of ["/events", "/v1/nothing", "/console/sales"])
      expect((await live.request("GET", path)).headers.get("strict-transport-security")).toMatch(/^max-age=\d{8}$/)
    const front = await live.request("GET", "/")
    expect([front.status, front.text.includes('"/lab')]).toEqual([200, false])
  } finally {
    await live.close()
  }
}, 60_000)

test("in production the lab of a demo key opens to that key alone", async () => {
  const live = await openWorld({ env: { ...production, TRAFFIC_DEMO_KEY: "a-demo-key-of-24-characters" } })
  try {
    for (const name of ruled("demo")) {
      const [method = "", path = ""] = name.split(" ")
      const address = path.replace(/\{\w+\}/, ids["run_id"]!)
      for (const secret of ["", "x", key])
        expect([
          name,
          (await live.request(method, address, { body: bodies[name], headers: secret ? { "x-demo-key": secret } : {} }))
            .status,
        ]).toEqual([name, 403])
      expect([403, 401, 405]).not.toContain(
        (
          await live.request(method, address, {
            body: bodies[name],
            headers: { "x-demo-key": "a-demo-key-of-24-characters" },
          })
        ).status,
      )
    }
  } finally {
    await live.close()
  }
}, 60_000)

/** One bit of the signature changed, in the middle of it, where no padding hides. */
const tampered = (token: string) => {
  const at = token.lastIndexOf(".") + 10
  return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`
}
