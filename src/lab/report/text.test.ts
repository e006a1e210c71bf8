import { expect, test } from "bun:test"
import { roundTable } from "./text.ts"

test("the table of a round fits a terminal: a long reason stands below its scenario", () => {
  const table = roundTable([
    { scenario: "second_sale_regression", error: `k6 ended with SIGKILL: ${"and so on ".repeat(12).trim()}` },
    { scenario: "baseline", skipped: "stopped before it began" },
  ])
  const lines = table.split("\n")
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  expect(table).toMatch(/second_sale_regression {2}ERROR\n {4}k6 ended with SIGKILL: and so on/)
  expect(table).toMatch(/baseline +NOT RUN +stopped before it began\n/)
})
