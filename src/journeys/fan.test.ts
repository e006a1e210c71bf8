import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { BrowserContext, Page } from "playwright-core"
import { closeBrowser, overflowOf, violationsOf, visit, type Trouble, type Viewer } from "../testing/browser.ts"
import { until } from "../testing/until.ts"
import { inDays, openWorld, type Fan, type World } from "../testing/world.ts"
import { minutes } from "../units.ts"

const patience = 90_000
let world: World
beforeAll(async () => {
  world = await openWorld({
    env: { TRAFFIC_SIGN_INS_PER_ADDRESS_PER_MIN: "1000", TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "1000" },
  })
}, patience)
afterAll(async () => {
  await closeBrowser()
  await world.close()
}, patience)

let people = 0
const freshEmail = () => `fan${++people}@example.com`
const shown = (state: string) => `[data-state="${state}"]:not([hidden])`
const signInAs = (context: BrowserContext, fan: Fan) =>
  context.addCookies([{ name: "traffic", value: fan.token, url: world.url, httpOnly: true, sameSite: "Lax" }])
const eventWith = async (fields: Record<string, unknown>) => {
  const made = await world.admin("POST", "/v1/admin/events", {
    name: "Night",
    venue: "Arena",
    starts_at: inDays(30),
    ...fields,
  })
  return made.body.event_id as string
}
const saleOf = (event: string, settings: Record<string, unknown> = {}) =>
  world.admin("POST", "/v1/admin/sales", {
    event_id: event,
    opens_at: inDays(-0.001),
    ends_at: inDays(1),
    total_seats: 60,
    admit_per_minute: 60_000,
    waiting_room_cap: 1000,
    shopper_capacity: 100,
    ...settings,
  })

/** Nothing hangs over, nothing is broken or refused, nothing comes from elsewhere, nobody is kept out. */
const expectSound = async (page: Page, trouble: Trouble) => {
  const where = new URL(page.url()).pathname
  expect([where, await overflowOf(page)]).toEqual([where, 0])
  expect([where, trouble.problems]).toEqual([where, []])
  expect(trouble.requests.filter((each) => !each.startsWith(`${world.url}/`) && !each.startsWith("data:"))).toEqual([])
  expect([where, await violationsOf(page)]).toEqual([where, []])
}

describe("a fan from the search to the code at the gate", () => {
  const looks: Viewer[] = [
    { width: 390, scheme: "light" },
    { width: 1440, scheme: "dark" },
  ]
  for (const look of looks)
    test(
      `at ${look.width} px, ${look.scheme}`,
      async () => {
        const name = `Symphony ${look.width}`
        await saleOf(await eventWith({ name, city: "Lyon", category: "classical" }))
        const { page, trouble, context } = await visit(look)
        const sound = () => expectSound(page, trouble)

        await page.goto(`${world.url}/events`)
        await page.fill("[name=q]", `symphony ${look.width} lyon`)
        await page.selectOption("[name=category]", "classical")
        await page.click("text=Search")
        await sound()
        await page.click(`.card >> text=${name}`)
        await sound()
        await page.click("text=To the waiting room")
        await page.waitForSelector(shown("sign_in"))
        await sound()
        await page.click(`${shown("sign_in")} >> text=Make an account`)
        await page.fill("[name=email]", freshEmail())
        await page.fill("[name=password]", "a sentence nobody writes")
        await sound()
        await page.click("text=Make the account")
        await page.waitForSelector(shown("join"))
        await sound()
        await page.click("text=Take my place")
        await page.waitForSelector(shown("turn"))
        expect(await page.title()).toStartWith("It is your turn")
        await sound()
        await page.click("text=Choose seats")
        await sound()
        await page.click("text=As a list")
        await sound()
        await page.click("text=As a map")
        const free = page.locator("input[name=seat]:enabled")
        await free.nth(0).check({ force: true })
        await free.nth(1).check({ force: true })
        await page.click("text=Hold these seats")
        await page.waitForSelector("[name=holder_name]")
        await sound()
        await page.fill("[name=holder_name]", "Ada Lovelace")
        await page.fill("[name=card]", "4242 4242 4242 4242")
        await page.click("button >> text=Pay")
        await page.waitForSelector("text=Paid. See you there!")
        await sound()
        await page.click("main >> text=My tickets")
        await page.waitForSelector("img.code")
        await sound()
        expect(await page.locator("li.ticket").count()).toBe(2)
        const drawn = await page.$$eval("img.code", (images) =>
          images.map((each) => (each as HTMLImageElement).naturalWidth > 0),
        )
        expect(drawn).toEqual([true, true])
        expect(await page.textContent("li.ticket")).toContain("Ada Lovelace")
        const calendar = await context.request.get(
          (await page.getAttribute("a[download]", "href"))!.replace(/^/, world.url),
        )
        expect(await calendar.text()).toContain(`SUMMARY:${name}`)
        await page.click("text=Sign out")
        await page.goto(`${world.url}/me/tickets`)
        expect(new URL(page.url()).pathname).toBe("/signin")
        await context.close()
      },
      patience,
    )

  test(
    "without JavaScript",
    async () => {
      await saleOf(await eventWith({ name: "Unplugged" }))
      const { page, context } = await visit({ width: 390, javaScript: false })
      await page.goto(`${world.url}/events?q=unplugged`)
      await page.click(".card >> text=Unplugged")
      await page.click("text=To the waiting room")
      await page.waitForURL("**/place")
      await page.click("text=Make an account")
      await page.fill("[name=email]", freshEmail())
      await page.fill("[name=password]", "a sentence nobody writes")
      await page.click("text=Make the account")
      await page.waitForURL("**/place")
      await page.click("text=Take my place")
      await page.waitForURL("**/place")
      // The page asks again by itself while one waits.
      await page.waitForSelector(shown("turn"))
      await page.click("text=Choose seats")
      await page.selectOption("[name=quantity]", "2")
      await page.click("text=Best available")
      await page.fill("[name=holder_name]", "Grace Hopper")
      await page.fill("[name=card]", "4242424242424242")
      await page.click("button >> text=Pay")
      await page.waitForSelector("text=Paid. See you there!")
      await page.click("main >> text=My tickets")
      expect(await page.locator("li.ticket").count()).toBe(2)
      await context.close()
    },
    patience,
  )

  test(
    "with the keyboard alone",
    async () => {
      await saleOf(await eventWith({ name: "Keys" }))
      const [fan] = await world.fans(1)
      const { page, context } = await visit()
      await signInAs(context, fan!)
      /** Walks on until the element with this text has the focus. */
      const reach = async (text: string) => {
        for (let left = 80; left > 0; left--) {
          await page.keyboard.press("Tab")
          const focused = await page.evaluate(() => {
            const element = document.activeElement
            return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? ""
          })
          if (focused.includes(text)) return
        }
        throw new Error(`Tab never came to ${text}`)
      }
      const press = async (text: string) => {
        await reach(text)
        await page.keyboard.press("Enter")
      }
      await page.goto(`${world.url}/events?q=keys`)
      await press("Keys")
      await page.waitForSelector("h1 >> text=Keys")
      await press("To the waiting room")
      await page.waitForSelector(shown("join"))
      await press("Take my place")
      await page.waitForSelector(shown("turn"))
      await press("Choose seats")
      await page.waitForSelector("[data-plan]")
      await reach("Row 1, seat 1")
      await page.keyboard.press("ArrowRight")
      await page.keyboard.press("Space")
      await page.keyboard.press("ArrowDown")
      await page.keyboard.press("Space")
      expect(await page.textContent("[data-chosen]")).toBe("Chosen: row 1 seat 2, row 2 seat 2")
      await press("Hold these seats")
      await page.waitForSelector("[name=holder_name]")
      await page.locator("[name=holder_name]").focus()
      await page.keyboard.type("Kay")
      await page.keyboard.press("Tab")
      await page.keyboard.type("4242424242424242")
      await page.keyboard.press("Enter")
      await page.waitForSelector("text=Paid. See you there!")
      await context.close()
    },
    patience,
  )
})

describe("in the waiting room", () => {
  /** A sale that calls nobody, with some people before. */
  const crowded = async (before: number, settings: Record<string, unknown> = {}) => {
    const sale = await world.sale({ admit_per_minute: 1, shopper_capacity: 1, ...settings })
    for (const fan of await world.fans(before)) expect((await world.join(sale, fan)).status).toBe(201)
    return sale
  }

  test(
    "reload, back, a second tab and a cut connection keep the place",
    async () => {
      const sale = await crowded(6)
      const [fan] = await world.fans(1)
      const { page, context } = await visit({ width: 390 })
      await signInAs(context, fan!)
      const wait = `${world.url}/sales/${sale}/wait`
      await page.goto(wait)
      await page.click("text=Take my place")
      await page.waitForSelector(shown("waiting"))
      const place = () => page.textContent('[data-field="position"]')
      expect(await place()).toBe("7")

      await page.reload()
      await page.waitForSelector(shown("waiting"))
      expect(await place()).toBe("7")
      await page.goto(`${world.url}/events`)
      await page.goBack()
      await page.waitForSelector(shown("waiting"))
      expect(await place()).toBe("7")
      const second = await context.newPage()
      await second.goto(wait)
      await second.waitForSelector(shown("waiting"))
      expect(await second.textContent('[data-field="position"]')).toBe("7")
      await second.close()
      await context.setOffline(true)
      await page.waitForSelector('[data-field="lost"]:not([hidden])')
      expect(await place()).toBe("7")
      await context.setOffline(false)
      await page.waitForSelector('[data-field="lost"]', { state: "hidden" })
      expect(await place()).toBe("7")
      await context.close()
    },
    patience,
  )

  test(
    "pause, resume and the organiser's message are told",
    async () => {
      const sale = await crowded(3)
      const [fan] = await world.fans(1)
      const { page, context } = await visit({ width: 390 })
      await signInAs(context, fan!)
      await world.join(sale, fan!)
      await page.goto(`${world.url}/sales/${sale}/wait`)
      await page.waitForSelector(shown("waiting"))
      const took: number[] = []
      const change = async (action: string, state: "visible" | "hidden") => {
        await world.admin("POST", `/v1/admin/sales/${sale}/${action}`)
        const began = performance.now()
        await page.waitForSelector('[data-field="paused"]', { state })
        took.push(Math.round(performance.now() - began))
      }
      await change("pause", "visible")
      await change("resume", "hidden")
      console.log(`pause was seen after ${took[0]} ms, resume after ${took[1]} ms`)
      await world.admin("PATCH", `/v1/admin/sales/${sale}`, { message: "Doors <b>open</b> at six" })
      await page.waitForSelector("text=Doors <b>open</b> at six")
      await context.close()
    },
    patience,
  )

  test(
    "before the sale opens no wait is promised, and a new pace is explained",
    async () => {
      const sale = await crowded(2, { queue_opens_at: inDays(-0.001), opens_at: inDays(0.5) })
      const open = await crowded(3)
      const [fan] = await world.fans(1)
      const { page, trouble, context } = await visit({ width: 390, scheme: "dark" })
      await signInAs(context, fan!)
      for (const each of [sale, open]) await world.join(each, fan!)
      await page.goto(`${world.url}/sales/${sale}/wait`)
      await page.waitForSelector(shown("waiting"))
      await page.waitForSelector("text=nobody is called before")
      expect(await page.isVisible("text=Expected wait")).toBe(false)
      expect(await page.textContent('[data-field="ahead"]')).toBe("2 people ahead of you")
      await expectSound(page, trouble)
      await page.goto(`${world.url}/sales/${open}/wait`)
      await page.waitForSelector("text=Expected wait")
      await world.admin("PATCH", `/v1/admin/sales/${open}`, { admit_per_minute: 2 })
      await page.waitForSelector("text=The organiser now lets in up to 2 people a minute")
      await context.close()
    },
    patience,
  )

  for (const javaScript of [true, false])
    test(
      `whoever still waits is told that all seats are sold, ${javaScript ? "with" : "without"} JavaScript`,
      async () => {
        const sale = await world.sale({ total_seats: 1, shopper_capacity: 1 })
        const [buyer, next, fan] = await world.fans(3)
        for (const each of [buyer!, next!, fan!]) await world.join(sale, each)
        const token = await world.admitted(sale, buyer!)
        const { page, trouble, context } = await visit({ width: 390, javaScript })
        await signInAs(context, fan!)
        await page.goto(`${world.url}/sales/${sale}/wait`)
        await page.waitForSelector(shown("waiting"))
        const hold = await world.hold(sale, token, { quantity: 1 })
        expect((await world.checkout(sale, token, { hold_id: hold.body.hold_id })).status).toBe(200)
        await page.waitForSelector("text=All seats are sold. You keep your place")
        expect(await page.isVisible("text=Expected wait")).toBe(false)
        if (javaScript) await expectSound(page, trouble)
        await context.close()
      },
      patience,
    )

  test(
    "a board that a cache has kept does not contradict the stream",
    async () => {
      const sale = await world.sale({ total_seats: 1, shopper_capacity: 1, message: "Doors open at six" })
      const [buyer, next, fan] = await world.fans(3)
      for (const each of [buyer!, next!, fan!]) await world.join(sale, each)
      const token = await world.admitted(sale, buyer!)
      const { page, context } = await visit({ width: 390 })
      await signInAs(context, fan!)
      const kept = (await world.request("GET", `/v1/sales/${sale}/waiting-room/board`)).body
      expect(kept.phase).toBe("open")
      let asked = 0
      await page.route("**/waiting-room/board", (route) => route.fulfill({ json: { ...kept, seats_left: ++asked } }))
      await page.goto(`${world.url}/sales/${sale}/wait`)
      await page.waitForSelector("text=Expected wait")
      await world.admin("PATCH", `/v1/admin/sales/${sale}`, { message: "Doors open at seven" })
      const hold = await world.hold(sale, token, { quantity: 1 })
      expect((await world.checkout(sale, token, { hold_id: hold.body.hold_id })).status).toBe(200)
      await page.waitForSelector("text=All seats are sold. You keep your place")
      await page.waitForSelector("text=Doors open at seven")
      const before = asked
      await until(
        "another look at the board",
        async () => Number(await page.textContent('[data-field="seats"]')) > before,
      )
      expect(await page.isVisible("text=All seats are sold. You keep your place")).toBe(true)
      expect(await page.isVisible("text=Doors open at seven")).toBe(true)
      expect(await page.isVisible("text=Expected wait")).toBe(false)
      await context.close()
    },
    patience,
  )

  test(
    "whoever asks for another turn is told that it was heard",
    async () => {
      const [sale, [fan]] = [await world.sale({ admit_per_minute: 1, shopper_capacity: 1 }), await world.fans(1)]
      await world.join(sale, fan!)
      const token = await world.admitted(sale, fan!)
      await world.request("DELETE", `/v1/sales/${sale}/admission`, { headers: world.admission(token) })
      const { page, trouble, context } = await visit({ width: 390 })
      await signInAs(context, fan!)
      await page.goto(`${world.url}/sales/${sale}/wait`)
      await page.waitForSelector(shown("used"))
      expect(await page.isVisible("text=You have asked")).toBe(false)
      await page.click("button >> text=Ask for another turn")
      await page.waitForSelector("text=You have asked")
      await expectSound(page, trouble)
      await context.close()
    },
    patience,
  )

  test("the page is the same for everybody, small, and may be kept by a cache", async () => {
    const sale = await crowded(1)
    const [fan] = await world.fans(1)
    const path = `/sales/${sale}/wait`
    const stranger = await world.request("GET", path)
    const member = await world.request("GET", path, { headers: { cookie: `traffic=${fan!.token}` } })
    expect(member.text).toBe(stranger.text)
    expect(stranger.headers.get("cache-control")).toContain("public")
    expect(stranger.text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/)
    const parts = [...stranger.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((each) => each[1]!)
    let bytes = stranger.text.length
    for (const each of parts) {
      const answer = await fetch(world.url + each, { headers: { "accept-encoding": "gzip" }, decompress: false })
      bytes += (await answer.arrayBuffer()).byteLength
    }
    expect(bytes).toBeLessThan(30_000)
  })

  const states: [string, () => Promise<[string, Fan]>][] = [
    [
      "early",
      async () => [await world.sale({ queue_opens_at: inDays(0.5), opens_at: inDays(0.6) }), (await world.fans(1))[0]!],
    ],
    [
      "full",
      // Before the sale opens nobody is called, so the room stays full.
      async () => [
        await crowded(2, { waiting_room_cap: 2, queue_opens_at: inDays(-0.001), opens_at: inDays(0.5) }),
        (await world.fans(1))[0]!,
      ],
    ],
    [
      "used",
      async () => {
        const [sale, [fan]] = [await world.sale(), await world.fans(1)]
        await world.join(sale, fan!)
        const token = await world.admitted(sale, fan!)
        await world.request("DELETE", `/v1/sales/${sale}/admission`, { headers: world.admission(token) })
        return [sale, fan!]
      },
    ],
    [
      "sold_out",
      async () => {
        const [sale, [buyer, late]] = [await world.sale({ total_seats: 1 }), await world.fans(2)]
        await world.join(sale, buyer!)
        const token = await world.admitted(sale, buyer!)
        const hold = await world.hold(sale, token, { quantity: 1 })
        expect((await world.checkout(sale, token, { hold_id: hold.body.hold_id })).status).toBe(200)
        return [sale, late!]
      },
    ],
    ["closed", async () => [await world.sale({ ends_at: inDays(2 / 86_400) }), (await world.fans(1))[0]!]],
  ]
  for (const [state, make] of states)
    test(
      `somebody is told that the sale is ${state}, and what to do`,
      async () => {
        const [sale, fan] = await make()
        const { page, trouble, context } = await visit({ width: 390 })
        await signInAs(context, fan)
        await page.goto(`${world.url}/sales/${sale}/wait`)
        if (state === "full") {
          await page.click("text=Take my place")
          // A refusal of the form is a page of its own, with the status of the refusal.
          trouble.problems.length = 0
        }
        await page.waitForSelector(shown(state))
        if (state === "full") trouble.problems.length = 0
        await expectSound(page, trouble)
        expect(await page.title()).toStartWith((await page.textContent(`${shown(state)} h2`))!)
        await context.close()
      },
      patience,
    )
})

test(
  "of two browsers that want the same seat one gets it, and the other is told so",
  async () => {
    const sale = await world.sale({ total_seats: 1 })
    const fans = await world.fans(2)
    const visits = await Promise.all(
      fans.map(async (fan) => {
        const { page, context } = await visit({ width: 390 })
        await signInAs(context, fan)
        await world.join(sale, fan)
        await world.admitted(sale, fan)
        await page.goto(`${world.url}/sales/${sale}/seats`)
        await page.locator("input[name=seat]").check({ force: true })
        return { page, context }
      }),
    )
    await Promise.all(visits.map(({ page }) => page.click("text=Hold these seats")))
    await Promise.all(visits.map(({ page }) => page.waitForSelector("[name=holder_name], [role=alert]:not([hidden])")))
    const held = await Promise.all(visits.map(({ page }) => page.locator("[name=holder_name]").count()))
    expect(held.sort()).toEqual([0, 1])
    const loser = visits[(await visits[0]!.page.locator("[name=holder_name]").count()) === 0 ? 0 : 1]!
    expect(await loser.page.textContent("[role=alert]:not([hidden])")).toContain("not available")
    for (const { context } of visits) await context.close()
  },
  patience,
)

describe("in the shop", () => {
  const shopping = async (settings: Record<string, unknown> = {}, viewer: Viewer = { width: 390 }) => {
    const [sale, [fan]] = [await world.sale(settings), await world.fans(1)]
    await world.join(sale, fan!)
    await world.admitted(sale, fan!)
    const visited = await visit(viewer)
    await signInAs(visited.context, fan!)
    await visited.page.goto(`${world.url}/sales/${sale}/seats`)
    return { ...visited, sale, fan: fan! }
  }

  test(
    "long names and high prices stay within the map, and one seat too many is explained",
    async () => {
      const name = "GOLDEN CIRCLE, FRONT STANDING LEFT WITH EARLY ENTRY, A-12"
      const { page, trouble, context } = await shopping({
        max_tickets_per_user: 2,
        sections: [
          { name, rows: 2, seats_per_row: 20, price_cents: 100_000_000 },
          { name: "Gallery", rows: 2, seats_per_row: 20, price_cents: 0 },
          { name: "Balcony", rows: 2, seats_per_row: 10, price_cents: 1900 },
        ],
      })
      const outside = await page.$$eval(".hall a", (links) =>
        links
          .filter((link) => {
            const box = link.querySelector(".ground")!.getBoundingClientRect()
            return [...link.querySelectorAll("text")].some((text) => text.getBoundingClientRect().right > box.right)
          })
          .map((link) => link.textContent),
      )
      expect(outside).toEqual([])
      const free = page.locator("input[name=seat]:enabled")
      for (const index of [0, 1]) await free.nth(index).check({ force: true })
      await free.nth(2).click({ force: true })
      expect(await page.textContent("[data-chosen]")).toStartWith("At most 2: give one back")
      await expectSound(page, trouble)
      await context.close()
    },
    patience,
  )

  test(
    "a chosen seat that somebody else takes is named",
    async () => {
      const { page, context, sale } = await shopping({ total_seats: 2 })
      const seat = page.locator("input[name=seat]").nth(0)
      await seat.check({ force: true })
      const [other] = await world.fans(1)
      await world.join(sale, other!)
      const token = await world.admitted(sale, other!)
      const held = await world.hold(sale, token, { seat_ids: [await seat.getAttribute("value")] })
      expect(held.status).toBe(200)
      await page.waitForSelector("text=Somebody else just took row 1 seat 1.")
      await context.close()
    },
    patience,
  )

  test(
    "a declined card and an empty field are said in words, and the hold stays",
    async () => {
      const { page, trouble, context } = await shopping()
      await page.click("text=Best available")
      await page.fill("[name=holder_name]", "Ada Lovelace")
      await page.fill("[name=card]", "4000 0000 0000 0002")
      await page.click("button >> text=Pay")
      await page.waitForSelector("text=The payment was declined, and nothing was paid.")
      expect(await page.inputValue("[name=holder_name]")).toBe("Ada Lovelace")
      expect(await page.title()).toStartWith("Error: ")
      trouble.problems.length = 0 // the browser says that it was a 402
      await expectSound(page, trouble)
      await page.$$eval("form", (forms) => forms.forEach((form) => form.setAttribute("novalidate", "")))
      await page.click("button >> text=Pay")
      await page.waitForSelector("text=Write the number of the card.")
      await page.fill("[name=card]", "4242 4242 4242 4242")
      await page.click("button >> text=Pay")
      await page.waitForSelector("text=Paid. See you there!")
      await context.close()
    },
    patience,
  )

  for (const javaScript of [true, false])
    test(
      `whoever pays too late is told that the seats have gone back, ${javaScript ? "with" : "without"} JavaScript`,
      async () => {
        const { page, trouble, context } = await shopping({ hold_sec: 3 }, { width: 390, javaScript })
        await page.click("text=Best available")
        await page.waitForSelector("[name=holder_name]")
        if (javaScript) {
          await page.waitForSelector("text=The time for these seats is over")
          expect(await page.isVisible("button >> text=Pay")).toBe(false)
          expect(await page.title()).toStartWith("Time is over")
          await expectSound(page, trouble)
        } else {
          await page.waitForTimeout(3500)
          await page.fill("[name=holder_name]", "Late")
          await page.fill("[name=card]", "4242424242424242")
          await page.click("button >> text=Pay")
          await page.waitForSelector("text=their time is over. Choose again.")
        }
        await context.close()
      },
      patience,
    )
})

test(
  "what is told before anybody comes in",
  async () => {
    const { page, trouble, context } = await visit({ width: 390 })
    const show = async (path: string, text: string) => {
      // A sale is sold out or over at the next tick.
      do await page.goto(world.url + path)
      while ((await page.locator(`text=${text}`).count()) === 0)
      trouble.problems.length = 0 // the browser says which answers were refusals
      await expectSound(page, trouble)
    }
    await eventWith({ name: "Wide", venue: "V".repeat(150) })
    await show("/events?q=wide", "VVV")
    await show("/events?q=nobody-plays-this", "Nothing was found")
    await show("/events?from=2027-13-99", "A day is written like")
    await show(`/events/${await eventWith({ name: "Soon" })}`, "Tickets are not on sale yet")
    const over = await eventWith({ name: "Over" })
    await saleOf(over, { ends_at: inDays(1 / 86_400) })
    const sold = await eventWith({ name: "Sold" })
    const sale = (await saleOf(sold, { total_seats: 1, max_tickets_per_user: 1 })).body.sale_id as string
    await show(`/events/${sold}`, "One ticket for each account.")
    const [fan] = await world.fans(1)
    await world.join(sale, fan!)
    const token = await world.admitted(sale, fan!)
    const hold = await world.hold(sale, token, { quantity: 1 })
    await world.checkout(sale, token, { hold_id: hold.body.hold_id })
    await show(`/events/${sold}`, "Other events")
    await show(`/events/${over}`, "This sale is over")
    await show("/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV", "No account yet?")
    await page.$$eval("form", (forms) => forms.forEach((form) => form.setAttribute("novalidate", "")))
    await page.fill("[name=email]", "nonsense")
    await page.click("main button")
    await page.waitForSelector("[role=alert]")
    expect(await page.textContent("[role=alert]")).not.toContain("schema")
    expect(await page.title()).toStartWith("Error: Sign in")
    await context.close()
  },
  patience,
)

test(
  "whatever is stored is shown as text",
  async () => {
    const hostile = `<img src=x onerror="document.title='owned'">"'><script>document.title='owned'</script>{{7*7}}`
    const event = await eventWith({
      name: hostile,
      venue: hostile.slice(0, 100),
      city: hostile.slice(0, 90),
      category: hostile.slice(0, 90),
    })
    const sale = (await saleOf(event, { message: hostile })).body.sale_id as string
    const [fan] = await world.fans(1)
    const { page, trouble, context } = await visit()
    await signInAs(context, fan!)
    await world.join(sale, fan!)
    const token = await world.admitted(sale, fan!)
    const hold = await world.hold(sale, token, { quantity: 1 })
    const paths = [
      `/sales/${sale}/checkout/${hold.body.hold_id}`,
      "/events",
      `/events/${event}`,
      `/sales/${sale}/wait`,
      `/sales/${sale}/place`,
    ]
    for (const path of paths) {
      await page.goto(world.url + path)
      await page.waitForLoadState("networkidle").catch(() => {})
      expect([path, (await page.title()).startsWith("owned")]).toEqual([path, false])
      expect([path, await page.textContent("body")]).toEqual([path, expect.stringContaining("<img src=x onerror=")])
      expect(await page.locator("img[src=x]").count()).toBe(0)
    }
    const order = await world.checkout(sale, token, { hold_id: hold.body.hold_id, holder_name: hostile.slice(0, 110) })
    for (const path of [`/orders/${order.body.order_id}`, "/me/tickets"]) {
      await page.goto(world.url + path)
      expect([path, await page.textContent("body")]).toEqual([path, expect.stringContaining("<img src=x onerror=")])
    }
    expect(trouble.problems).toEqual([])
    await context.close()
  },
  patience,
)

test(
  "who needs more time gets it once, without JavaScript, and sees until when",
  async () => {
    const sale = await world.sale()
    const [fan] = await world.fans(1)
    await world.join(sale, fan!)
    await world.admitted(sale, fan!)
    const { page, trouble, context } = await visit({ width: 390, javaScript: false })
    await signInAs(context, fan!)
    await page.goto(`${world.url}/sales/${sale}/seats`)
    await page.locator("input[name=seat]:enabled").first().check({ force: true })
    await page.click("text=Hold these seats")
    const left = async () => Number(await page.getAttribute("[data-countdown]", "data-countdown"))
    expect(await left()).toBeLessThanOrEqual(minutes(5))
    expect(await page.textContent("form[action*=extend]")).toMatch(/once, until \d\d:\d\d:\d\d/)
    await page.click("text=Need more time")
    await page.waitForURL("**/checkout/*")
    expect(await left()).toBeGreaterThan(minutes(5))
    expect(await page.locator("text=Need more time").count()).toBe(0)
    expect(trouble.problems).toEqual([])
    await context.close()
  },
  patience,
)

test(
  "a link to nowhere leads to a page that says where to go",
  async () => {
    const { page, trouble, context } = await visit({ width: 390 })
    const answer = await page.goto(`${world.url}/nowhere/at-all`)
    expect(answer!.status()).toBe(404)
    expect(await page.textContent("h1")).toBe("This address leads nowhere")
    trouble.problems.length = 0 // the browser says that it was a 404
    await expectSound(page, trouble)
    await page.click("text=All events")
    await page.waitForSelector("h1 >> text=Events")
    await context.close()
    const program = await world.request("GET", "/nowhere/at-all")
    expect([program.status, program.body.code]).toEqual([404, "not_found"])
  },
  patience,
)

describe("a page of another site", () => {
  test("cannot make a visitor join, hold, pay or sign in", async () => {
    const sale = await world.sale()
    const [fan] = await world.fans(1)
    const foreign = {
      cookie: `traffic=${fan!.token}`,
      "content-type": "application/x-www-form-urlencoded",
      "sec-fetch-site": "cross-site",
    }
    const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for (const path of [
      `/sales/${sale}/join`,
      `/sales/${sale}/hold`,
      `/sales/${sale}/checkout/${id}`,
      `/sales/${sale}/extend/${id}`,
      `/v1/sales/${sale}/waiting-room/join`,
      "/signin",
    ])
      expect([path, (await world.request("POST", path, { raw: "", headers: foreign })).status]).toEqual([path, 403])
    expect((await world.status(sale, fan!)).status).toBe(404)
  })

  test("cannot send a visitor elsewhere after signing in", async () => {
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      const { text } = await world.request("GET", `/signin?${new URLSearchParams({ next })}`)
      expect(text).toContain('name="next" value="/events"')
    }
  })
})
