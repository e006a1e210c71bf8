import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { closeBrowser, overflowOf, violationsOf, visit } from "../../../testing/browser.ts"
import { reportPoints, reportRun } from "../../../testing/lab/report-run.ts"
import { reportHtml, reportPolicy } from "./report-html.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-report-"))
afterAll(async () => {
  await closeBrowser()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

const textOf = (html: string) =>
  html
    .slice(html.indexOf("<body"))
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
const html = reportHtml(reportRun(), reportPoints())

test("a report tells the verdict, the limit, every chart, steps, checks, settings and the line to repeat it", () => {
  const text = textOf(html)
  for (const title of [
    "Verdict",
    "What limited the run",
    "Second by second",
    "Steps",
    "Checks",
    "Settings and versions",
  ])
    expect(html).toMatch(new RegExp(`<h2[^>]*>\\s*${title}\\s*</h2>`))
  for (const chart of ["Queue", "Admissions", "Requests", "Time to answer, join", "Errors", "CPU", "Memory", "Seats"])
    expect(html).toContain(`<h3>${chart}</h3>`)
  expect(text).toContain("FAIL 1 of 5 checks did not hold")
  expect(text).toContain(
    "Caps kept: expected at most 4 tickets for one account, seen 1 of 3 break it. First case: ada has 5.",
  )
  expect(text).toContain("the busiest was the event loop of the server")
  expect(text).toContain("2 x Intel Xeon 2.50GHz, 24 GB")
  expect(text).toContain(
    "traffic sim launch_spike --vus 400 --ramp 10s --steady 25s --down 5s --admit-rate 600 --cap 100000 --seats 40 --seed 7",
  )
})

test("a limit is drawn as a line, and the moment it was crossed is marked and told", () => {
  expect(html).toContain("p99 under 500 ms: crossed at 12 s, until 15 s, worst 614 ms at 14 s.")
  expect(html).toContain("p99 under 200 ms in the steady phase: never crossed.")
  const chart = html.slice(html.indexOf("Time to answer, join</h3>"), html.indexOf("Time to answer, status</h3>"))
  expect(chart).toContain('class="bound bound-limit" d="M0 37.5H1000"')
  expect(chart).toContain('<line class="moment" x1="30%" x2="30%" y1="0" y2="100%"')
  expect(chart).toContain("crossed at 12 s")
})

test("each chart has a title and its numbers in words", () => {
  const charts = html.match(/<svg class="canvas"/g)?.length ?? 0
  expect(charts).toBeGreaterThan(12)
  expect(html.match(/<svg class="canvas" role="img" aria-labelledby="chart-\d+-title chart-\d+-desc"/g)).toHaveLength(
    charts,
  )
  expect(html.match(/<desc id="chart-\d+-desc">[^<]+highest[^<]+<\/desc>/g)).toHaveLength(charts)
})

test("nothing is loaded from elsewhere, nothing runs, and the file says so itself", () => {
  expect(html).not.toMatch(/https?:\/\//)
  expect(html).not.toMatch(/<script|<iframe|<object|<img|@import|url\(|\son\w+=|\sstyle=|javascript:/i)
  expect(html.match(/(?:href|src)="[^"]*"/g)).toEqual(['href="data:,"'])
  expect(reportPolicy).toContain("default-src 'none'")
  expect(reportPolicy).not.toContain("unsafe")
  const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? ""
  const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64")
  expect(reportPolicy).toContain(`'sha256-${hash}'`)
  expect(html).toContain(`content="${reportPolicy}"`)
})

test("whatever a run says is shown as text", () => {
  const evil = `</style></title><script>alert(1)</script>"'><img src=x onerror=alert(1)>`
  const hostile = reportHtml(
    reportRun({
      scenario: evil,
      created_at: evil,
      started_at: evil,
      run_id: evil,
      sale_id: evil,
      failures: [evil],
      limited_by: evil,
      machine: evil,
      preset: evil,
      script_hash: evil,
      k6_version: evil,
      traffic_version: evil,
      settings: { ...reportRun().settings, [evil]: evil, ramp_up: evil },
      metrics: { ...reportRun().metrics, [evil]: 1 },
      capacity: { per_second: 3, cause: evil, why: evil },
      checks: [{ name: evil, passed: false, judged: true, expected: evil, seen: evil, counter_example: evil }],
    }),
    reportPoints().map((each, index) => ({
      ...each,
      at: index === 0 ? evil : each.at,
      steps: { [evil]: { per_second: 1, p95_ms: 1, p99_ms: 2 } },
    })),
  )
  expect(hostile.split("&lt;script").length).toBeGreaterThan(20)
  expect(hostile.match(/<script|<img|NaN/g)).toBeNull()
  expect(hostile.match(/<\/style>/g)).toHaveLength(1)
  expect(hostile.match(/<\/title>/g)?.length).toBe(1 + (hostile.match(/<svg class="canvas"/g)?.length ?? 0))
})

test("what an older run lacks is left out and said", () => {
  const { limited_by: _, machine: __, thresholds: ___, capacity: ____, ...older } = reportRun()
  const text = textOf(
    reportHtml(
      older as ReturnType<typeof reportRun>,
      reportPoints().map(({ at, people, requests_per_second, failed_rate, p95_ms, p99_ms }) => ({
        at,
        people,
        requests_per_second,
        failed_rate,
        p95_ms,
        p99_ms,
      })),
    ),
  )
  expect(text).toContain("What limited this run was not recorded.")
  expect(text).toContain("Memory : Memory was not recorded in this run.")
  expect(text).toContain("This system does not tell the CPU of its processes.")
  expect(text).toContain("Machine not recorded")
  expect(text).not.toMatch(/undefined|NaN|null/)
})

test("a run under way, and one that never began, have reports too", () => {
  const running = textOf(reportHtml(reportRun({ status: "running", verdict: null, ended_at: null }), reportPoints()))
  expect(running).toContain("UNDER WAY")
  const broken = textOf(
    reportHtml(
      reportRun({
        status: "error",
        verdict: null,
        started_at: null,
        checks: [],
        metrics: {},
        failures: ["k6 is gone"],
      }),
      [],
    ),
  )
  expect(broken).toContain("k6 is gone.")
  expect(broken).toContain("No second of this run was recorded.")
  expect(broken).not.toMatch(/undefined|NaN|null/)
})

test("an hour of seconds stays small, and its peaks are drawn", () => {
  const hour = Array.from({ length: 3600 }, (_, second) => ({
    ...reportPoints()[0]!,
    at: new Date(Date.parse(reportRun().started_at!) + second * 1000).toISOString(),
    waiting: second === 1801 ? 9000 : 100,
  }))
  const long = reportHtml(reportRun({ length_ms: 3_600_000 }), hour)
  expect(long.length).toBeLessThan(500_000)
  expect(long).toContain("Waiting: highest 9,000 at 1,801 s")
  const path = /<path class="line line-0" d="(M0[^"]*)"/.exec(long.slice(long.indexOf("<h3>Queue</h3>")))?.[1] ?? ""
  expect(path).toContain("L500 10L")
  expect(path.length).toBeLessThan(8000)
})

describe("in a browser without network", () => {
  writeFileSync(join(folder, "report.html"), html)
  for (const width of [390, 1440])
    for (const scheme of ["light", "dark"] as const)
      test(`the file is sound at ${width} px, ${scheme}`, async () => {
        const { page, trouble, context } = await visit({ width, scheme })
        await context.setOffline(true)
        await page.goto(`file://${join(folder, "report.html")}`)
        expect(await page.locator(".chart").count()).toBeGreaterThan(12)
        expect(await overflowOf(page)).toBe(0)
        expect(trouble.problems).toEqual([])
        expect(trouble.requests.filter((each) => !each.startsWith("file://"))).toEqual([])
        const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
        expect(ground).toBe(scheme === "light" ? "rgb(243, 245, 249)" : "rgb(10, 14, 24)")
        expect(await violationsOf(page)).toEqual([])
        await context.close()
      }, 60_000)
})
