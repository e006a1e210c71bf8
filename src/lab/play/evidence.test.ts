import { expect, test } from "bun:test"
import { at } from "../../testing/lab/lab-run.ts"
import { emptyHistory } from "../model/history.ts"
import { checkWhole } from "./evidence.ts"
import type { K6Summary } from "../k6/summary.ts"

const summaryOf = (count: number): K6Summary => ({
  state: { testRunDurationMs: 1000 },
  metrics: { "done{step:join}": { type: "counter", values: { count } } },
})
const historyOf = (joins: number) => ({
  ...emptyHistory(),
  joins: Array.from({ length: joins }, (_, index) => ({
    account: `fan${index}`,
    sent: at(1),
    received: at(2),
    status: 201,
    position: index + 1,
  })),
})

test("a record that is shorter than what k6 counted is not judged at all", () => {
  const reason = "k6 counted 5 joins and wrote 3 of them down: is the disk full?"
  expect(() => checkWhole(summaryOf(5), historyOf(3))).toThrow(reason)
  expect(() => checkWhole(summaryOf(5), historyOf(3), historyOf(2))).not.toThrow()
  expect(() => checkWhole(summaryOf(3), historyOf(4))).not.toThrow()
})
