import { expect, test } from "bun:test"
import { reportPoints, reportRun } from "../../testing/lab/report-run.ts"
import type { SecondBody } from "./second-body.ts"
import { reportJson, reportOf } from "./report.ts"

const chart = (title: string, run = reportRun(), points: SecondBody[] = reportPoints()) => {
  const found = reportOf(run, points).charts.find((each) => each.title === title)
  if (found === undefined) throw new Error(`there is no chart ${title}`)
  return found
}

test("a threshold is drawn into the chart of its step, with the second in which it was crossed", () => {
  expect(chart("Time to answer, join").limits).toEqual([
    {
      name: "p99 under",
      value: 500,
      line: "p99",
      kind: "limit",
      crossings: [{ from: 12, to: 15, worst: 614, worstAt: 14 }],
    },
  ])
  expect(chart("Time to answer, all requests").limits).toEqual([])
})

test("a threshold of the steady phase is not crossed before it", () => {
  const [limit] = chart("Time to answer, status").limits
  expect([limit?.value, limit?.crossings]).toEqual([200, []])
  const late = reportPoints().map((each, second) =>
    second === 22 ? { ...each, steps: { ...each.steps, status: { p99_ms: 200 } } } : each,
  )
  expect(chart("Time to answer, status", reportRun(), late).limits[0]?.crossings).toEqual([
    { from: 22, to: 23, worst: 200, worstAt: 22 },
  ])
})

test("failures and the machine have their limits too", () => {
  expect(chart("Errors").limits[0]).toMatchObject({ value: 0.01, crossings: [{ from: 20, to: 21, worst: 0.03 }] })
  const machine = chart("CPU")
  expect(machine.lines.map((each) => each.name)).toEqual(["Server", "Redis", "Postgres", "k6", "Stolen by neighbours"])
  expect(machine.limits.map(({ line, crossings }) => [line, crossings.length])).toEqual([
    ["k6", 0],
    ["Stolen by neighbours", 1],
  ])
})

test("more seats sold than there are is a crossing, the last seat is none", () => {
  expect(chart("Seats").limits[0]?.crossings).toEqual([])
  const oversold = reportPoints().map((each, second) => (second === 33 ? { ...each, seats_sold: 41 } : each))
  expect(chart("Seats", reportRun(), oversold).limits[0]?.crossings).toEqual([
    { from: 33, to: 34, worst: 41, worstAt: 33 },
  ])
})

test("thresholds that only the list tells are drawn, and each once", () => {
  const run = reportRun({
    thresholds: [
      { metric: "http_req_duration", stat: "p95", limit: 25, unit: "ms" },
      { metric: "http_req_duration", step: "join", stat: "p(99)", limit: 500, unit: "ms" },
    ],
  })
  expect(chart("Time to answer, all requests", run).limits).toMatchObject([{ line: "p95", value: 25 }])
  expect(chart("Time to answer, join", run).limits).toHaveLength(1)
})

test("a bound on what no line tells is drawn and not followed", () => {
  const check = (name: string, expected: string) => ({ name, passed: true, judged: true, expected, seen: "" })
  const run = reportRun({
    checks: [
      check("k6 http_req_duration{step:join}", "p(90)<100"),
      check("k6 http_req_duration{step:join,region:east}", "p(99)<100"),
      check("k6 http_req_duration{step:status,phase:steady}", "med<1"),
    ],
    thresholds: [{ metric: "http_req_duration", step: "join", stat: "p90", limit: 100, unit: "ms" }],
  })
  const whole = { value: 100, line: "p99", kind: "whole", crossings: [] }
  expect(chart("Time to answer, join", run).limits).toEqual([
    { ...whole, kind: "whole", name: "p90 under" },
    { ...whole, kind: "whole", name: "region east: p99 under" },
  ])
  expect(chart("Time to answer, status", run).limits).toEqual([
    { ...whole, kind: "whole", name: "p50 under", value: 1, window: { from: 10, to: 35 } },
  ])
})

test("an older run leaves charts without lines and draws admissions from the calls", () => {
  const bare = reportPoints().map(({ at, people, requests_per_second, now_serving }) => ({
    at,
    people,
    requests_per_second,
    now_serving,
  }))
  const { charts } = reportOf({ ...reportRun(), thresholds: [] }, bare)
  expect(charts.filter((each) => each.lines.length > 0).map((each) => each.title)).toEqual([
    "Queue",
    "Admissions",
    "Requests",
    "People",
  ])
  expect(charts.find((each) => each.title === "Admissions")?.lines[0]?.values.slice(0, 4)).toEqual([
    undefined,
    0,
    10,
    10,
  ])
  expect(charts.every((each) => each.missing !== "")).toBe(true)
})

test("what is no number is not drawn", () => {
  const points = [
    { ...reportPoints()[0]!, p95_ms: Number.NaN, requests_per_second: "<b>" as unknown as number },
    { ...reportPoints()[1]! },
  ]
  expect(chart("Requests", reportRun(), points).lines[0]?.values[0]).toBeUndefined()
})

test("steps have a row each, all requests the last", () => {
  const { steps } = reportOf(reportRun(), reportPoints())
  expect(steps.map((each) => each.step)).toEqual(["join", "status", "checkout", "all"])
  expect(steps[0]).toEqual({
    step: "join",
    count: 412,
    perSecond: 10.3,
    p50Ms: 8,
    p95Ms: 300,
    p99Ms: 480,
    maxMs: 812,
    failedRate: 0.01,
  })
  expect(steps[2]).toEqual({ step: "checkout", count: 40 })
  expect(steps.at(-1)).toMatchObject({ count: 8000, p50Ms: 4, maxMs: 812, failedRate: 0.002 })
})

test("of many steps the busiest eight are drawn together, and each has its times", () => {
  const steps = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`step${index}`, { per_second: index, p95_ms: 1 }]),
  )
  const points = reportPoints().map((each) => ({ ...each, steps }))
  expect(chart("Requests by step", reportRun(), points).lines.map((each) => each.name)).toEqual([
    "step10",
    "step11",
    "step4",
    "step5",
    "step6",
    "step7",
    "step8",
    "step9",
  ])
  expect(chart("Time to answer, step0", reportRun(), points).lines).toHaveLength(1)
})

test("the JSON holds the run, every second and when limits were crossed", () => {
  const { run, series, limits } = JSON.parse(reportJson(reportRun(), reportPoints()))
  expect(run).toEqual(reportRun())
  expect(series).toEqual(reportPoints())
  expect(limits.find((each: { chart: string }) => each.chart === "Time to answer, join")).toEqual({
    chart: "Time to answer, join",
    line: "p99",
    limit: "p99 under",
    value: 500,
    crossings: [{ from_sec: 12, to_sec: 15, worst: 614, worst_at_sec: 14 }],
  })
})

test("a run that never began makes a report without seconds", () => {
  const { times, charts, steps } = reportOf(reportRun({ started_at: null, metrics: {}, checks: [] }), [])
  expect([times, steps, charts.every((each) => each.lines.length === 0)]).toEqual([[], [], true])
})
