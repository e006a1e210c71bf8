import { afterAll, beforeAll, expect, test } from "bun:test"
import { adminKey, openWorld, type Answer, type World } from "../../testing/world.ts"
import type { Parts } from "../core/parts.ts"
import { consoleRoutes } from "./console/console.ts"
import { fanRoutes } from "./fan/fan.ts"

let world: World
let sale: string
beforeAll(async () => {
  world = await openWorld({ env: { K6_BIN: "/nowhere" } })
  sale = await world.sale()
}, 60_000)
afterAll(() => world.close(), 60_000)

const post = (path: string, fields: Record<string, string>, cookie = "") =>
  world.request("POST", path, {
    raw: new URLSearchParams(fields),
    headers: { "sec-fetch-site": "same-origin", ...(cookie ? { cookie } : {}) },
  })
const signIn = (name = "Olga") => post("/console/signin", { name, key: adminKey })
const cookieOf = (answer: { headers: Headers }) => answer.headers.get("set-cookie")!.split(";")[0]!
const look = (cookie: string, method = "GET") => world.request(method, "/console/sales", { headers: { cookie } })

test("a copied cookie of an operator is worth nothing after sign-out", async () => {
  const cookie = cookieOf(await signIn())
  expect((await look(cookie)).status).toBe(200)
  expect((await world.request("POST", "/console/signout", { headers: { cookie } })).status).toBe(403)
  expect((await look(cookie)).status).toBe(200)
  expect((await post("/console/signout", {}, cookie)).headers.get("set-cookie")).toContain("Max-Age=0")
  const after = await look(cookie)
  expect([after.status, after.headers.get("location")]).toEqual([303, "/console/signin?next=%2Fconsole%2Fsales"])
  expect((await post(`/console/sales/${sale}/pause`, {}, cookie)).headers.get("location")).toContain("/console/signin")
  expect((await world.request("GET", `/v1/sales/${sale}`)).body["phase"]).toBe("open")
})

test("signing out without a session is no mistake", async () => {
  for (const cookie of ["", "traffic-operator=", "traffic-operator=a.b.c.d.e"])
    expect((await post("/console/signout", {}, cookie)).status).toBe(303)
})

test("an operator's name that no store takes is refused at sign-in, so that no deed goes unwritten", async () => {
  const answer = await signIn("a\0b")
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([400, null])
})

test("HEAD of a page for operators is answered as its GET", async () => {
  expect((await look("", "HEAD")).status).toBe(303)
  expect((await look(cookieOf(await signIn()), "HEAD")).status).toBe(200)
})

test("no token is worth anything as another kind of cookie", async () => {
  const [fan] = await world.fans(1)
  await world.join(sale, fan!)
  const admission = await world.admitted(sale, fan!)
  const operator = cookieOf(await signIn()).split("=")[1]!
  const ask = (path: string, cookie: string) => world.request("GET", path, { headers: { cookie } })
  expect((await ask("/me/tickets", `traffic=${fan!.token}`)).status).toBe(200)
  for (const token of [operator, admission]) expect((await ask("/me/tickets", `traffic=${token}`)).status).toBe(303)
  for (const token of [fan!.token, admission])
    expect((await ask("/console/sales", `traffic-operator=${token}`)).status).toBe(303)
  expect((await ask(`/v1/sales/${sale}/seats`, `traffic=${fan!.token}`)).status).toBe(401)
})

test("whoever signs in is led nowhere but to a page of this server", async () => {
  for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: a=b", "/\t/evil"])
    expect([
      next,
      (await post("/console/signin", { name: "Olga", key: adminKey, next })).headers.get("location"),
    ]).toEqual([next, "/console/sales"])
})

const moved = (room: "console" | "lab", method: string, places: string[]) =>
  places.map((place) => [method, `/control${place}`, `/${room}${place}`] as const)
const [run, sample] = ["/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/sales/01ARZ3NDEKTSV4RRFFQ69G5FAV"]
for (const [method, from, to] of [
  ...moved("console", "GET", ["/signin", "/sales", "/sales/new", "/event-mode", "/log"]),
  ...moved(
    "console",
    "GET",
    ["", "/live", "/account", "/tickets.csv", "/queue.csv", "/pause", "/resume", "/stop"].map((each) => sample + each),
  ),
  ...moved("console", "POST", ["/signin", "/signout", "/sales/new", "/event-mode"]),
  ...moved(
    "console",
    "POST",
    ["/change", "/clear-alarm", "/pause", "/resume", "/stop"].map((each) => sample + each),
  ),
  ...moved("lab", "GET", ["", "/estimate", "/figures", "/history", "/compare", "/reset", "/runs"]),
  ...moved(
    "lab",
    "GET",
    ["", "/live", "/replay", "/stop", "/star", "/delete", "/report.html", "/series.csv"].map((each) => run + each),
  ),
  ...moved("lab", "POST", ["/reset", "/runs", `${run}/stop`, `${run}/star`, `${run}/delete`]),
])
  test(`${method} ${from} leads to ${to}, where it is answered`, async () => {
    const answer = await world.request(method, `${from}?a=b%20c`)
    expect([answer.status, answer.headers.get("location")]).toEqual([308, `${to}?a=b%20c`])
    const there = await world.request(method, to)
    expect(there.status).not.toBe(405)
    expect(there.text).not.toContain("Nothing is here")
    expect(there.body["code"]).not.toBe("not_found")
  })

test("a form of a page that was open before is taken under the new address", async () => {
  const answer = await fetch(`${world.url}/control/signin`, {
    method: "POST",
    body: new URLSearchParams({ name: "Olga", key: adminKey, next: "/events" }),
    headers: { "sec-fetch-site": "same-origin" },
  })
  expect([answer.status, answer.url]).toEqual([200, `${world.url}/events`])
})

test("the front door leads to the lab, with what was asked; an unknown address of old leads nowhere", async () => {
  const front = await world.request("GET", "/?preset=storm")
  expect([front.status, front.headers.get("location")]).toEqual([303, "/lab?preset=storm"])
  for (const path of ["/control/nothing", "/control/signin/more", "/controls"])
    expect([path, (await world.request("GET", path)).status]).toEqual([path, 404])
})

const parts = { config: { mode: "demo" } } as Parts
const rows = [...consoleRoutes(parts, {} as never, {} as never), ...fanRoutes(parts, {} as never)]
const closed = rows.filter(({ who }) => who !== "anybody")

test("each page has one row, and those for people who are known are many", () => {
  const addresses = rows.map(({ method, path }) => `${method} ${path}`)
  expect(addresses.length).toBe(new Set(addresses).size)
  expect(closed.length).toBeGreaterThan(25)
})

for (const { method, path, who } of closed)
  test(`${method} ${path} sends a stranger to the sign-in, for its row says ${who}`, async () => {
    const address = path.replace(":id", sale).replace(/:\w+/, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    const answer = method === "GET" ? await world.request(method, address) : await post(address, {})
    const door = who === "operator" ? "/console/signin?next=" : "/signin?next="
    expect([answer.status, answer.headers.get("location")?.slice(0, door.length)]).toEqual([303, door])
  })

test("Retry-After of a refusal is one number of seconds, in a document and on a page", async () => {
  const body = { email: "nobody@example.org", password: "short" }
  const refused = async (ask: () => Promise<Answer>): Promise<Answer> => {
    const answer = await ask()
    return answer.status === 429 ? answer : refused(ask)
  }
  for (const ask of [
    () => world.request("POST", "/v1/auth/login", { body }),
    () => post("/signin", body),
    () => post("/console/signin", { name: "Eve", key: "guess" }),
  ])
    expect((await refused(ask)).headers.get("retry-after")).toMatch(/^\d+$/)
})
