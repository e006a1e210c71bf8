import { afterAll, beforeAll, expect, test } from "bun:test"
import { join } from "node:path"
import { lookupSockets, urlsOf } from "../appliance/sockets.ts"
import { openPostgres } from "../stores/postgres.ts"
import { closeBrowser, overflowOf, violationsOf, visit, type Visit } from "../testing/browser.ts"
import { adminKey, inDays, openWorld, type World } from "../testing/world.ts"

const patience = 90_000
let world: World
beforeAll(async () => {
  world = await openWorld({ env: { TRAFFIC_SIGN_INS_PER_ADDRESS_PER_MIN: "1000", TRAFFIC_TIME_ZONE: "Asia/Kolkata" } })
}, patience)
afterAll(async () => {
  await closeBrowser()
  await world.close()
}, patience)

const signIn = async ({ page }: Visit, name = "Olga") => {
  await page.goto(`${world.url}/console/sales`)
  await page.fill("[name=name]", name)
  await page.fill("[name=key]", adminKey)
  await page.click("button >> text=Sign in")
  await page.waitForSelector("h1 >> text=Sales")
}
const sound = async ({ page, trouble }: Visit) => {
  const where = new URL(page.url()).pathname
  expect([where, await overflowOf(page)]).toEqual([where, 0])
  expect([where, trouble.problems]).toEqual([where, []])
  expect([where, await violationsOf(page)]).toEqual([where, []])
}
/** As a form writes it, the wall time in Kolkata. */
const wallTime = (at: number) => new Date(at + 5.5 * 3_600_000).toISOString().slice(0, 16)

for (const [width, scheme] of [
  [390, "dark"],
  [1440, "light"],
] as const)
  test(
    `an organiser makes a sale from nothing and moves it, at ${width} px, ${scheme}`,
    async () => {
      const visitor = await visit({ width, scheme })
      const { page, context } = visitor
      await page.goto(`${world.url}/console/sales`)
      await sound(visitor)
      await signIn(visitor)
      await sound(visitor)
      await page.click("text=New sale")
      await sound(visitor)
      const name = `From nothing ${width}`
      const opensAt = Date.now() - 60_000
      await page.fill("[name=name]", name)
      await page.fill("[name=venue]", "Arena")
      await page.fill("[name=starts_at]", wallTime(Date.now() + 86_400_000 * 30))
      await page.fill("[name=opens_at]", wallTime(opensAt))
      await page.fill("[name=ends_at]", wallTime(Date.now() + 86_400_000))
      await page.setInputFiles("[name=plan_file]", {
        name: "plan.csv",
        mimeType: "text/csv",
        buffer: Buffer.from('section;rows;seats per row;price\n"Parkett; links";2;10;89,50\nRang;3;8;45\n'),
      })
      await page.click("text=Create the sale")
      await page.waitForSelector("#figures")
      await sound(visitor)
      const sale = new URL(page.url()).pathname.split("/").at(-1)!
      const made = await world.request("GET", `/v1/sales/${sale}`)
      expect(made.body.prices).toEqual([
        { section: "Parkett; links", price_cents: 8950, available: 20 },
        { section: "Rang", price_cents: 4500, available: 24 },
      ])
      expect(Date.parse(made.body.opens_at)).toBe(Math.floor(opensAt / 60_000) * 60_000)

      await page.click("text=Pause the sale")
      await sound(visitor)
      await page.click("text=Pause it now")
      await page.waitForSelector("text=Resume the sale")
      expect((await world.request("GET", `/v1/sales/${sale}`)).body.phase).toBe("paused")
      await page.click("text=Resume the sale")
      await page.click("text=Resume it now")
      await page.waitForSelector("text=Pause the sale")

      await page.fill("[name=admit_per_minute]", "1200")
      await page.fill("[name=message]", "Doors <b>open</b> at six")
      await page.click("text=Look over the change")
      await page.waitForSelector("text=Up to 1,200 people a minute are let in instead of 600")
      await sound(visitor)
      expect((await world.request("GET", `/v1/sales/${sale}`)).body.admit_per_minute).toBe(600)
      await page.click("text=Change it now")
      await page.waitForSelector("#figures")
      expect((await world.request("GET", `/v1/sales/${sale}`)).body).toMatchObject({
        admit_per_minute: 1200,
        message: "Doors <b>open</b> at six",
      })

      await page.click("text=Emergency stop")
      await page.fill("[name=typed]", "stop")
      await page.click("button >> text=Stop the sale for good")
      await page.waitForSelector("text=Type STOP, in capitals")
      expect((await world.request("GET", `/v1/sales/${sale}`)).body.phase).toBe("open")
      visitor.trouble.problems.length = 0 // the refusal is an answer 400
      await page.fill("[name=typed]", "STOP")
      await page.click("button >> text=Stop the sale for good")
      await page.waitForSelector("#figures")
      expect((await world.request("GET", `/v1/sales/${sale}`)).body.phase).toBe("closed")
      await page.click("nav >> text=Log")
      await sound(visitor)
      const log = await page.textContent("table")
      for (const deed of [
        "stopped the sale for good",
        'admissions a minute from 600 to 1200; message from "" to "Doors <b>open</b> at six"',
        "resumed the sale",
        "paused the sale",
        "created the event and the sale",
      ])
        expect(log).toContain(deed)
      expect(log).toContain("Olga")
      await context.close()
    },
    patience,
  )

test(
  "an organiser finds a person and sees the whole history",
  async () => {
    const sale = await world.sale()
    const made = await world.request("POST", "/v1/auth/register", {
      body: { email: "Ada@Example.com", password: "a sentence nobody writes" },
    })
    const ada = { userId: made.body.user_id as string, token: made.body.token as string }
    await world.join(sale, ada)
    const token = await world.admitted(sale, ada)
    const hold = await world.hold(sale, token, { quantity: 2 })
    const order = await world.checkout(sale, token, { hold_id: hold.body.hold_id, holder_name: "=cmd|' /C calc'!A0" })
    expect(order.status).toBe(200)
    const visitor = await visit({ width: 390 })
    await signIn(visitor)
    const { page, context } = visitor
    await page.goto(`${world.url}/console/sales/${sale}`)
    await page.fill("[name=q]", "ada@example.com")
    await page.click("text=Search the queue")
    await page.waitForSelector(".timeline")
    const told = (await page.locator(".timeline li span").allTextContents()).join("\n")
    for (const each of [
      "Joined the queue",
      "Was called",
      "Came in",
      "Held 2 seats (paid)",
      "Ordered 2 seats",
      "the place was given back",
    ])
      expect(told).toContain(each)
    await sound(visitor)

    const csv = await (await context.request.get(`${world.url}/console/sales/${sale}/tickets.csv`)).text()
    const lines = csv.trim().split("\r\n")
    expect(lines.length).toBe(3)
    expect(lines[1]).toContain(`,ada@example.com,'=cmd|' /C calc'!A0,`)
    const queue = await (await context.request.get(`${world.url}/console/sales/${sale}/queue.csv`)).text()
    expect(queue.trim().split("\r\n")[1]).toStartWith(`1,${ada.userId},`)
    await context.close()
  },
  patience,
)

test(
  "an e-mail address is shown as text, and stays text in a spreadsheet",
  async () => {
    const email = `=cmd|'/c'!a1<img/src=x/onerror=document.title='owned'>@evil.example`
    const made = await world.request("POST", "/v1/auth/register", {
      body: { email, password: "a sentence nobody writes" },
    })
    expect(made.status).toBe(201)
    const eve = { userId: made.body.user_id as string, token: made.body.token as string }
    const sale = await world.sale()
    await world.join(sale, eve)
    const token = await world.admitted(sale, eve)
    const hold = await world.hold(sale, token, { quantity: 1 })
    expect((await world.checkout(sale, token, { hold_id: hold.body.hold_id })).status).toBe(200)
    const visitor = await visit({ width: 390 })
    await signIn(visitor)
    const { page, context } = visitor
    await page.goto(`${world.url}/console/sales/${sale}/account?q=${encodeURIComponent(email)}`)
    expect(await page.textContent("h1")).toBe(email)
    expect(await page.title()).not.toBe("owned")
    const csv = await (await context.request.get(`${world.url}/console/sales/${sale}/tickets.csv`)).text()
    expect(csv).toContain(`,'${email},`)
    await context.close()
  },
  patience,
)

test("nothing of the console opens without the admin key", async () => {
  const sale = await world.sale()
  const paths = [
    "",
    "/new",
    `/${sale}`,
    `/${sale}/live`,
    `/${sale}/pause`,
    `/${sale}/stop`,
    `/${sale}/account?q=a`,
    `/${sale}/tickets.csv`,
    `/${sale}/queue.csv`,
  ]
  for (const path of paths) {
    const answer = await world.request("GET", `/console/sales${path}`, {
      headers: { cookie: "traffic-operator=a.1.b.c" },
    })
    expect([path, answer.status]).toEqual([path, 303])
    expect(answer.headers.get("location")).toStartWith("/console/signin?")
  }
  for (const path of [`/${sale}/pause`, `/${sale}/stop`, `/${sale}/change`]) {
    const answer = await world.request("POST", `/console/sales${path}`, {
      raw: "typed=STOP&sure=yes",
      headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
    })
    expect([path, answer.status]).toEqual([path, 303])
  }
  const wrong = await world.request("POST", "/console/signin", {
    raw: "name=Eve&key=wrong",
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
  })
  expect([wrong.status, wrong.headers.get("set-cookie")]).toEqual([403, null])
  expect((await world.request("GET", `/v1/sales/${sale}`)).body.phase).toBe("open")
})

test("another site cannot use an operator's session", async () => {
  const sale = await world.sale()
  const signedIn = await world.request("POST", "/console/signin", {
    raw: new URLSearchParams({ name: "Olga", key: adminKey }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
  })
  const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!
  const foreign: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "http://evil.example" },
    {},
  ]
  for (const headers of foreign) {
    const answer = await world.request("POST", `/console/sales/${sale}/stop`, {
      raw: "typed=STOP",
      headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
    })
    expect([JSON.stringify(headers), answer.status]).toEqual([JSON.stringify(headers), 403])
  }
  expect((await world.request("GET", `/v1/sales/${sale}`)).body.phase).toBe("open")
})

test(
  "an open page of a sale learns what another operator does, and keeps what is typed and focused",
  async () => {
    const sale = await world.sale()
    const visitor = await visit({ width: 390 })
    await signIn(visitor)
    const { page, context } = visitor
    await page.goto(`${world.url}/console/sales/${sale}`)
    await page.fill("[name=message]", "not sent yet")
    await world.admin("POST", `/v1/admin/sales/${sale}/pause`)
    await page.waitForSelector("#controls >> text=Nobody is called until you resume it")
    expect(await page.inputValue("[name=message]")).toBe("not sent yet")
    await page.focus("#pause")
    await page.waitForResponse((response) => response.url().includes("/live"))
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Resume the sale")
    await sound(visitor)
    await context.clearCookies()
    await page.waitForURL(/\/console\/signin/)
    await page.waitForSelector("h1 >> text=Organiser's console")
    expect(await page.locator("#figures").count()).toBe(0)
    await context.close()
  },
  patience,
)

test(
  "an alarm shows on a page that is open, says what to do, and is cleared by whoever has looked",
  async () => {
    const sale = await world.sale()
    const visitor = await visit({ width: 390, scheme: "dark" })
    await signIn(visitor)
    const { page, context } = visitor
    await page.goto(`${world.url}/console/sales/${sale}`)
    const { databaseUrl } = urlsOf(lookupSockets(join(world.folder, "data")))
    const sql = openPostgres(databaseUrl, { max: 1, name: "alarm" })
    await sql`update queue_rooms set alarm = 'position 4 has two accounts' where sale_id = ${sale}`
    await sql.end()
    await page.waitForSelector("#controls [role=alert] >> text=position 4 has two accounts")
    await sound(visitor)
    await page.click("text=I have looked; call people again")
    await page.waitForSelector("#controls >> text=People are called in order")
    expect(await page.locator("#controls [role=alert]").count()).toBe(0)
    await context.close()
  },
  patience,
)

test(
  "what an operator cannot do is told in the console, with everything beside it in place",
  async () => {
    const visitor = await visit({ width: 390 })
    await signIn(visitor)
    const { page, trouble } = visitor
    const sale = await world.sale()
    for (const path of [
      "/console/sales",
      "/console/event-mode",
      "/console/sales/01ARZ3NDEKTSV4RRFFQ69G5FAV",
      `/console/sales/${sale}/account?q=nobody@example.com`,
      `/console/sales/${sale}/stop`,
    ]) {
      await page.goto(world.url + path)
      trouble.problems.length = 0 // an unknown thing is an answer 404
      expect([path, await page.locator("nav >> text=Sign out Olga").count()]).toEqual([path, 1])
      await sound(visitor)
    }
    await visitor.context.close()
  },
  patience,
)

test(
  "a sale that cannot be is refused with the field, and no event is left of it",
  async () => {
    const before = (await world.request("GET", "/v1/events?q=impossible")).body.events.length
    const visitor = await visit()
    await signIn(visitor)
    const { page, context } = visitor
    await page.goto(`${world.url}/console/sales/new`)
    const fill = async (fields: Record<string, string>) => {
      for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value)
      await page.click("text=Create the sale")
    }
    const at = (days: number) => inDays(days).slice(0, 16)
    await fill({ name: "Impossible", venue: "Arena", starts_at: at(30), opens_at: at(2), ends_at: at(1) })
    await page.waitForSelector("[role=alert] >> text=The opening of the sale must be before the end of the sale.")
    expect(await page.inputValue("[name=name]")).toBe("Impossible")
    for (const line of ["A, 10, many, 5", "A, ten, 20, 5"]) {
      await fill({ ends_at: at(3), plan: `${line}\nB, 1, 2, 3` })
      await page.waitForSelector(`[role=alert] >> text=Line 1 of the seats (${line}) must read`)
    }
    await fill({ plan: "A, 1, 2000, 3" })
    await page.waitForSelector("[role=alert] >> text=The seats in a row must be a whole number from 1 to 1000.")
    expect(await page.getAttribute("[name=plan]", "aria-invalid")).toBe("true")
    expect((await world.request("GET", "/v1/events?q=impossible")).body.events.length).toBe(before)
    await context.close()
  },
  patience,
)

test(
  "event mode sheds what a sale does not need, and nothing else",
  async () => {
    const sale = await world.sale()
    const [fan] = await world.fans(1)
    const signedIn = await world.request("POST", "/console/signin", {
      raw: new URLSearchParams({ name: "Olga", key: adminKey }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
    })
    const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!
    const turn = (on: "yes" | "no") =>
      world.request("POST", "/console/event-mode", {
        raw: `on=${on}`,
        headers: { cookie, "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
      })
    const stream = () =>
      world.request("GET", `/v1/sales/${sale}/waiting-room/stream`, { headers: { ...world.bearer(fan!), accept: "x" } })
    const extras = async () => [
      (await world.request("GET", "/v1/events?q=night")).status,
      (await world.request("GET", "/events?q=night")).status,
      (await world.request("POST", "/v1/demo/loadtest", { body: { scenario: "launch_spike", vus_max: 0 } })).status,
    ]
    expect(await extras()).toEqual([200, 200, 400])
    expect((await turn("yes")).status).toBe(303)
    expect((await extras()).slice(0, 2)).toEqual([503, 503])
    expect((await stream()).status).toBe(503)
    const run = await world.request("POST", "/v1/demo/loadtest", { body: { scenario: "launch_spike", vus_max: 5 } })
    expect([run.status, run.body.code]).toEqual([503, "overloaded"])
    expect((await world.join(sale, fan!)).status).toBe(201)
    const token = await world.admitted(sale, fan!)
    const hold = await world.hold(sale, token, { quantity: 1 })
    expect((await world.checkout(sale, token, { hold_id: hold.body.hold_id })).status).toBe(200)
    expect((await world.request("GET", "/v1/events")).status).toBe(200)
    await turn("no")
    expect(await extras()).toEqual([200, 200, 400])
    const log = await world.request("GET", "/console/log", { headers: { cookie } })
    expect(log.text).toContain("switched event mode on")
  },
  patience,
)
