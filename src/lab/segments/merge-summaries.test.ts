import { expect, test } from "bun:test"
import type { K6Summary } from "../k6/summary.ts"
import { mergeSummaries } from "./merge-summaries.ts"

const summary = (metrics: K6Summary["metrics"]): K6Summary => ({ state: { testRunDurationMs: 1000 }, metrics })
const counter = (count: number, thresholds?: Record<string, { ok: boolean }>) =>
  summary({ done: { type: "counter", values: { count, rate: count / 10 }, ...(thresholds && { thresholds }) } })
const trend = (values: Record<string, number>, thresholds: Record<string, { ok: boolean }>) =>
  summary({ slow: { type: "trend", values, thresholds } })

test("counts and rates add up, and their thresholds are judged anew", () => {
  const guard = (ok: boolean) => ({ "count>0": { ok } })
  const { summary: merged, undecided } = mergeSummaries([counter(0, guard(false)), counter(3, guard(true))])
  expect(merged.metrics["done"]).toEqual({ type: "counter", values: { count: 3, rate: 0.3 }, thresholds: guard(true) })
  expect(undecided).toEqual([])
  const none = mergeSummaries([counter(0, guard(false)), counter(0, guard(false))]).summary
  expect(none.metrics["done"]!.thresholds).toEqual(guard(false))
})

test("a rate is that of everybody, not the mean of the machines", () => {
  const rate = (passes: number, fails: number) =>
    summary({
      failed: {
        type: "rate",
        values: { rate: passes / (passes + fails), passes, fails },
        thresholds: { "rate<0.01": { ok: passes === 0 } },
      },
    })
  const { metrics } = mergeSummaries([rate(0, 990), rate(5, 5)]).summary
  expect(metrics["failed"]).toMatchObject({
    values: { rate: 0.005, passes: 5, fails: 995 },
    thresholds: { "rate<0.01": { ok: true } },
  })
})

test("averages, minima and maxima are exact, percentiles the highest", () => {
  const one = trend({ count: 1, avg: 10, min: 10, max: 10, "p(99)": 10, med: 10 }, {})
  const many = trend({ count: 9, avg: 20, min: 5, max: 90, "p(99)": 80, med: 15 }, {})
  expect(mergeSummaries([one, many]).summary.metrics["slow"]!.values).toEqual({
    count: 10,
    avg: 19,
    min: 5,
    max: 90,
    "p(99)": 80,
    med: 15,
  })
})

test("a percentile within the limit on every machine is within it for everybody, over it on every machine over it", () => {
  const part = (p99: number) =>
    trend({ count: 300, avg: 1, min: 1, max: 1, "p(99)": p99 }, { "p(99)<500": { ok: p99 < 500 } })
  for (const [parts, ok] of [
    [[100, 499], true],
    [[501, 900], false],
  ] as const) {
    const { summary: merged, undecided } = mergeSummaries(parts.map(part))
    expect([merged.metrics["slow"]!.thresholds, undecided]).toEqual([{ "p(99)<500": { ok } }, []])
  }
})

test("where machines disagree on a percentile it is not judged", () => {
  const part = (p99: number) =>
    trend({ count: 300, avg: 1, min: 1, max: 1, "p(99)": p99 }, { "p(99)<500": { ok: p99 < 500 } })
  const { summary: merged, undecided } = mergeSummaries([part(100), part(900)])
  expect(merged.metrics["slow"]!.thresholds).toBeUndefined()
  expect(undecided).toEqual([{ metric: "slow", expression: "p(99)<500", seen: [100, 900] }])
})

test("a machine without a sample says nothing, though k6 calls its threshold kept", () => {
  const silent = trend({ count: 0, avg: 0, min: 0, max: 0, "p(99)": 0 }, { "p(99)<500": { ok: true } })
  const slow = trend({ count: 300, avg: 600, min: 550, max: 900, "p(99)": 900 }, { "p(99)<500": { ok: false } })
  const { metrics } = mergeSummaries([silent, slow]).summary
  expect(metrics["slow"]).toMatchObject({
    values: { min: 550, count: 300 },
    thresholds: { "p(99)<500": { ok: false } },
  })
})

test("what only one machine measured stays", () => {
  const { metrics } = mergeSummaries([counter(2), trend({ count: 1, avg: 4, min: 4, max: 4 }, {})]).summary
  expect([metrics["done"]!.values["count"], metrics["slow"]!.values["avg"]]).toEqual([2, 4])
})
