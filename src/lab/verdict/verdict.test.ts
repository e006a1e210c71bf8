import { expect, test } from "bun:test"
import { at } from "../../testing/lab/lab-run.ts"
import { epochMs } from "../../units.ts"
import { fails, passes } from "../model/check.ts"
import type { ClientFailure } from "../model/history.ts"
import { lookupSummary, metricsOf, withExceptions, type K6Summary } from "../k6/summary.ts"
import { judge } from "./verdict.ts"

const held = passes("I1 seats sold once", "no seat has two live tickets", "3 tickets")
const broken = fails("I1 seats sold once", "no seat has two live tickets", "1 of 3 tickets break it", "seat 5 has two")
const calm = { people: 500, stolen: 0.01, k6Cpu: 0.3 }

type Changes = { joinP99?: number; samples?: number; joined?: number; arrivals?: number; lag?: number }
const summaryOf = ({
  joinP99 = 40,
  samples = 500,
  joined = 500,
  arrivals = 500,
  lag = 3,
}: Changes = {}): K6Summary => ({
  state: { testRunDurationMs: 50_000 },
  metrics: {
    "http_req_duration{step:join}": {
      type: "trend",
      values: { "p(99)": joinP99, count: samples },
      thresholds: { "p(99)<500": { ok: joinP99 < 500 } },
    },
    "done{step:join}": { type: "counter", values: { count: joined }, thresholds: { "count>0": { ok: joined > 0 } } },
    http_reqs: { type: "counter", values: { count: 9000, rate: 180 } },
    arrivals: { type: "counter", values: { count: arrivals } },
    arrival_lag: { type: "trend", values: { "p(99)": lag } },
  },
})

test("thresholds and invariants that hold are a PASS", () => {
  expect(judge(summaryOf(), [held], calm)).toMatchObject({ verdict: "PASS", failures: [] })
})

test("a broken invariant is a FAIL that names the first case, whatever the machine did", () => {
  const judged = judge(summaryOf(), [broken], { people: 500, stolen: 0.5, k6Cpu: 0.99 })
  expect(judged.verdict).toBe("FAIL")
  expect(judged.failures[0]).toContain("first: seat 5 has two")
})

test("a threshold that is crossed is a FAIL", () => {
  expect(judge(summaryOf({ joinP99: 700 }), [held], calm)).toMatchObject({ verdict: "FAIL" })
})

test("a step that never happened is a FAIL, though its percentiles look fine", () => {
  expect(judge(summaryOf({ joined: 0 }), [held], calm).failures[0]).toContain("done{step:join}: expected count>0")
})

for (const [what, summary, conditions, reason] of [
  ["stolen CPU", summaryOf({ joinP99: 700 }), { ...calm, stolen: 0.2 }, "neighbours stole 20 %"],
  ["stolen CPU, even when the latency was good", summaryOf(), { ...calm, stolen: 0.11 }, "neighbours stole 11 %"],
  ["a compiler beside the test", summaryOf({ joinP99: 700 }), { ...calm, others: 0.3 }, "other programs used 30 %"],
  ["a busy generator", summaryOf({ joinP99: 700 }), { ...calm, k6Cpu: 0.9 }, "k6 used 90 %"],
  ["late people", summaryOf({ joinP99: 700, lag: 400 }), calm, "400 ms late"],
  ["people who never came", summaryOf({ arrivals: 480 }), calm, "20 of 500 people never came"],
  ["too few samples", summaryOf({ samples: 60 }), calm, "has 60 samples and its p99 needs 200"],
] as const)
  test(`${what}: INCONCLUSIVE`, () => {
    const judged = judge(summary, [held], conditions)
    expect(judged.verdict).toBe("INCONCLUSIVE")
    expect(judged.failures[0]).toContain(reason)
  })

test("errors name the first answer that was none of the step's", () => {
  const summary = summaryOf()
  summary.metrics["http_req_failed"] = {
    type: "rate",
    values: { rate: 0.05 },
    thresholds: { "rate<0.01": { ok: false } },
  }
  const failure = {
    account: "ada",
    sent: epochMs(0),
    received: epochMs(9),
    step: "status",
    status: 500,
    why: "internal",
  }
  expect(judge(summary, [held], calm, [failure]).failures[0]).toEndWith(
    "first: status of ada was answered 500 internal at 1970-01-01T00:00:00.000Z",
  )
})

test("answers that were quick beside other programs stand", () => {
  expect(judge(summaryOf(), [held], { ...calm, others: 0.3 }).verdict).toBe("PASS")
})

test("steal excuses latency only", () => {
  expect(judge(summaryOf({ joined: 0 }), [held], { ...calm, stolen: 0.2 }).verdict).toBe("FAIL")
})

test("a machine without /proc is judged without it", () => {
  expect(judge(summaryOf(), [held], { people: 500 }).verdict).toBe("PASS")
})

test("the summary is found among other output, and a run without one has none", () => {
  const text = `noise\n\n@@SUMMARY ${JSON.stringify(summaryOf())}\n`
  expect(metricsOf(lookupSummary(text)!)).toMatchObject({ http_reqs: 9000, join_p99_ms: 40, join_count: 500 })
  expect(lookupSummary("killed")).toBeUndefined()
  expect(lookupSummary("@@SUMMARY {half")).toBeUndefined()
})

const withMetric = (name: string, metric: K6Summary["metrics"][string]): K6Summary => {
  const summary = summaryOf()
  return { ...summary, metrics: { ...summary.metrics, [name]: metric } }
}

test("what must not happen and did is a FAIL, however starved the generator was", () => {
  const thresholds = { "count<1": { ok: false } }
  const moved = withMetric("extra_orders", { type: "counter", values: { count: 1 }, thresholds })
  const judged = judge(moved, [held], { ...calm, k6Cpu: 0.95, starved: "k6 may open 5 files" })
  expect([judged.verdict, ...judged.failures]).toEqual([
    "FAIL",
    "k6 extra_orders: expected count<1; seen count = 1; first: extra_orders has count = 1",
  ])
})

test("a share that was reached by too few is INCONCLUSIVE, and one that was missed a FAIL", () => {
  const completed = (passes: number, fails: number) =>
    withMetric("completed", {
      type: "rate",
      values: { rate: passes / (passes + fails), passes, fails },
      thresholds: { "rate>0.95": { ok: fails === 0 } },
    })
  expect(judge(completed(20, 0), [held], calm).verdict).toBe("PASS")
  const few = judge(completed(19, 0), [held], calm)
  expect([few.verdict, ...few.failures]).toEqual([
    "INCONCLUSIVE",
    "completed has 19 samples and a share of 95 % needs 20: more people or a longer run",
  ])
  expect(judge(completed(2, 2), [held], calm).verdict).toBe("FAIL")
})

test("what a run is about and could not be judged for want of people is no PASS", () => {
  const unjudged = { ...held, name: "I6 groups in order", judged: false, seen: "4 people", tooFew: true as const }
  const judged = judge(summaryOf(), [held, unjudged], calm)
  expect([judged.verdict, ...judged.failures]).toEqual(["INCONCLUSIVE", "I6 groups in order was not judged: 4 people"])
  expect(judged.checks.some((each) => "tooFew" in each)).toBe(false)
})

test("an exception in a visit is a FAIL that says what was thrown", () => {
  const thrown = withExceptions(summaryOf(), { count: 3, first: "SyntaxError: invalid character" })
  expect(judge(thrown, [held], calm).failures).toEqual([
    "k6 exceptions: expected count<1; seen count = 3; first: SyntaxError: invalid character",
  ])
  expect(judge(thrown, [held], { ...calm, k6Cpu: 0.95 }).verdict).toBe("INCONCLUSIVE")
  expect(judge(withExceptions(summaryOf(), { count: 0 }), [held], calm).verdict).toBe("PASS")
})

test("errors that the server wrote are a FAIL though people came late, and no answers at all are not", () => {
  const failed = (status: number) => ({
    account: "ada",
    sent: at(1),
    received: at(2),
    step: "status",
    status,
    why: "internal",
  })
  const lateAndFailed = (status: number) => {
    const summary = withMetric("http_req_failed", {
      type: "rate",
      values: { rate: 0.02, passes: 20, fails: 980 },
      thresholds: { "rate<0.01": { ok: false } },
    })
    return judge(summary, [held], { ...calm, k6Cpu: 0.95 }, Array<ClientFailure>(20).fill(failed(status))).verdict
  }
  expect([500, 502, 503, 0].map(lateAndFailed)).toEqual(["FAIL", "FAIL", "INCONCLUSIVE", "INCONCLUSIVE"])
})
