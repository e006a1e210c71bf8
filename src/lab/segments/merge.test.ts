import { expect, test } from "bun:test"
import { trustedId, type SaleId } from "../../ids.ts"
import { goodRun } from "../../testing/lab/lab-run.ts"
import { epochMs, seconds } from "../../units.ts"
import { version } from "../../version.ts"
import { emptyHistory, type History } from "../model/history.ts"
import type { K6Summary } from "../k6/summary.ts"
import { checkParts, mergeParts, onServerClock } from "./merge.ts"
import type { Part } from "./part.ts"
import type { Plan } from "./plan.ts"

const saleId = trustedId<SaleId>("01ARZ3NDEKTSV4RRFFQ69G5FAV")
const plan: Plan = {
  planId: "01ARZ3NDEKTSV4RRFFQ69G5FAW",
  trafficVersion: version,
  scriptHash: "script",
  settings: {
    scenario: "launch_spike",
    vusMax: 3,
    rampUp: seconds(1),
    steady: seconds(1),
    rampDown: seconds(0),
    admitPerMinute: 60,
    waitingRoomCap: 10,
    totalSeats: 10,
    seed: 1,
    saleId,
  },
  target: "http://127.0.0.1:8080",
  startsAt: epochMs(1_800_000_000_000),
  fans: [],
  hash: "hash",
}

const accounts = [["ada", "cyd"], ["bob"]]
const historyOf = (names: string[]): History => {
  const { history } = goodRun()
  return Object.fromEntries(
    Object.entries(history).map(([list, records]) => [
      list,
      (records as { account: string }[]).filter((each) => names.includes(each.account)),
    ]),
  ) as unknown as History
}
const summaryOf = (arrivals: number): K6Summary => ({
  state: { testRunDurationMs: 2000 },
  metrics: {
    arrivals: { type: "counter", values: { count: arrivals, rate: 1 }, thresholds: { "count>0": { ok: true } } },
  },
})
const partOf = (index: number, changes: Partial<Part> = {}): Part => ({
  name: `part-${index}.ndjson`,
  planId: plan.planId,
  planHash: plan.hash,
  segment: { index, of: 2 },
  people: accounts[index - 1]?.length ?? 0,
  trafficVersion: version,
  k6Version: "2.2.0",
  scriptHash: "script",
  machine: "2 x Test, 4 GB",
  clock: { offsetMs: 0, uncertaintyMs: 1 },
  conditions: { people: 3, k6Cpu: index / 10 },
  summary: summaryOf(accounts[index - 1]?.length ?? 0),
  live: [{ at: epochMs(1_800_000_001_000), people: index, requestsPerSecond: 10, failedRate: 0 }],
  history: historyOf(accounts[index - 1] ?? []),
  ...changes,
})
const broken = (parts: Part[]) =>
  mergeParts(plan, parts, goodRun().truth)
    .checks.filter((each) => !each.passed)
    .map((each) => each.name)

test("what the machines saw and what the server knows make one run", () => {
  const run = mergeParts(plan, [partOf(1), partOf(2)], goodRun().truth)
  expect([run.verdict, run.failures]).toEqual(["PASS", []])
  expect(run.live.map(({ people, requestsPerSecond }) => [people, requestsPerSecond])).toEqual([[3, 20]])
  expect(run.metrics).toMatchObject({ arrivals: 3, joined: 3, tickets_sold: 3, segments: 2, k6_cpu_pct: 20 })
  expect(run.checks.find((each) => each.name === "I5 joins kept")?.seen).toBe("6 joins")
})

test("a history that is missing a machine shows in what the clients were told", () => {
  const { checks } = mergeParts(plan, [partOf(1), partOf(2, { history: emptyHistory() })], goodRun().truth)
  expect(checks.find((each) => each.name === "I5 joins kept")?.seen).toBe("4 joins")
})

const behind = (history: History, ms: number) => onServerClock(history, { offsetMs: -ms, uncertaintyMs: 0 })

test("a machine whose clock is hours behind is judged on the clock of the server", () => {
  const history = behind(historyOf(["bob"]), 7_200_000)
  expect(broken([partOf(1), partOf(2, { history, clock: { offsetMs: 7_200_000, uncertaintyMs: 5 } })])).toEqual([])
  expect(broken([partOf(1), partOf(2, { history })])).toContain("I6 first come, first served")
})

test("who came first counts only where the clocks can tell", () => {
  // Bob's position is 2, and by his own clock he was served 150 ms before Ada asked.
  const early = behind(historyOf(["bob"]), 260)
  const order = (uncertaintyMs: number) =>
    broken([partOf(1), partOf(2, { history: early, clock: { offsetMs: 0, uncertaintyMs } })]).includes(
      "I6 first come, first served",
    )
  expect([order(1), order(200)]).toEqual([true, false])
})

test("a clock that is hardly known leaves the order open", () => {
  const run = mergeParts(plan, [partOf(1), partOf(2, { clock: { offsetMs: 0, uncertaintyMs: 400 } })], goodRun().truth)
  expect(run.verdict).toBe("INCONCLUSIVE")
  expect(run.failures).toEqual([
    "the clock of segment 2/2 is known within 400 ms only, more than 250: who came first on different machines cannot be judged",
  ])
})

const slowOn = (index: number, p99: number) => {
  const summary = summaryOf(accounts[index - 1]!.length)
  summary.metrics["http_req_duration{step:join}"] = {
    type: "trend",
    values: { count: 400, avg: 1, min: 1, max: p99, "p(99)": p99 },
    thresholds: { "p(99)<500": { ok: p99 < 500 } },
  }
  return partOf(index, { summary })
}

test("percentiles are the highest of the machines and say so", () => {
  const { verdict, checks } = mergeParts(plan, [slowOn(1, 12), slowOn(2, 30)], goodRun().truth)
  const joins = checks.find((each) => each.name === "k6 http_req_duration{step:join}")
  expect([verdict, joins?.seen]).toEqual(["PASS", "p(99) = 30 (highest of 2 machines)"])
})

test("a limit that is broken on every machine fails, on one of them it is open", () => {
  expect(mergeParts(plan, [slowOn(1, 600), slowOn(2, 700)], goodRun().truth).verdict).toBe("FAIL")
  const { verdict, failures, checks } = mergeParts(plan, [slowOn(1, 12), slowOn(2, 700)], goodRun().truth)
  expect(verdict).toBe("INCONCLUSIVE")
  expect(failures).toEqual([
    "k6 http_req_duration{step:join} p(99)<500: 12 on segment 1/2, 700 on segment 2/2; percentiles of machines do not add up, so it is not known for everybody",
  ])
  expect(checks.find((each) => each.name.includes("step:join"))).toMatchObject({ passed: false, judged: false })
})

test("what the server lost fails the run, whoever was told", () => {
  const { truth } = goodRun()
  truth.entries = truth.entries.filter((each) => each.account !== "bob")
  const { verdict, checks } = mergeParts(plan, [partOf(1), partOf(2)], truth)
  expect(verdict).toBe("FAIL")
  expect(checks.find((each) => each.name === "I5 joins kept")?.counterExample).toContain("bob")
})

test("parts come in the order of their segments", () => {
  expect(checkParts(plan, "plan.json", [partOf(2), partOf(1)]).map((each) => each.segment.index)).toEqual([1, 2])
})

for (const [what, parts, sentence] of [
  ["a missing segment", [partOf(1)], "segment 2/2 is missing: name its file too"],
  [
    "a doubled segment",
    [partOf(1), partOf(2), partOf(1, { name: "copy.ndjson" })],
    "part-1.ndjson and copy.ndjson are both segment 1/2: leave out one of them",
  ],
  [
    "parts of tests of different size",
    [partOf(1), partOf(2, { segment: { index: 2, of: 3 } })],
    "part-2.ndjson is segment 2/3 and part-1.ndjson is 1/2",
  ],
  [
    "a part of another plan",
    [partOf(1), partOf(2, { planId: "01ARZ3NDEKTSV4RRFFQ69G5FAX", planHash: "x" })],
    "part-2.ndjson belongs to plan 01ARZ3NDEKTSV4RRFFQ69G5FAX and plan.json is plan 01ARZ3NDEKTSV4RRFFQ69G5FAW",
  ],
  [
    "a part of a plan that was changed",
    [partOf(1), partOf(2, { planHash: "x" })],
    "part-2.ndjson was made with another copy of plan.json in which something was changed",
  ],
  [
    "another version of traffic",
    [partOf(1), partOf(2, { trafficVersion: "0.0.1" })],
    `part-2.ndjson was made by traffic 0.0.1 and plan.json by ${version}`,
  ],
  [
    "another k6",
    [partOf(1), partOf(2, { k6Version: "2.3.0" })],
    "part-2.ndjson was made with k6 2.3.0 and part-1.ndjson with 2.2.0",
  ],
  [
    "a part with too few people",
    [partOf(1), partOf(2, { people: 0 })],
    "part-2.ndjson played 0 people and segment 2/2 has 1",
  ],
] as [string, Part[], string][])
  test(`${what} is refused by the name of the file`, () => {
    expect(() => checkParts(plan, "plan.json", parts)).toThrow(sentence)
  })
