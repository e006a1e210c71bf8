import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { closeBrowser, visit } from "../../../testing/browser.ts"
import { openWorld, type World } from "../../../testing/world.ts"

const bootTime = 60_000
const nowhere = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
const files = ["report.html", "report.json", "series.csv", "checks.csv"]

describe("reports", () => {
  let world: World
  let run = ""
  beforeAll(async () => {
    world = await openWorld({ env: { TRAFFIC_DEMO_KEY: "the demo key" } })
    const demo = { headers: { "x-demo-key": "the demo key" } }
    const begun = await world.request("POST", "/v1/demo/loadtest", {
      ...demo,
      body: { scenario: "launch_spike", vus_max: 5, ramp_up: "1s", steady: "2s", ramp_down: "1s", seed: 7 },
    })
    run = begun.body.run_id
    for (let left = 200; left > 0; left--) {
      const { body } = await world.request("GET", `/lab/runs/${run}/report.json`)
      if (body.run.ended_at !== null) return
      await Bun.sleep(200)
    }
    throw new Error("the run did not end within 40 s")
  }, 2 * bootTime)
  afterAll(async () => {
    await closeBrowser()
    await world.close()
  }, bootTime)

  const get = (path: string, key = "the demo key") =>
    world.request("GET", path, { headers: key === "" ? {} : { "x-demo-key": key } })

  test("each has its type, its name on disk and a policy that lets nothing run", async () => {
    const types = ["text/html; charset=utf-8", "application/json", "text/csv; charset=utf-8; header=present"]
    const endings = [".html", ".json", "-series.csv", "-checks.csv"]
    for (const [index, file] of files.entries()) {
      const shown = await get(`/v1/demo/loadtest/${run}/${file}`)
      const saved = await get(`/v1/demo/loadtest/${run}/${file}?download=true`)
      expect([shown.status, saved.status, shown.headers.get("content-type")]).toEqual([
        200,
        200,
        types[Math.min(index, 2)]!,
      ])
      expect(shown.headers.get("content-disposition")).toBe("inline")
      expect(saved.headers.get("content-disposition")).toBe(
        `attachment; filename="traffic-launch_spike-${run}${endings[index]}"`,
      )
      expect(shown.headers.get("content-security-policy")).toStartWith("default-src 'none'")
      expect(shown.headers.get("content-security-policy")).not.toMatch(/unsafe|script/)
      expect(saved.text).toBe(shown.text)
    }
  })

  test("they tell of the same run", async () => {
    const { body, text } = await get(`/v1/demo/loadtest/${run}/report.json`)
    expect([body.run.run_id, body.run.seed]).toEqual([run, 7])
    expect(body.series.length).toBeGreaterThan(0)
    expect(text).toContain('"limits"')
    const series = (await get(`/v1/demo/loadtest/${run}/series.csv`)).text.trim().split("\r\n")
    expect(series).toHaveLength(1 + body.series.length)
    const checks = (await get(`/v1/demo/loadtest/${run}/checks.csv`)).text.trim().split("\r\n")
    expect(body.run.checks.length).toBeGreaterThan(5)
    expect(checks).toHaveLength(1 + body.run.checks.length)
    expect((await get(`/v1/demo/loadtest/${run}/report.html`)).text).toContain("--seed 7")
  })

  test("an unknown run, a malformed id, an unknown wish and a missing key are refused", async () => {
    for (const file of files) {
      const code = async (path: string, key?: string) => (await get(`/v1/demo/loadtest/${path}`, key)).body.code
      expect([
        await code(`${nowhere}/${file}`),
        await code(`x/${file}`),
        await code(`${run}/${file}?download=yes`),
        await code(`${run}/${file}`, "wrong"),
        await code(`${run}/${file}`, ""),
      ]).toEqual(["run_not_found", "invalid_input", "invalid_input", "forbidden", "forbidden"])
      expect((await get(`/lab/runs/${nowhere}/${file}`)).status).toBe(404)
    }
  })

  test(
    "the run's panel leads to each, and the page is whole under its own policy",
    async () => {
      const { page, trouble, context } = await visit({ javaScript: false })
      await page.goto(`${world.url}/lab/runs/${run}`)
      const links = await page
        .locator(`a[href^="/lab/runs/${run}/"]`)
        .evaluateAll((all) => all.map((each) => each.getAttribute("href")!.replace(/^.*\//, "")))
      for (const file of files) expect(links.map((each) => each.replace(/\?.*$/, ""))).toContain(file)
      await page.click(`a[href="/lab/runs/${run}/report.html"]`)
      expect(await page.locator("h1").textContent()).toBe("Launch spike")
      expect(await page.locator(".chart").count()).toBeGreaterThan(3)
      expect(await page.evaluate(() => getComputedStyle(document.body).maxWidth)).toBe("1240px")
      expect(trouble.problems).toEqual([])
      await context.close()
    },
    bootTime,
  )
})
