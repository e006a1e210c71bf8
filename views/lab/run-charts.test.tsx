import { expect, test } from "bun:test"
import { render } from "preact-render-to-string"
import { Figures } from "./figures.tsx"
import { Charts } from "./run-charts.tsx"
import { parseThreshold } from "../../src/lab/model/threshold.ts"
import { shownRun } from "../../src/testing/lab/shown-run.ts"
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
const run = (live: Second[], more: Partial<RunView> = {}) => shownRun({ live, ...more })
const titlesOf = (html: string) => [...html.matchAll(/class="chart-title">([^<]+)</g)].map((each) => each[1])

test("what everybody used is drawn on the clock of the run", () => {
  const html = render(<Charts run={run([told(1), told(2)])} />)
  for (const words of [
    "CPU over 50 seconds",
    "Server: highest 31.25 % at 1 s, last 31.25 %. Redis: highest 4 % at 1 s, last 4 %. Postgres: highest 7 % at 1 s",
    "Event loop late by: highest 17 ms at 1 s, last 17 ms. Redis fsync: highest 0 ms at 1 s, last 0 ms.",
    "Server: highest 102 MB at 1 s, last 102 MB. Redis: highest 24.2 MB at 1 s, last 24.2 MB.",
    "Connections: highest 12 at 1 s, last 12.",
    "Admissions: highest 42/s at 1 s, last 42/s. pace that was set 10/s.",
    "Time to answer, join over 50 seconds",
  ])
    expect(html).toContain(words)
})

test("the second that is looked at is told beside a chart, not the last one", () => {
  const seconds = [4, 8, 15].map((people, index) => point(index, { people }))
  const people = (mark?: number) =>
    /chart-title">People<.*?<b>(\d+)</.exec(render(<Charts run={run(seconds)} mark={mark} />))?.[1]
  expect([people(0), people(1), people()]).toEqual(["4", "8", "15"])
})

test("a threshold is drawn over the figure that it judges", () => {
  const thresholds = [parseThreshold("http_req_duration{step:join}", "p(99)<40")!]
  const html = render(<Charts run={run([told(1), told(2)], { thresholds })} />)
  const chart = html.split("<figure").find((each) => each.includes('class="bound bound-limit"'))
  expect(chart).toContain(">Time to answer, join<")
  expect(chart).toContain("p99 under 40 ms")
})

test("a system that does not tell what was used has no empty charts for it", () => {
  const titles = titlesOf(render(<Charts run={run([point(1), point(2)])} />))
  expect(titles).toContain("Requests")
  expect(titles.filter((each) => /CPU|Memory|Inside|Connections/.test(each!))).toEqual([])
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
