import { afterAll, beforeAll, expect, test } from "bun:test"
import { connect } from "node:net"
import { adminKey, openWorld, type World } from "../../testing/world.ts"

let world: World
let sale: string
const nowhere = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
beforeAll(async () => {
  world = await openWorld({ env: { TRAFFIC_SIGN_INS_PER_ADDRESS_PER_MIN: "10000", K6_BIN: "/nowhere" } })
  sale = await world.sale()
}, 60_000)
afterAll(() => world.close(), 60_000)

type Raw = { statuses: number[]; text: string }

/** Writes these bytes to a socket and reads until the server closes it or says no more for a moment. */
const raw = (bytes: string | Buffer, quietMs = 300): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(world.url).port) })
    const end = () => {
      socket.destroy()
      const text = Buffer.concat(chunks).toString("latin1")
      resolve({
        statuses: [...text.matchAll(/(?:^|\r\n|\})HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)),
        text,
      })
    }
    socket.setTimeout(8000, end)
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      socket.setTimeout(quietMs)
    })
    socket.on("error", (error) => (chunks.length > 0 ? end() : reject(error)))
    socket.on("close", end)
    socket.write(bytes)
  })
const get = (target: string, headers = "Host: localhost") =>
  raw(`GET ${target} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`)

const tells = /\bat \S+ \(|node_modules|\$bunfs|src\/|\bselect .* from |insert into|password_hash|ioredis|postgres\.js/i
const expectRefusal = ({ statuses, text }: Raw) => {
  expect(statuses.length).toBeGreaterThan(0)
  for (const status of statuses) expect(status).toBeWithin(400, 500)
  expect(text).not.toMatch(tells)
}
const json = { "content-type": "application/json" }
const operator = { ...json, "x-admin-key": adminKey }

test("the socket speaks: a plain request is answered", async () => {
  expect((await get("/health/live")).statuses).toEqual([200])
})

for (const [what, target, headers] of [
  ["a missing host", "/health/live", "Accept: */*"],
  ["an empty host", "/health/live", "Host: "],
  ["a host of two words", "/health/live", "Host: a b"],
  ["a host with a path", "/v1/events", "Host: localhost/a"],
  ["a host in front of another", "/health/live", "Host: localhost@evil.example"],
  ["a port that no host has", "/health/live", "Host: localhost:99999"],
  ["two ports", "/health/live", "Host: localhost:80:80"],
  ["an unfinished address for a host", "/health/live", "Host: [::1"],
  [
    "a port that no host has, on a route of the crowd",
    `/v1/sales/${nowhere}/waiting-room/status`,
    "Host: localhost:99999",
  ],
  ["no host, on a route of the crowd", `/v1/sales/${nowhere}/waiting-room/status`, "Host: "],
  ["a host of a stranger", "/health/live", "Host: evil.example"],
  ["a stranger's host first of two", "/health/live", "Host: evil.example\r\nHost: localhost"],
  ["a short host that would shift the path", "/aa/v1/events", "Host: x"],
  ["a target on another host", "http://evil.example/v1/admin/sales", "Host: evil.example"],
  ["a double slash", "//v1/events", "Host: localhost"],
  ["a path parameter", "/v1/events;x=1", "Host: localhost"],
  ["another case", "/V1/EVENTS", "Host: localhost"],
  ["an encoded slash", "/v1%2fevents", "Host: localhost"],
  ["an encoded letter", "/v1/%65vents", "Host: localhost"],
  ["a bare percent", "/v1/sales/%", "Host: localhost"],
  ["a broken escape", "/v1/sales/%zz/waiting-room/board", "Host: localhost"],
  ["an overlong escape", "/v1/sales/%c0%ae%c0%ae/waiting-room/board", "Host: localhost"],
  ["NUL in the path", "/v1/sales/%00", "Host: localhost"],
  ["NUL in a query", "/v1/events?page=%00", "Host: localhost"],
  ["a parameter twice", "/v1/events?page=1&page=2", "Host: localhost"],
  ["a parameter that nobody knows", "/v1/events?__proto__=1", "Host: localhost"],
  ["a path of 65 KiB", `/v1/${"a".repeat(65 * 1024)}`, "Host: localhost"],
  ["a header of 1 MB", "/v1/me/tickets", `Host: localhost\r\nAuthorization: Bearer ${"a".repeat(1024 * 1024)}`],
  ["a token of 12 KB", "/v1/me/tickets", `Host: localhost\r\nAuthorization: Bearer ${"a.".repeat(6 * 1024)}`],
  ["a token of dots", "/v1/me/tickets", `Host: localhost\r\nAuthorization: Bearer ${".".repeat(4000)}`],
  ["a cookie of odd bytes", "/v1/nothing", "Host: localhost\r\nCookie: \x80\xff=%ff; __proto__=1"],
  ["an address of odd bytes", "/v1/me/tickets", "Host: localhost\r\nX-Forwarded-For: \x80, ::1, 999.1.1.1, [::, '"],
] as const)
  test(`${what} is refused`, async () => {
    expectRefusal(await get(target, headers))
  })

for (const [what, request] of [
  ["an unknown method", "BREW /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["no host, as in the days of HTTP/1.0", "GET /health/live HTTP/1.0\r\n\r\n"],
  ["no method", "\r\n\r\n\r\n"],
  ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  [
    "a length of words",
    "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ten\r\n\r\n{}",
  ],
  [
    "two lengths",
    "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
  ],
  [
    "a length beside chunks",
    "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "chunks that are none",
    "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
  ],
  [
    "an odd encoding of the transfer",
    "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  ],
] as const)
  test(`${what} is answered with a refusal or a closed connection, and smuggles nothing`, async () => {
    const { statuses, text } = await raw(`${request}`)
    for (const status of statuses) expect(status).toBeWithin(400, 502)
    expect(statuses.filter((status) => status === 200 || status === 500)).toEqual([])
    expect(text).not.toMatch(tells)
    expect((await world.request("GET", "/health/live")).status).toBe(200)
  })

const event = (name: string) => `{"name":${name},"venue":"v","starts_at":"2027-01-01T00:00:00Z"}`
for (const [what, body, code] of [
  ["NUL in a text", event('"a\\u0000b"'), "invalid_input"],
  ["half of a surrogate pair", event('"a\\ud800b"'), "invalid_input"],
  ["half of a surrogate pair in a name", '{"\\udfff":1}', "invalid_input"],
  ["__proto__", `{"__proto__":{"admin":true},${event('"n"').slice(1)}`, "invalid_input"],
  ["constructor", `{"constructor":{"prototype":{}},${event('"n"').slice(1)}`, "invalid_input"],
  ["members that are methods elsewhere", event('{"toString":1,"valueOf":1,"toJSON":1,"then":1}'), "invalid_input"],
  ["10,000 levels of lists", event("[".repeat(10_000) + "]".repeat(10_000)), "malformed_json"],
  ["10,000 levels of objects", event('{"a":'.repeat(10_000) + "1" + "}".repeat(10_000)), "malformed_json"],
  ["30,000 levels that never end", "[".repeat(30_000), "malformed_json"],
  ["a number of 60,000 digits", event("9".repeat(60_000)), "invalid_input"],
  ["a number of 60,000 digits behind the point", event(`0.${"9".repeat(60_000)}`), "invalid_input"],
  ["30,000 items", event(`[${"1,".repeat(30_000)}1]`), "invalid_input"],
  ["5,000 unknown members", `{${Array.from({ length: 5000 }, (_, n) => `"m${n}":1`).join()}}`, "invalid_input"],
  ["a comment", '{/* */"name":"n"}', "malformed_json"],
  ["bytes that are not UTF-8", Buffer.from(event('"a\xff\xfe"'), "latin1"), "malformed_json"],
  ["UTF-16", Buffer.from(event('"n"'), "utf16le"), "malformed_json"],
] as const)
  test(`a body with ${what} is 400 and makes nothing`, async () => {
    const before = (await world.request("GET", "/v1/events")).body["events"].length
    const answer = await world.request("POST", "/v1/admin/events", { raw: body, headers: operator })
    expect([answer.status, answer.body["code"], answer.headers.get("content-type")]).toEqual([
      400,
      code,
      "application/problem+json",
    ])
    expect(answer.text).not.toMatch(tells)
    expect((await world.request("GET", "/v1/events")).body["events"].length).toBe(before)
  })

test("a day that no month has is refused, and no other day is taken for it", async () => {
  const body = { name: "n", venue: "v", starts_at: "2027-02-30T20:00:00Z" }
  const answer = await world.request("POST", "/v1/admin/events", { body, headers: operator })
  expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_input"])
  expect((await world.request("GET", "/v1/events?from=2027-02-30")).status).toBe(400)
  expect((await world.request("GET", "/v1/events?from=2028-02-29")).status).toBe(200)
})

test("NUL reaches no store, wherever a text is taken", async () => {
  const [fan] = await world.fans(1)
  await world.join(sale, fan!)
  const admission = world.admission(await world.admitted(sale, fan!))
  for (const [method, path, body, headers] of [
    ["POST", "/v1/auth/register", { email: "a\0@example.org", password: "correct horse battery" }, {}],
    ["POST", "/v1/auth/register", { email: "nul@example.org", password: "correct horse\0battery" }, {}],
    ["POST", "/v1/auth/login", { email: "a@example.org", password: "\0" }, {}],
    ["PATCH", `/v1/admin/sales/${sale}`, { message: "\0" }, operator],
    ["POST", `/v1/sales/${sale}/holds`, { quantity: 1, idempotency_key: "\0" }, admission],
    ["POST", `/v1/sales/${sale}/checkout`, { hold_id: sale, idempotency_key: "k", holder_name: "\0" }, admission],
    ["POST", `/v1/sales/${sale}/waiting-room/join`, { receipt: "\0" }, world.bearer(fan!)],
    ["GET", `/v1/sales/${sale}/seats?section=%00`, undefined, admission],
    ["GET", `/v1/sales/${sale}/seats?section=a%00b`, undefined, admission],
  ] as const)
    expect([method, path, (await world.request(method, path, { body, headers: { ...headers } })).status]).toEqual([
      method,
      path,
      400,
    ])
})

test("numbers that no store counts to are refused in a query", async () => {
  for (const path of [
    "/v1/events?page=",
    `/v1/admin/sales/${sale}/queue-entries?after=`,
    `/v1/admin/sales/${sale}/queue-entries?limit=`,
  ])
    for (const value of [
      "99999999999999999999",
      "9007199254740993",
      "-1",
      "1.5",
      "1e400",
      "NaN",
      "Infinity",
      "-0.5",
      "",
    ])
      expect([path, value, (await world.request("GET", path + value, { headers: operator })).status]).toEqual([
        path,
        value,
        400,
      ])
})

test("HEAD and OPTIONS of every route are answered, without a body or with what is allowed", async () => {
  const { paths } = (await world.request("GET", "/openapi.json")).body as {
    paths: Record<string, Record<string, unknown>>
  }
  expect(Object.keys(paths).length).toBeGreaterThan(25)
  for (const [pattern, operations] of Object.entries(paths)) {
    const path = pattern.replace("{run_id}", sale).replace(/\{\w+\}/g, sale)
    const head = await world.request("HEAD", path)
    expect([path, head.text, head.status < 500]).toEqual([path, "", true])
    if (!("get" in operations)) expect([path, head.status]).toEqual([path, 405])
    const options = await world.request("OPTIONS", path)
    expect([path, options.status, options.headers.get("allow")?.split(", ").toSorted()]).toEqual([
      path,
      405,
      Object.keys(operations)
        .map((each) => each.toUpperCase())
        .toSorted(),
    ])
  }
})

test("every answer names its type honestly: nosniff, refusals too", async () => {
  for (const path of [
    "/health/live",
    "/v1/events",
    "/v1/nothing",
    `/v1/sales/${sale}/waiting-room/status`,
    `/v1/sales/${sale}/waiting-room/board`,
    "/",
    "/lab",
  ])
    expect([path, (await world.request("GET", path)).headers.get("x-content-type-options")]).toEqual([path, "nosniff"])
})

test("nothing above broke the server", () => {
  expect(world.errors()).not.toMatch(/a request failed|RangeError|TypeError/)
})
