import { shownRun } from "../../src/testing/lab/shown-run.ts"
import { epochMs } from "../../src/units.ts"
import { expect, test } from "bun:test"
import { render } from "preact-render-to-string"
import { RunLive, RunPanel } from "./run-panel.tsx"
import type { RunView } from "./run-view.ts"

const run = (more: Partial<RunView> = {}) => shownRun({ startedAt: epochMs(1000), ...more })
const point = (at: number, waiting: number) => ({
  at: epochMs(at),
  people: 1,
  requestsPerSecond: 1,
  failedRate: 0,
  waiting,
  nowServing: 0,
  shoppers: 0,
  seatsAvailable: 1,
  seatsHeld: 0,
  seatsSold: 0,
})

test("a run under way is asked for again and tells the time left", () => {
  const html = render(<RunLive run={run()} now={21_000} />)
  expect(html).toContain('hx-trigger="every 1s"')
  expect(html).toContain("30 s left")
  expect(html).toContain("Steady phase")
  expect(html).toContain('value="20000"')
})

test("a run that is over is not asked for again", () => {
  const html = render(
    <RunLive
      run={run({
        state: "passed",
        verdict: "PASS",
        checks: [{ name: "I1 seats sold once", passed: true, judged: true, expected: "x", seen: "y" }],
      })}
      now={0}
    />,
  )
  expect(html).not.toContain("hx-trigger")
  expect(html).toContain("All 1 checks held")
})

test("what broke comes first, with its first case", () => {
  const checks = [
    { name: "I1 seats sold once", passed: true, judged: true, expected: "a", seen: "b" },
    { name: "k6 http_req_failed", passed: true, judged: false, expected: "rate<0.01", seen: "rate = 0" },
    {
      name: "I9 caps kept",
      passed: false,
      judged: true,
      expected: "at most 4",
      seen: "1 of 3 break it",
      counterExample: "ada has 5",
    },
  ]
  const html = render(<RunLive run={run({ state: "failed", verdict: "FAIL", checks })} now={0} />)
  expect(html).toContain("1 of 2 checks did not hold")
  expect(html).toContain("Caps kept: expected at most 4, seen 1 of 3 break it. First case: ada has 5.")
  const table = html.slice(html.indexOf("<table"))
  expect(table.indexOf("Caps kept")).toBeLessThan(table.indexOf("Requests that failed"))
  expect(table.indexOf("Requests that failed")).toBeLessThan(table.indexOf("Seats sold once"))
})

test("whatever a run says is shown as text", () => {
  const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
  const html = render(
    <RunPanel
      run={run({
        state: "error",
        scenario: evil,
        failures: [evil],
        command: evil,
        checks: [{ name: evil, passed: false, judged: true, expected: evil, seen: evil, counterExample: evil }],
      })}
      now={0}
    />,
  )
  expect(html).toContain("&lt;script>")
  expect(html).not.toContain("<script")
  expect(html).not.toContain("<img")
})

test("a long run is drawn with at most 300 points, the newest among them", () => {
  const points = Array.from({ length: 3600 }, (_, second) => point(1000 + second * 1000, second))
  const html = render(<RunLive run={run({ live: points })} now={0} />)
  const [, path = ""] = /class="line line-0" d="(M0[^"]+L[^"]+)"/.exec(html) ?? []
  const drawn = path.split(/[ML]/).length - 1
  expect(drawn).toBeGreaterThan(100)
  expect(drawn).toBeLessThanOrEqual(300)
  expect(html).toContain("<b>3,599</b>")
})
