import AxeBuilder from "@axe-core/playwright"
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { closeBrowser, overflowOf, violationsOf, visit } from "../../../testing/browser.ts"
import { openWorld, type World } from "../../../testing/world.ts"

const bootTime = 60_000
const widths = [390, 1440]
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

/** Nothing hangs over, nothing is broken or refused, nothing is loaded from elsewhere, nobody is kept out, light and dark. */
const expectSound = async (path: string, selector: string, width: number, { live = false } = {}) => {
  const { page, trouble, context } = await visit({ width })
  await page.goto(world.url + path)
  await page.waitForSelector(selector)
  // At least one round of figures by htmx.
  if (live)
    await page.waitForResponse((response) => /\/lab\/(figures|runs\/\w+\/live)/.test(response.url()), {
      timeout: 10_000,
    })
  expect(await overflowOf(page)).toBe(0)
  expect(await violationsOf(page)).toEqual([])
  // Only colours differ in the dark.
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" })
  const { violations, passes } = await new AxeBuilder({ page }).withRules(["color-contrast"]).analyze()
  expect([violations.flatMap(({ nodes }) => nodes.map((each) => each.html)), passes.length]).toEqual([[], 1])
  expect(trouble.problems).toEqual([])
  expect(trouble.requests.filter((each) => !each.startsWith(`${world.url}/`))).toEqual([])
  await context.close()
}

const runsOf = async () => (await api("/v1/demo/loadtests")).runs as { run_id: string; verdict: string | null }[]
const post = (path: string, fields: Record<string, string> = {}) => world.request("POST", path, form(fields))
/** Starts a run from the form; the address of its page. */
const start = async (fields: Record<string, string> = {}) => {
  const { status, headers } = await post("/lab/runs", { scenario: "launch_spike", ...quick, ...fields })
  expect(status).toBe(303)
  return headers.get("location")!
}
const idOf = (path: string) => path.split("/").at(-1)!

describe("before the first run", () => {
  for (const width of widths)
    test(
      `the page is sound at ${width} px, light and dark`,
      () => expectSound("/lab", "#start", width, { live: true }),
      60_000,
    )

  test("pages carry a policy that lets nothing inline run", async () => {
    const { headers, text } = await world.request("GET", "/lab")
    expect(headers.get("content-security-policy")).toContain("script-src 'self';")
    expect(headers.get("content-security-policy")).not.toContain("unsafe")
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/)
  })

  test("assets are kept for ever under the address of their text", async () => {
    const { text } = await world.request("GET", "/lab")
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
    await page.goto(`${world.url}/lab`)
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
    expect(await page.locator("#setup [role=alert] a").allTextContents()).toEqual(["People", "They stay for"])
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
      for (const path of ["/lab/runs", "/lab/reset"])
        expect((await world.request("POST", path, form(fields, headers))).status).toBe(403)
    expect((await api("/v1/demo/loadtests")).runs).toEqual([])
  })

  test("an unknown run is a page that says so", async () => {
    for (const path of [
      "/lab/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV",
      "/lab/runs/%3Cscript%3E",
      "/lab/runs/%3Cscript%3E/delete",
      "/lab/compare?a=nothing&b=nothing",
      "/lab?again=nothing",
    ]) {
      const { status, headers, text } = await world.request("GET", path)
      expect([
        status,
        headers.get("content-type"),
        text.includes("There is no such run"),
        text.includes("<script>"),
      ]).toEqual([404, "text/html; charset=utf-8", true, false])
    }
    const reload = await world.request("GET", "/lab/runs")
    expect([reload.status, reload.headers.get("location")]).toEqual([303, "/lab"])
  })

  test("a preset fills the form without JavaScript, and is kept when the form is refused", async () => {
    const { page, context } = await visit({ javaScript: false })
    await page.goto(`${world.url}/lab`)
    await page.click("#preset-storm")
    expect(new URL(page.url()).search).toBe("?preset=storm")
    expect(await page.isChecked("#scenario-refresh_storm")).toBe(true)
    const values = () =>
      Promise.all(["vus_max", "steady", "admit_per_minute"].map((each) => page.inputValue(`#${each}`)))
    expect(await values()).toEqual(["500", "1m", "300"])
    expect(await page.getAttribute("#preset-storm", "aria-current")).toBe("true")
    await page.fill("#vus_max", "0")
    await page.click("#start")
    expect(await page.inputValue("[name=preset]")).toBe("storm")
    expect((await world.request("GET", "/lab?preset=nothing")).status).toBe(400)
    await context.close()
  }, 60_000)

  test("what a run costs is told as the form is filled in, with what stands against it", async () => {
    const { page, trouble, context } = await visit()
    await page.goto(`${world.url}/lab`)
    expect(await page.textContent("#estimate")).toContain("140 MB")
    expect(await page.locator("#estimate [role=alert]").count()).toBe(0)
    await page.fill("#vus_max", "2000")
    await page.waitForSelector("#estimate >> text=440 MB")
    await page.fill("#admit_per_minute", "600")
    await page.waitForSelector("#estimate [role=alert] >> text=about 1,600 will never be let in")
    await page.fill("#steady", "soon")
    await page.waitForSelector("#estimate >> text=as soon as every field")
    expect(trouble.problems).toEqual([])
    await context.close()
  }, 60_000)

  test("a warning that nobody has seen holds the run back once", async () => {
    const slow = { scenario: "launch_spike", ...quick, admit_per_minute: "1" }
    const { status, text } = await post("/lab/runs", slow)
    expect([status, text.includes("not started yet"), text.includes("will never be let in")]).toEqual([422, true, true])
    expect(/name="accepted" value="([^"]*)"/.exec(text)?.[1]).toBe("turns")
    expect(await runsOf()).toEqual([])
  })

  test("the sale is made anew by a button", async () => {
    const before = (await api("/v1/demo/dashboard")).sale_id
    const { page, context } = await visit({ javaScript: false })
    await page.goto(`${world.url}/lab`)
    await page.click("#reset")
    expect(await page.textContent(".notice-good")).toContain("A fresh sale is open")
    expect((await api("/v1/demo/dashboard")).sale_id).not.toBe(before)
    await context.close()
  }, 60_000)
})

describe("a run", () => {
  let runPath = ""
  let otherPath = ""
  const waiting: string[] = []
  const runOf = (path: string) => api(`/v1/demo/loadtest/${idOf(path)}`)

  test("starts from the form without JavaScript, and is refreshed by the browser itself", async () => {
    const { page, context } = await visit({ javaScript: false })
    await page.goto(`${world.url}/lab`)
    for (const [name, value] of Object.entries({ ...quick, steady: "5m" })) await page.fill(`#${name}`, value)
    await page.click("#start")
    runPath = new URL(page.url()).pathname
    expect(runPath).toStartWith("/lab/runs/")
    expect((await world.request("GET", runPath)).text).toContain('<noscript><meta http-equiv="refresh"')
    expect((await world.request("GET", "/lab?new=true")).text).not.toContain('http-equiv="refresh"')
    expect(await page.textContent("#run-title")).toBe("Launch spike")
    expect(await page.locator("#stop").count()).toBe(1)
    await context.close()
  }, 60_000)

  test("is told by the server alone, in a second tab and after a reload", async () => {
    const { page, context } = await visit()
    await page.goto(`${world.url}/lab`)
    await page.waitForSelector('#run-live[data-state="running"]')
    await page.reload()
    await page.waitForSelector('#run-live[data-state="running"]')
    const tab = await context.newPage()
    await tab.goto(world.url + runPath)
    expect(await tab.textContent("#run-title")).toBe("Launch spike")
    await context.close()
  }, 60_000)

  test("three more wait for their turn, seen on a page that was open before, and the fourth is refused", async () => {
    const { page, trouble, context } = await visit()
    await page.goto(`${world.url}/lab?new=true`)
    await page.fill("#vus_max", "77")
    for (const scenario of ["launch_spike", "refresh_storm", "queue_fairness"]) waiting.push(await start({ scenario }))
    await page.waitForSelector("#queue >> text=Queue fairness")
    expect(await page.locator(".queue-place").allTextContents()).toEqual([
      "Now",
      "1 in the queue",
      "2 in the queue",
      "3 in the queue",
    ])
    await page.waitForSelector("#start-part >> text=three wait already")
    expect(await page.isDisabled("#start")).toBe(true)
    // The form is somebody's work.
    expect(await page.inputValue("#vus_max")).toBe("77")
    const fourth = await post("/lab/runs", { scenario: "launch_spike", ...quick })
    expect([fourth.status, fourth.text.includes("3 wait already: wait for one of them or stop it")]).toEqual([
      429,
      true,
    ])
    expect((await world.request("GET", waiting[1]!)).text).toContain("Number 2 in the queue")
    expect(trouble.problems).toEqual([])
    await context.close()
  }, 60_000)

  for (const width of widths)
    test(
      `is sound while it runs and others wait at ${width} px, light and dark`,
      () => expectSound(runPath, '#run-live[data-state="running"]', width, { live: true }),
      60_000,
    )

  test("one that waits is stopped from the queue, and the others move up", async () => {
    const { page, context } = await visit()
    await page.goto(`${world.url}/lab`)
    await page.click(`#stop-${idOf(waiting[1]!)}`)
    await page.waitForURL(`${world.url}/lab`)
    expect(await page.locator(".queue-run a").allTextContents()).toEqual([
      "Launch spike",
      "Launch spike",
      "Queue fairness",
    ])
    expect(await runOf(waiting[1]!)).toMatchObject({ status: "cancelled" })
    expect((await world.request("GET", waiting[1]!)).text).toContain("STOPPED")
    expect((await post(`/lab/runs/${idOf(waiting[2]!)}/stop`, { from: "front" })).headers.get("location")).toBe("/lab")
    await context.close()
  }, 60_000)

  test("stops when it is told to, with the keyboard alone", async () => {
    const { page, context } = await visit()
    await page.goto(`${world.url}/lab`)
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

  test("comes to its turn by itself and ends in its verdict on the open page", async () => {
    runPath = waiting[0]!
    const { page, trouble, context } = await visit()
    await page.goto(world.url + runPath)
    otherPath = await start({ preset: "smoke" })
    await page.waitForSelector("#verdict", { timeout: 60_000 })
    const run = await runOf(runPath)
    expect(run.verdict).toBeString()
    expect((await page.textContent(".verdict-word"))?.trim()).toBe(run.verdict)
    expect(await page.title()).toStartWith(run.verdict)
    expect(await page.locator("tr.check").count()).toBe(run.checks.length)
    expect(await page.textContent(".reproduce pre")).toContain("--vus 8 --ramp 1s --steady 2s --down 1s")
    expect(await page.textContent("#history")).toContain(run.verdict)
    expect(await page.locator("#stop").count()).toBe(0)
    expect(trouble.problems).toEqual([])
    await context.close()
  }, 90_000)

  test("is followed by the next one, which ends on the front page and is told there in short", async () => {
    const { page, context } = await visit()
    await page.goto(`${world.url}/lab`)
    await page.waitForSelector("#verdict", { timeout: 60_000 })
    const { verdict } = await runOf(otherPath)
    await page.reload()
    expect((await page.textContent("#run .verdict-word"))?.trim()).toBe(verdict)
    expect(await page.locator("#start").textContent()).toBe("Start the run")
    expect(await page.textContent("#run-title")).toBe("Latest run: Launch spike")
    await context.close()
  }, 90_000)

  for (const width of widths)
    test(
      `is sound with its verdict and one second of it at ${width} px, light and dark`,
      () => expectSound(`${runPath}?second=1#replay`, "#replay", width),
      60_000,
    )

  test("is gone through second by second by links, and plays where there is JavaScript", async () => {
    const still = await visit({ javaScript: false })
    await still.page.goto(`${world.url}${runPath}?second=0`)
    const first = await still.page.textContent("#replay h3")
    await still.page.click("#replay-next")
    expect(await still.page.textContent("#replay h3")).not.toBe(first)
    await still.context.close()
    const { page, trouble, context } = await visit()
    await page.goto(`${world.url}${runPath}?second=0`)
    await page.click("#play")
    const last = /of (\d+)/.exec(first!)![1]!
    await page.waitForSelector(`#replay h3 >> text=Second ${last} of ${last}`)
    expect(await page.locator("#charts .mark-line").count()).toBeGreaterThan(3)
    expect(trouble.problems).toEqual([])
    await context.close()
  }, 60_000)

  test("can be repeated with the same settings and seed", async () => {
    const { page, context } = await visit()
    await page.goto(world.url + runPath)
    await page.click("text=Repeat")
    await page.waitForURL(/again=/)
    expect(await page.inputValue("#vus_max")).toBe("8")
    expect(await page.inputValue("#seed")).toBe(String((await runOf(runPath)).seed))
    await context.close()
  }, 60_000)

  test("that a crash of the server cut short says so when the server is back", async () => {
    const path = await start({ steady: "5m" })
    await world.crash()
    const { text } = await world.request("GET", path)
    expect(text).toContain("INTERRUPTED")
    expect((await world.request("GET", otherPath)).status).toBe(200)
  }, 90_000)

  describe("afterwards", () => {
    const namesIn = async (query: string) =>
      [...(await world.request("GET", `/lab/history${query}`)).text.matchAll(/id="run-(\w+)"/g)].map((each) => each[1])

    test("runs are found by scenario, verdict and preset", async () => {
      expect((await namesIn("")).length).toBe(6)
      expect(await namesIn("?scenario=queue_fairness")).toEqual([idOf(waiting[2]!)])
      expect(await namesIn("?scenario=&verdict=&preset=smoke")).toEqual([idOf(otherPath)])
      const { verdict } = await runOf(runPath)
      const alike = (await runsOf()).filter((each) => each.verdict === verdict).map((each) => each.run_id)
      expect(alike).toContain(idOf(runPath))
      expect(await namesIn(`?scenario=launch_spike&verdict=${verdict}`)).toEqual(alike)
      expect(await namesIn(`?before=${idOf(otherPath)}`)).not.toContain(idOf(otherPath))
      expect((await world.request("GET", "/lab/history?verdict=maybe")).status).toBe(400)
      const { page, context } = await visit({ javaScript: false })
      await page.goto(`${world.url}/lab/history`)
      await page.selectOption("#filter-scenario", "queue_fairness")
      await page.click("text=Filter")
      expect(await page.locator(".run-table tbody tr").count()).toBe(1)
      await context.close()
    }, 60_000)

    test("two that are chosen stand side by side", async () => {
      const { page, context } = await visit({ javaScript: false })
      await page.goto(`${world.url}/lab/history`)
      await page.click("text=Compare two")
      expect(await page.textContent("h1")).toBe("This cannot be done as it was asked")
      expect(await page.textContent("main")).toContain("Choose two runs to compare, no more and no fewer.")
      await page.goto(`${world.url}/lab/history`)
      for (const each of [runPath, otherPath]) await page.check(`input[name="run-${idOf(each)}"]`)
      await page.click("text=Compare two")
      expect(new URL(page.url()).search).toBe(`?a=${idOf(runPath)}&b=${idOf(otherPath)}`)
      expect(await page.textContent("#outcome")).toContain("1 run against 1")
      expect(await page.locator("th", { hasText: /^Join p50$/ }).count()).toBe(1)
      const requests = page.locator("tr", { has: page.locator("th", { hasText: /^Requests$/ }) })
      const { metrics } = await runOf(runPath)
      expect(await requests.locator("td").first().textContent()).toBe(metrics.http_reqs.toLocaleString("en-US"))
      await page.goto(`${world.url}/lab/compare?a=${idOf(runPath)}&b=${idOf(waiting[2]!)}`)
      expect(await page.textContent("#outcome")).toContain(
        "The scenario differs: launch_spike in A, queue_fairness in B",
      )
      await context.close()
    }, 60_000)

    for (const width of widths) {
      test(
        `all runs are sound at ${width} px, light and dark`,
        () => expectSound("/lab/history?verdict=", "#compare", width),
        60_000,
      )
      test(
        `the comparison is sound at ${width} px, light and dark`,
        () => expectSound(`/lab/compare?a=${idOf(runPath)}&b=${idOf(otherPath)}`, "#outcome", width),
        60_000,
      )
    }

    test("the question before a deletion is sound", () => expectSound(`${runPath}/delete`, "#confirm", 390), 60_000)

    test("a baseline has a star, which another site cannot give, and is not deleted", async () => {
      expect(
        (await world.request("POST", `${runPath}/star`, form({}, { "sec-fetch-site": "cross-site" }))).status,
      ).toBe(403)
      const { page, context } = await visit({ javaScript: false })
      await page.goto(`${world.url}/lab/history`)
      await page.click(`#run-${idOf(runPath)} button.star`)
      expect(await page.locator(`#run-${idOf(runPath)} .star-mark`).count()).toBe(1)
      expect(await runOf(runPath)).toMatchObject({ starred: true })
      const kept = await post(`${runPath}/delete`)
      expect([kept.status, kept.text.includes("take its star away first")]).toEqual([409, true])
      await page.goto(world.url + runPath)
      await page.click("text=No longer the baseline")
      expect(await runOf(runPath)).toMatchObject({ starred: false })
      await context.close()
    }, 60_000)

    test("one is deleted after a question", async () => {
      expect(
        (await world.request("POST", `${runPath}/delete`, form({}, { "sec-fetch-site": "cross-site" }))).status,
      ).toBe(403)
      const { page, context } = await visit({ javaScript: false })
      await page.goto(`${world.url}/lab/history`)
      await page.click(`#run-${idOf(runPath)} a.row-delete`)
      expect((await world.request("GET", runPath)).status).toBe(200)
      await page.click("#confirm")
      expect(await page.textContent(".notice-good")).toContain("The run is deleted")
      expect((await world.request("GET", runPath)).status).toBe(404)
      // A page of it that is still open elsewhere.
      expect((await world.request("GET", `/lab/figures?run=${idOf(runPath)}&form=open`)).status).toBe(200)
      await context.close()
    }, 60_000)
  })
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
        for (const path of ["/lab/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/lab/figures", "/v1/demo/config"])
          expect([path, (await production.request("GET", path)).status]).toEqual([path, 404])
        expect((await production.request("POST", "/lab/runs", form({ scenario: "launch_spike" }))).status).toBe(404)
      } finally {
        await production.close()
      }
    },
    bootTime,
  )
})
