import { expect, test } from "bun:test"
import { reportPoints, reportRun } from "../../testing/lab/report-run.ts"
import { checksCsv, seriesCsv } from "./csv.ts"

const rows = (csv: string) => csv.split("\r\n")

test("the series has a head and a row a second, numbers stay numbers, what was not measured is empty", () => {
  const [head, first, ...others] = rows(seriesCsv(reportRun(), reportPoints()))
  expect(head).toStartWith("at,second,people,requests_per_second,failed_rate,p50_ms,p95_ms,p99_ms,waiting,now_serving,")
  expect(head).toContain(",join_per_second,join_p95_ms,join_p99_ms,status_per_second,")
  expect(first).toStartWith("2026-11-22T10:00:00.000Z,0,0,180,0,4,20,45,0,0,")
  expect(others).toHaveLength(41)
  expect(others.at(-1)).toBe("")
  const cells = head!.split(",").length
  for (const row of [first!, ...others.slice(0, -1)]) expect(row.split(",")).toHaveLength(cells)
  const bare = rows(seriesCsv(reportRun(), [{ at: "2026-11-22T10:00:01.000Z", people: -1 }]))
  expect(bare[1]).toMatch(/^2026-11-22T10:00:01\.000Z,1,-1,+$/)
})

test("a text that begins like a formula stays a text, whatever it holds", () => {
  const hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", 'say "hi", twice', "two\r\nlines"]
  const checks = hostile.map((name) => ({ name, passed: true, judged: true, expected: "a,b", seen: "b" }))
  const csv = checksCsv({ checks })
  expect(csv).toBe(
    [
      "check,result,expected,seen,first_counter_example",
      `'=1+1,held,"a,b",b,`,
      `'+1,held,"a,b",b,`,
      `'-1,held,"a,b",b,`,
      `'@SUM(A1),held,"a,b",b,`,
      `'\t=1,held,"a,b",b,`,
      `' =1,held,"a,b",b,`,
      `"say ""hi"", twice",held,"a,b",b,`,
      `"two\r\nlines",held,"a,b",b,`,
      "",
    ].join("\r\n"),
  )
})

test("a step with a hostile name is defused in the head too", () => {
  const [head] = rows(seriesCsv(reportRun(), [{ at: "2026-11-22T10:00:00.000Z", steps: { "=cmd|' /C calc'!A0": {} } }]))
  expect(head).toContain(",'=cmd|' /C calc'!A0_per_second,")
})

test("a check that broke comes with its first case", () => {
  expect(checksCsv(reportRun())).toContain(
    "I9 caps kept,broke,at most 4 tickets for one account,1 of 3 break it,ada has 5\r\n",
  )
})
