import { expect, test } from "bun:test"
import { render } from "preact-render-to-string"
import { Figures } from "./figures.tsx"
import { Charts } from "./run-charts.tsx"
import type { Second } from "../../src/lab/model/figures.ts"
import { epochMs } from "../../src/units.ts"
import type { RunView } from "./run-view.ts"

const point = (second: number, more: Partial<Second> = {}): Second => ({
  at: epochMs(second * 1000),
  people: 1,
  requestsPerSecond: 1,
  failedRate: 0,
  ...more,
})
const told = (second: number): Second =>
  point(second, {
    cpuServer: 0.3125,
    cpuRedis: 0.04,
    cpuPostgres: 0.07,
    cpuK6: 0.22,
    memoryServerMb: 102.4,
    memoryRedisMb: 24.2,
    memoryPostgresMb: 67.5,
    memoryK6Mb: 61,
    memoryRedisUsedMb: 2.7,
    postgresConnections: 12,
    steps: { join: { p99Ms: 31 }, status: { p99Ms: 7 } },
    waiting: 3,
    nowServing: 9,
    shoppers: 2,
    seatsAvailable: 5,
    seatsHeld: 1,
    seatsSold: 4,
    admissionsPerSecond: 42,
    loopLagMs: 17,
    fsyncMs: 0,
  })
const run = (points: Second[], more: Partial<RunView> = {}): RunView => ({
  runId: "01M816Y1DGQ66YRE1W2DPZYB7A",
  scenario: "launch_spike",
  state: "running",
  failures: [],
  checks: [],
  metrics: {},
  points,
  people: 500,
  seats: 500,
  admitPerMinute: 600,
  lengthMs: 50_000,
  steadyMs: { from: 10_000, to: 40_000 },
  command: "./traffic sim launch_spike --seed 7",
  k6Version: "2.2.0",
  trafficVersion: "1",
  createdAt: 0,
  startedAt: 0,
  ...more,
})
const titlesOf = (html: string) => [...html.matchAll(/class="chart-title">([^<]+)</g)].map((each) => each[1])

test("what both sides used is drawn on the clock of the run", () => {
  const html = render(<Charts run={run([told(1), told(2)])} />)
  for (const words of [
    "CPU of the machine over 1 second: Server: highest 31, now 31 %; k6: highest 22, now 22 %",
    "CPU of the stores over 1 second: Postgres: highest 7, now 7 %; Redis: highest 4, now 4 %",
    "Delays of the server over 1 second: Event loop: highest 17, now 17 ms; fsync of Redis: highest 0, now 0 ms",
    "Memory over 1 second: Server: highest 102, now 102 MiB; k6: highest 61, now 61 MiB",
    "Memory of the stores over 1 second: Postgres: highest 68, now 68 MiB; Redis: highest 24, now 24 MiB",
    "Connections of Postgres over 1 second: highest 12, now 12",
    "Admissions over 1 second: highest 42, now 42 /s",
    "Join and status poll, p99 over 1 second: Join: highest 31, now 31 ms; Status poll: highest 7, now 7 ms",
  ])
    expect(html).toContain(words)
})

test("the second that is looked at is told beside a chart, not the last one", () => {
  const seconds = [4, 8, 15].map((people, index) => point(index, { people }))
  const people = (mark?: number) =>
    /People with k6.*?<b>(\d+)</.exec(render(<Charts run={run(seconds)} mark={mark} />))?.[1]
  expect([people(0), people(1), people()]).toEqual(["4", "8", "15"])
})

test("a threshold is drawn over the figure that it judges", () => {
  const thresholds = [{ metric: "http_req_duration", step: "join", stat: "p(99)", limit: 40, unit: "ms" as const }]
  const html = render(<Charts run={run([told(1), told(2)], { thresholds })} />)
  const chart = html.split("<figure").find((each) => each.includes('class="limit"'))
  expect(chart).toContain("Join and status poll, p99")
  expect(chart).toContain("Join p99 under 40 ms")
})

test("a system that does not tell what was used has no empty charts for it", () => {
  const titles = titlesOf(render(<Charts run={run([point(1), point(2)])} />))
  expect(titles).toContain("Requests")
  expect(titles.filter((each) => /CPU|Memory|Delays|Connections/.test(each!))).toEqual([])
})

test("what limited a run is said once it is known, as text", () => {
  expect(render(<Charts run={run([])} />)).not.toContain("What limited it")
  const html = render(<Charts run={run([], { limitedBy: "k6 used 84 % of the machine: <b>the generator</b>" })} />)
  expect(html).toContain("k6 used 84 % of the machine: &lt;b>the generator&lt;/b>.")
})

const server = { ready: true, away: [], version: "1", k6: { ready: true, version: "2.2.0" } } as const
const figures = {
  waiting: 0,
  nowServing: 0,
  joined: 0,
  shoppers: 0,
  admissionsPerSecond: 0,
  available: 0,
  sold: 0,
  total: 0,
  requestsPerSecond: 0,
  errorPct: 0,
  loopLagMs: 0,
  phase: "open",
}
const rowsOf = (html: string) =>
  [...html.matchAll(/<tr><th scope="row">([^<]+)<\/th><td>([^<]+)<\/td><td>([^<]+)<\/td><\/tr>/g)].map((each) =>
    each.slice(1),
  )

test("the figures of a run under way stand beside those of the sale", () => {
  const html = render(<Figures figures={figures} point={told(1)} server={{ ...server, away: [] }} running />)
  expect(rowsOf(html)).toEqual(
    expect.arrayContaining([
      ["CPU", "31.3 %", "22 %"],
      ["Memory", "102 MiB", "61 MiB"],
      ["CPU", "4 %", "7 %"],
      ["Memory", "24 MiB", "68 MiB"],
    ]),
  )
})

test("what is not told is a dash, and without a run there is nothing of the stores", () => {
  const bare = render(<Figures figures={figures} point={point(1)} server={{ ...server, away: [] }} running />)
  expect(rowsOf(bare)).toEqual(
    expect.arrayContaining([
      ["CPU", "–", "–"],
      ["Memory", "–", "–"],
    ]),
  )
  expect(render(<Figures figures={figures} server={{ ...server, away: [] }} running={false} />)).not.toContain("Stores")
})
