import { expect, test } from "bun:test"
import { silentLog } from "../../../log.ts"
import { openMetrics } from "../../../metrics.ts"
import { openPulse, type Counts } from "./pulse.ts"

const counts = (atSec: number, requests: number, more: Partial<Counts> = {}): Counts => ({
  atMs: atSec * 1000,
  requests,
  sumSeconds: 0,
  failures: 0,
  buckets: [],
  loopLagMs: 0,
  ...more,
})

const pulse = (...taken: Counts[]) => {
  const made = openPulse(openMetrics(), silentLog)
  for (const each of taken) made.take(each)
  return made.beat()
}

test("before two seconds are counted nothing is claimed", () => {
  expect(pulse()).toEqual({ requestsPerSecond: 0, errorRatePct: 0, lastLatencyMs: 0, loopLagMs: 0 })
  expect(pulse(counts(1, 500)).requestsPerSecond).toBe(0)
})

test("the rate is that of the last ten seconds, whatever was before", () => {
  expect(pulse(counts(0, 0), counts(1, 9000), counts(11, 9020), counts(12, 9100)).requestsPerSecond).toBe(80)
  expect(pulse(counts(0, 0), counts(1, 100), counts(2, 300)).requestsPerSecond).toBe(150)
})

test("errors are the share of answers that were 5xx", () => {
  expect(pulse(counts(0, 1000, { failures: 900 }), counts(1, 1200, { failures: 905 })).errorRatePct).toBe(2.5)
  expect(pulse(counts(0, 0), counts(1, 0)).errorRatePct).toBe(0)
})

test("latency is the mean of the latest second that had an answer, and stays through a quiet one", () => {
  const beat = pulse(
    counts(0, 0),
    counts(1, 10, { sumSeconds: 5 }),
    counts(2, 30, { sumSeconds: 5.1 }),
    counts(3, 30, { sumSeconds: 5.1 }),
  )
  expect(beat.lastLatencyMs).toBe(5)
})

test("p95 comes from what the histogram gained", () => {
  const buckets = (fast: number, slow: number) => [
    { le: 0.01, count: fast },
    { le: 0.1, count: fast + slow },
    { le: Infinity, count: fast + slow },
  ]
  const beat = pulse(counts(0, 1000, { buckets: buckets(0, 1000) }), counts(1, 1100, { buckets: buckets(90, 1010) }))
  expect(beat.p95Ms).toBe(55)
  expect(
    pulse(counts(0, 5, { buckets: buckets(5, 0) }), counts(1, 5, { buckets: buckets(5, 0) })).p95Ms,
  ).toBeUndefined()
})

test("only requests of fans and operators are counted, and refusals count as errors from 500 on", async () => {
  const metrics = openMetrics()
  const made = openPulse(metrics, silentLog)
  await made.tick()
  metrics.route("/v1/sales/:id").observe(0.004)
  metrics.route("/v1/demo/dashboard").observe(0.4)
  metrics.route("/lab/figures").observe(0.4)
  metrics.refusals.inc({ code: "sale_closed" }, 9)
  metrics.refusals.inc({ code: "store_away" })
  await made.tick()
  expect(made.beat()).toMatchObject({ lastLatencyMs: 4, errorRatePct: 100 })
})

test("percentiles come from one window, and refusals of it are counted by the second", () => {
  const made = openPulse(openMetrics(), silentLog)
  expect(made.answers()).toEqual({ refusedPerSecond: 0 })
  const buckets = (...counted: number[]) => [0.01, 0.1, 1].map((le, index) => ({ le, count: counted[index]! }))
  made.take(counts(0, 0, { buckets: buckets(0, 0, 0), refused: 7 }))
  made.take(counts(2, 100, { buckets: buckets(60, 96, 100), refused: 17 }))
  const { p50Ms, p95Ms, p99Ms, refusedPerSecond } = made.answers()
  expect(p50Ms).toBeLessThan(10)
  expect(p95Ms).toBeWithin(10, 100)
  expect(p99Ms).toBeWithin(100, 1000)
  expect(refusedPerSecond).toBe(5)
})
