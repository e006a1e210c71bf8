import { expect, test } from "bun:test"
import { stepMetrics, stepMetricsOf } from "./steps.ts"

const aggregates = {
  counter: ["count", "rate"],
  gauge: ["value"],
  rate: ["rate"],
  trend: ["avg", "max", "med", "min", "p(90)", "p(95)", "p(99)"],
}
const lines = (...events: object[]) => events.map((each) => `${JSON.stringify(each)}\n`).join("")
const early = [
  { event: "param", data: { aggregates } },
  { event: "metric", data: { time: { type: "gauge" }, "http_reqs{step:join}": { type: "counter" } } },
  { event: "cumulative", data: [[1, 1], [1]] },
]
const late = [
  {
    event: "metric",
    data: {
      "http_req_duration{step:join}": { type: "trend" },
      "http_req_failed{step:join}": { type: "rate" },
      "http_reqs{step:hold}": { type: "counter" },
    },
  },
  { event: "snapshot", data: [[9, 9, 9, 9, 9, 9, 9], [9], [9, 9], [9, 9], [9]] },
  { event: "cumulative", data: [[4, 90, 3, 1, 20, 30, 80.00004], [0.01], [5, 0.5], [400, 20], [7]] },
]

test("the last sum of the record counts, row by row in the order of all names", () => {
  expect(stepMetricsOf(lines(...early, ...late))).toEqual({
    step_hold_count: 5,
    step_hold_per_second: 0.5,
    step_join_count: 400,
    step_join_per_second: 20,
    step_join_p50_ms: 3,
    step_join_p95_ms: 30,
    step_join_p99_ms: 80,
    step_join_max_ms: 90,
    step_join_failed_rate: 0.01,
  })
})

test("a name that came after the last sum does not shift its rows", () => {
  expect(stepMetricsOf(lines(...early, late[0]!))).toEqual({ step_join_count: 1, step_join_per_second: 1 })
})

test("a record that is cut off, empty or missing is no trouble", async () => {
  const whole = lines(...early, ...late)
  expect(stepMetricsOf(whole.slice(0, -20))).toEqual({ step_join_count: 1, step_join_per_second: 1 })
  expect(stepMetricsOf("")).toEqual({})
  expect(await stepMetrics("/nowhere")).toEqual({})
})
