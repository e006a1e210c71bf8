import { expect, test } from "bun:test"
import { goodRun } from "../../testing/lab/lab-run.ts"
import { fails, passes } from "../model/check.ts"
import { judgeRun, type Trial } from "./judgement.ts"

const trial = (more: Partial<Trial> = {}): Trial => ({
  summary: { state: { testRunDurationMs: 1000 }, metrics: {} },
  evidence: goodRun(),
  conditions: { people: 3 },
  networkPeople: 0,
  story: [],
  ...more,
})
const brokenOf = ({ checks }: ReturnType<typeof judgeRun>) => checks.filter((each) => !each.passed)

test("a run passes when every sale, its story and all of its generators do", () => {
  expect(judgeRun(trial()).verdict).toBe("PASS")
  const story = [fails("Bots gain nothing", "people", "scripts", "bot1")]
  expect(judgeRun(trial({ story }))).toMatchObject({ verdict: "FAIL", failures: [expect.stringContaining("bot1")] })
})

test("the joins of two sales are read from the summary and compared", () => {
  const metrics = Object.fromEntries(
    [10, 400].map((p95, index) => [
      `http_req_duration{step:join,sale:${index + 1}}`,
      { type: "trend", values: { "p(95)": p95, count: 40 } },
    ]),
  )
  const summary = { state: { testRunDurationMs: 1000 }, metrics }
  const judged = judgeRun(trial({ summary, evidence: { ...goodRun(), second: goodRun() } }))
  expect(brokenOf(judged)).toMatchObject([{ name: "second sale as quick", counterExample: "400 ms is over 60 ms" }])
  expect(judged.checks.map((each) => each.name)).toContain("I1 seats sold once, second sale")
})

test("a search that was not over in time leaves the run open", () => {
  const check = { ...passes("Capacity found", "a rate", "400 held: the time was over"), judged: false }
  expect(judgeRun(trial({ search: { check } }))).toMatchObject({
    verdict: "INCONCLUSIVE",
    failures: [expect.stringContaining("400 held: the time was over")],
  })
  expect(judgeRun(trial({ search: { check, capacity: { perSecond: 1, cause: "", why: "" } } })).verdict).toBe("PASS")
})

test("what a second k6 saw is judged beside, under its name", () => {
  const metrics = {
    arrivals: { type: "counter", values: { count: 2 }, thresholds: { "count>2": { ok: false } } },
  }
  const judged = judgeRun(trial({ more: [{ state: { testRunDurationMs: 1000 }, metrics }], networkPeople: 2 }))
  expect(brokenOf(judged)).toMatchObject([{ name: "k6 network arrivals" }])
  expect(judged.verdict).toBe("FAIL")
})
