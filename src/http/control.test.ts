import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { closeBrowser, overflowOf, violationsOf, visit, type Viewer } from "../testing/browser.ts"
import { openWorld, type World } from "../testing/world.ts"

const bootTime = 60_000
const looks: Viewer[] = [390, 1440].flatMap((width) =>
  (["light", "dark"] as const).map((scheme) => ({ width, scheme })),
)
const quick = { vus_max: "8", ramp_up: "1s", steady: "2s", ramp_down: "1s", total_seats: "20" }

let world: World
beforeAll(async () => {
  world = await openWorld()
}, bootTime)
afterAll(async () => {
  await closeBrowser()
  await world.close()
}, bootTime)

const api = async (path: string) => (await world.request("GET", path)).body
const form = (
  fields: Record<string, string>,
  headers: Record<string, string> = { "sec-fetch-site": "same-origin" },
) => ({
  raw: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
})

/** Nothing hangs over, nothing is broken or refused, nothing is loaded from elsewhere, nobody is kept out. */
const expectSound = async (path: string, selector: string, viewer: Viewer) => {
  const { page, trouble, context } = await visit(viewer)
  await page.goto(world.url + path)
  await page.waitForSelector(selector)
  // At least one round of figures by htmx.
  await page.waitForResponse((response) => response.url().includes("/control/"), { timeout: 10_000 })
  expect(await overflowOf(page)).toBe(0)
  expect(trouble.problems).toEqual([])
  expect(trouble.requests.filter((each) => !each.startsWith(`${world.url}/`))).toEqual([])
  expect(await violationsOf(page)).toEqual([])
  await context.close()
}

describe("before the first run", () => {
  for (const look of looks)
    test(`the page is sound at ${look.width} px, ${look.scheme}`, () => expectSound("/", "#start", look), 60_000)

  test("pages carry a policy that lets nothing inline run", async () => {
    const { headers, text } = await world.request("GET", "/")
    expect(headers.get("content-security-policy")).toContain("script-src 'self';")
    expect(headers.get("content-security-policy")).not.toContain("unsafe")
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/)
  })

  test("assets are kept for ever under the address of their text", async () => {
    const { text } = await world.request("GET", "/")
    const addresses = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((each) => each[1]!)
    expect(addresses.length).toBe(4)
    for (const address of addresses) {
      const { status, headers } = await world.request("GET", address)
      expect([address, status, headers.get("cache-control")]).toEqual([
        address,
        200,
        "public, max-age=31536000, immutable",
      ])
      expect((await world.request("GET", address, { headers: { "if-none-match": headers.get("etag")! } })).status).toBe(
        304,
      )
    }
    expect((await world.request("GET", "/assets/style-000000000000.css")).status).toBe(404)
  })

  test("every wrong field has its sentence beside it, and keeps what was typed", async () => {
    const { page, context } = await visit({ javaScript: false })
    await page.goto(world.url)
    await page.fill("#vus_max", "0")
    await page.fill("#steady", "banana")
    await page.fill("#total_seats", "7")
    await page.check("#scenario-refresh_storm")
    await page.click("#start")
    expect(await page.inputValue("#vus_max")).toBe("0")
    expect(await page.inputValue("#steady")).toBe("banana")
    expect(await page.inputValue("#total_seats")).toBe("7")
    expect(await page.isChecked("#scenario-refresh_storm")).toBe(true)
    expect(await page.textContent("#vus_max-error")).toContain("from 1 to 20000")
    expect(await page.textContent("#steady-error")).toContain("such as 10s")
    expect(await page.getAttribute("#steady", "aria-invalid")).toBe("true")
    expect(await page.locator(".field-error").count()).toBe(2)
    expect((await api("/v1/demo/loadtests")).runs).toEqual([])
    await context.close()
  }, 60_000)

  test("another site can start nothing", async () => {
    const fields = { scenario: "launch_spike", ...quick }
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "http://evil.example" },
      {},
    ] as Record<string, string>[])
      expect((await world.request("POST", "/control/runs", form(fields, headers))).status).toBe(403)
    expect((await api("/v1/demo/loadtests")).runs).toEqual([])
  })

  test("an unknown run is a page that says so", async () => {
    for (const path of ["/control/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/control/runs/%3Cscript%3E", "/?again=nothing"]) {
      const { status, headers, text } = await world.request("GET", path)
      expect([
        status,
        headers.get("content-type"),
        text.includes("There is no such run"),
        text.includes("<script>"),
      ]).toEqual([404, "text/html; charset=utf-8", true, false])
    }
    const reload = await world.request("GET", "/control/runs")
    expect([reload.status, reload.headers.get("location")]).toEqual([303, "/"])
  })
})

describe("a run", () => {
  let runPath = ""
  const runOf = (path: string) => api(`/v1/demo/loadtest/${path.split("/").at(-1)}`)

  test("starts from the form without JavaScript, and is refreshed by the browser itself", async () => {
    const { page, context } = await visit({ javaScript: false })
    await page.goto(world.url)
    for (const [name, value] of Object.entries({ ...quick, steady: "5m" })) await page.fill(`#${name}`, value)
    await page.click("#start")
    runPath = new URL(page.url()).pathname
    expect(runPath).toStartWith("/control/runs/")
    expect((await world.request("GET", runPath)).text).toContain('<noscript><meta http-equiv="refresh"')
    expect(await page.textContent("#run-title")).toBe("Launch spike")
    expect(await page.locator("#stop").count()).toBe(1)
    expect(await page.locator("#start").isDisabled()).toBe(true)
    await context.close()
  }, 60_000)

  test("is told by the server alone, in a second tab and after a reload", async () => {
    const { page, context } = await visit()
    await page.goto(world.url)
    await page.waitForSelector('#run-live[data-state="running"]')
    await page.reload()
    await page.waitForSelector('#run-live[data-state="running"]')
    const tab = await context.newPage()
    await tab.goto(world.url + runPath)
    expect(await tab.textContent("#run-title")).toBe("Launch spike")
    const second = await world.request("POST", "/control/runs", form({ scenario: "launch_spike", ...quick }))
    expect([second.status, second.text.includes("A run is under way already")]).toEqual([429, true])
    await context.close()
  }, 60_000)

  for (const look of looks)
    test(
      `is sound while it runs at ${look.width} px, ${look.scheme}`,
      () => expectSound(runPath, '#run-live[data-state="running"]', look),
      60_000,
    )

  test("stops when it is told to, with the keyboard alone", async () => {
    const { page, context } = await visit()
    await page.goto(world.url)
    await page.focus("#stop")
    // The page goes on changing; the button keeps its focus.
    await page.waitForResponse((response) => response.url().includes("/live"))
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("stop")
    await page.keyboard.press("Enter")
    await page.waitForSelector("#verdict")
    expect((await page.textContent(".verdict-word"))?.trim()).toBe("STOPPED")
    expect(await runOf(runPath)).toMatchObject({ status: "cancelled", verdict: null })
    await context.close()
  }, 60_000)

  test("ends in its verdict on the open page", async () => {
    const { page, trouble, context } = await visit()
    await page.goto(world.url)
    for (const [name, value] of Object.entries(quick)) await page.fill(`#${name}`, value)
    await page.focus("#start")
    await page.keyboard.press("Enter")
    await page.waitForURL(/control\/runs/)
    runPath = new URL(page.url()).pathname
    await page.waitForSelector("#verdict", { timeout: 60_000 })
    const run = await runOf(runPath)
    expect(run.verdict).toBeString()
    expect((await page.textContent(".verdict-word"))?.trim()).toBe(run.verdict)
    expect(await page.title()).toStartWith(run.verdict)
    expect(await page.locator("tr.check").count()).toBe(run.checks.length)
    expect(await page.textContent(".reproduce pre")).toContain("--vus 8 --ramp 1s --steady 2s --down 1s")
    expect(await page.textContent("#history")).toContain(run.verdict)
    expect(await page.locator("#start").isEnabled()).toBe(true)
    expect(await page.locator("#stop").count()).toBe(0)
    expect(trouble.problems).toEqual([])
    await context.close()
  }, 90_000)

  for (const look of looks)
    test(
      `is sound with its verdict at ${look.width} px, ${look.scheme}`,
      () => expectSound(runPath, "#verdict", look),
      60_000,
    )

  test("can be repeated with the same settings and seed", async () => {
    const { page, context } = await visit()
    await page.goto(world.url)
    await page.click("text=Repeat")
    await page.waitForURL(/again=/)
    expect(await page.inputValue("#vus_max")).toBe("8")
    expect(await page.inputValue("#seed")).toBe(String((await runOf(runPath)).seed))
    await context.close()
  }, 60_000)
})

describe("in production", () => {
  test(
    "the front page says what this is, and there is neither lab nor demo",
    async () => {
      const production = await openWorld({
        env: {
          TRAFFIC_MODE: "production",
          TRAFFIC_ADMIN_KEY: "a long secret of an operator",
          TRAFFIC_TRUSTED_PROXIES: "none",
          TRAFFIC_HOSTS: "127.0.0.1,localhost",
        },
      })
      try {
        const front = await production.request("GET", "/")
        expect([front.status, front.text.includes("This server sells seats"), front.text.includes("<form")]).toEqual([
          200,
          true,
          false,
        ])
        for (const path of ["/control/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/control/figures", "/v1/demo/config"])
          expect([path, (await production.request("GET", path)).status]).toEqual([path, 404])
        expect((await production.request("POST", "/control/runs", form({ scenario: "launch_spike" }))).status).toBe(404)
      } finally {
        await production.close()
      }
    },
    bootTime,
  )
})
