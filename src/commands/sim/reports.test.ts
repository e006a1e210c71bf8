import { afterAll, expect, test } from "bun:test"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Refusal } from "../../exit.ts"
import { reportPoints, reportRun } from "../../testing/lab/report-run.ts"
import type { ReportOptions } from "./options.ts"
import { checkReports, reportsOf, writeReports } from "./reports.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-sim-report-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string) => join(folder, name)

const whole = { body: reportRun(), points: reportPoints() }
const refusal = async (paths: ReportOptions) => {
  await expect(writeReports(whole, paths)).rejects.toBeInstanceOf(Refusal)
  return checkReports(paths).then(
    () => [],
    (error: Refusal) => error.reasons,
  )
}

test("writes what was asked for and nothing else", async () => {
  const paths = { html: file("run.html"), csv: file("run.csv"), reportJson: file("run.json") }
  await checkReports(paths)
  expect(existsSync(paths.html)).toBe(false)
  expect(await writeReports(whole, paths)).toEqual([paths.html, paths.csv, paths.reportJson])
  expect(readFileSync(paths.html, "utf8")).toStartWith("<!doctype html>")
  expect(readFileSync(paths.csv, "utf8")).toStartWith("at,second,people,")
  expect(JSON.parse(readFileSync(paths.reportJson, "utf8")).run.run_id).toBe(reportRun().run_id)
  expect(await writeReports({ body: reportRun(), points: [] }, {})).toEqual([])
})

test("a file that stood there is replaced", async () => {
  writeFileSync(file("old.csv"), "zzz".repeat(100_000))
  await writeReports({ body: reportRun(), points: [] }, { csv: file("old.csv") })
  expect(readFileSync(file("old.csv"), "utf8")).not.toContain("zzz")
})

test("a flag that names no place to write is refused with its name and what to do", async () => {
  mkdirSync(file("full"))
  expect(await refusal({ html: file("none/run.html") })).toEqual([
    `--html ${file("none/run.html")}: there is no folder ${file("none")}; make it first or name a file elsewhere`,
  ])
  expect(await refusal({ csv: file("full") })).toEqual([
    `--csv ${file("full")}: this is a folder; name a file in it, such as ${file("full")}/run.csv`,
  ])
  writeFileSync(file("plain"), "")
  expect(await refusal({ reportJson: file("plain/run.json") })).toEqual([
    `--report-json ${file("plain/run.json")}: ${file("plain")} is a file, not a folder; name a file elsewhere`,
  ])
  expect(await refusal({ html: "" })).toEqual(["--html : name a file to write"])
  expect(await refusal({ html: file("x".repeat(300)) })).toEqual([expect.stringContaining("the name is too long")])
})

test("a disk that is full is told after the run, with the flag", async () => {
  const attempt = writeReports(whole, { csv: "/dev/full" })
  await expect(attempt).rejects.toThrow("--csv /dev/full: the disk is full; make room or name a file on another disk")
})

test("a folder where writing is not allowed is refused", async () => {
  // Root may write into any folder of a disk; nobody may into this one.
  expect(await refusal({ html: "/sys/run.html" })).toEqual([
    "--html /sys/run.html: writing there is not allowed; name a file in a folder that you may write to",
  ])
})

test("two reports do not overwrite one another", async () => {
  expect(await refusal({ html: file("one"), csv: file("one") })).toEqual([
    `--html and --csv name the same file ${file("one")}: name two`,
  ])
})

test("the name of a run takes the place that its path keeps for it", () => {
  const reports = { html: "{scenario}-{n}.html", reportJson: "b" }
  expect(reportsOf(reports, "launch_spike", 2)).toEqual({ html: "launch_spike-2.html", reportJson: "b" })
})
