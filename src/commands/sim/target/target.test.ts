import { afterAll, expect, test } from "bun:test"
import { devAdminKey } from "../../../config.ts"
import { exitCodes, Refusal } from "../../../exit.ts"
import { askClock, openTarget as open, targetingOf, type Targeting } from "./target.ts"

/** The target, or why it is refused. */
const openTarget = (text: string, targeting: Targeting) =>
  open(text, targeting).catch((error: unknown) => {
    if (error instanceof Refusal) return error
    throw error
  })

const asked: string[] = []
let answer: (request: Request) => Response = () => Response.json({ now: "2027-01-15T08:00:00.000Z" })
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get("x-admin-key")}`)
    return answer(request)
  },
})
afterAll(() => server.stop(true))

/** What was sent meanwhile. */
const sentBy = async <T>(act: () => Promise<T>) => {
  asked.length = 0
  answer = () => Response.json({ now: "2027-01-15T08:00:00.000Z" })
  return { found: await act(), sent: [...asked] }
}
const resolved: string[] = []
const at = (...addresses: string[]): Targeting => ({
  isOwn: false,
  resolve: async (host) => {
    resolved.push(host)
    return addresses
  },
})
const here = (host: string) => `http://${host}:${server.port}`

test("a server on this machine is taken without a word, and nothing is asked of it", async () => {
  for (const [host, targeting] of [
    ["127.0.0.1", at()],
    ["127.5.6.7", at()],
    ["[::1]", at()],
    ["[::ffff:127.0.0.1]", at()],
    ["2130706433", at()],
    ["localhost", at("127.0.0.1", "::1")],
    ["shop.test", at("127.0.0.1")],
  ] as const) {
    const { found, sent } = await sentBy(() => openTarget(here(host), targeting))
    expect([host, found instanceof Refusal ? found : found.isLoopback, sent]).toEqual([host, true, []])
  }
})

test("a name of this machine is replaced by its address, so that it cannot lead elsewhere later", async () => {
  const found = await openTarget(here("shop.test"), at("127.0.0.1"))
  expect(found).toMatchObject({ origin: here("127.0.0.1"), adminKey: devAdminKey })
})

for (const [text, targeting] of [
  ["http://192.0.2.1", at()],
  ["http://[2001:db8::1]:8080", at()],
  ["http://0.0.0.0:8080", at()],
  ["http://127.0.0.1.example", at("192.0.2.1")],
  ["https://shop.example", at("192.0.2.1")],
  ["http://localhost", at("127.0.0.1", "192.0.2.1")],
  ["http://nowhere.example", at()],
] as const)
  test(`${text} is refused without the owner's word, before anything is sent`, async () => {
    for (const known of [targeting, { ...targeting, adminKey: "key" }]) {
      const { found, sent } = await sentBy(() => openTarget(text, known))
      expect(found).toMatchObject({
        message: `--target ${text}: name a server on this machine, such as http://127.0.0.1:8080; for another one that is yours add --i-own-this-target and its --admin-key`,
        exitCode: exitCodes.usage,
      })
      expect(sent).toEqual([])
    }
  })

test("the owner's word alone is not enough: without the admin key nothing is sent", async () => {
  const { found, sent } = await sentBy(() => openTarget(here("localhost"), { ...at("192.0.2.1"), isOwn: true }))
  expect(found).toMatchObject({
    exitCode: 64,
    message: expect.stringContaining("add --admin-key or set TRAFFIC_ADMIN_KEY"),
  })
  expect(sent).toEqual([])
})

/** The system finds localhost on this machine; this resolver says that it is elsewhere. */
const owned = { ...at("192.0.2.1"), isOwn: true, adminKey: "secret" }

test("with both, one cheap request proves the key before anything else", async () => {
  const { found, sent } = await sentBy(() => openTarget(here("localhost"), owned))
  expect(found).toMatchObject({ isLoopback: false, origin: here("localhost") })
  expect(sent).toEqual(["GET /v1/admin/clock secret"])
})

for (const [what, said, complaint, code] of [
  ["a wrong key", () => Response.json({ code: "forbidden" }, { status: 403 }), "--admin-key: it is not the key of", 64],
  ["another program", () => new Response("hello"), "did not answer with JSON", 69],
  ["another API", () => Response.json({}), "does not tell the time", 64],
  [
    "an older server",
    () => Response.json({ detail: "nothing here" }, { status: 404 }),
    "answered 404: nothing here",
    1,
  ],
] as const)
  test(`${what} is not used`, async () => {
    asked.length = 0
    answer = said
    const found = await openTarget(here("localhost"), owned)
    expect(found).toMatchObject({ exitCode: code, message: expect.stringContaining(complaint) })
    expect(asked.length).toBe(1)
  })

test("nobody is sent on to another place", async () => {
  asked.length = 0
  answer = () => new Response(null, { status: 302, headers: { location: here("127.0.0.1") + "/elsewhere" } })
  const found = await openTarget(here("localhost"), owned)
  expect(found).toMatchObject({ exitCode: 64, message: expect.stringContaining("nobody is sent on") })
  expect(asked).toEqual(["GET /v1/admin/clock secret"])
})

test("text that is no address of a server is refused, and so are keys within it", async () => {
  for (const text of ["here", "ftp://127.0.0.1", "http://user:pass@127.0.0.1", "", "//127.0.0.1"])
    expect(await openTarget(text, { ...owned, ...at("127.0.0.1") })).toMatchObject({ exitCode: 64 })
})

test("the admin key goes to admin routes only", async () => {
  const found = await openTarget(here("127.0.0.1"), { ...at(), adminKey: "secret" })
  if (found instanceof Refusal) throw found
  const { sent } = await sentBy(async () => {
    await askClock(found)
    await found.call("GET", "/v1/demo/config")
  })
  expect(sent).toEqual(["GET /v1/admin/clock secret", "GET /v1/demo/config null"])
})

test("flags go before the environment", () => {
  const env = { TRAFFIC_ADMIN_KEY: "env", TRAFFIC_DEMO_KEY: "demo" }
  expect(targetingOf({ adminKey: "flag" }, env)).toMatchObject({ isOwn: false, adminKey: "flag", demoKey: "demo" })
  expect(targetingOf({ iOwnThisTarget: true }, env)).toMatchObject({ isOwn: true, adminKey: "env" })
  expect(targetingOf({}, { TRAFFIC_ADMIN_KEY: "" }).adminKey).toBeUndefined()
})
