import type { Check } from "../model/check.ts"
import type { Second } from "../model/figures.ts"
import type { Case } from "./junit.ts"
import { repeatLine } from "./repeat.ts"
import { secondOf } from "./second-body.ts"
import { usualWidth, wrapped } from "./lines.ts"
import type { RunBody } from "./wire.ts"

/** One line on how far a run is: "launch_spike running ██████░░░░ 31s of 50s · 500 people · 240 requests/s · 12 waiting". */
export const progressLine = (run: RunBody, now: number): string => {
  const { people, requestsPerSecond, waiting, seatsSold }: Partial<Second> = run.live ? secondOf(run.live) : {}
  const figure = (value: number | undefined, unit: string) =>
    value === undefined ? [] : [`${Math.round(value)} ${unit}`]
  const passed = run.started_at === null ? 0 : Math.min(run.length_ms, Math.max(0, now - Date.parse(run.started_at)))
  const filled = Math.round((passed / run.length_ms) * barWidth)
  return [
    `${run.scenario} ${run.status} ${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${inSeconds(passed)} of ${inSeconds(run.length_ms)}`,
    ...figure(people, "people"),
    ...figure(requestsPerSecond, "requests/s"),
    ...figure(waiting, "waiting"),
    ...figure(seatsSold, "sold"),
  ].join(" · ")
}

const barWidth = 10
const inSeconds = (length: number) => `${Math.round(length / 1000)}s`

export const runTable = (run: RunBody): string => {
  const figures = shown.flatMap(([name, words]) =>
    run.metrics[name] === undefined ? [] : [`  ${words.padEnd(28)}${run.metrics[name]}`],
  )
  const checks = checkLines(
    run.checks.map(({ counter_example, ...check }) => ({
      ...check,
      ...(counter_example === undefined ? {} : { counterExample: counter_example }),
    })),
  )
  return [
    "",
    `${run.scenario} against sale ${run.sale_id}, run ${run.run_id}`,
    ...(figures.length === 0 ? [] : ["", ...figures]),
    ...(checks.length === 0 ? [] : ["", ...checks]),
    "",
    run.verdict ?? run.status.toUpperCase(),
    ...run.failures.map((each) => `  ${each}`),
    ...limitLines(run),
    `Again: ${repeatLine(run)}`,
    "",
  ].join("\n")
}

const limitLines = ({ capacity, limited_by }: RunBody): string[] => {
  if (capacity) return [`Bears ${capacity.per_second} requests per second; then the ${capacity.cause}: ${capacity.why}`]
  return limited_by ? [`Limit: ${limited_by}`] : []
}

export const roundTable = (cases: Case[]): string => {
  const rows = cases.map((each) => [each.scenario, ...cellsOf(each)])
  const table = [["scenario", "verdict", "join p99", "took", ""], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const count = (verdict: string) => rows.filter((row) => row[1] === verdict).length
  const counts = [...new Set(rows.map((row) => row[1]!))].map((verdict) => `${count(verdict)} ${verdict}`)
  const lines = table.flatMap((row) => {
    const [cells, reason] = [row.slice(0, -1), row.at(-1)!]
    const line = `  ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`
    if (line.length + 2 + reason.length <= usualWidth) return [`${line}  ${reason}`.trimEnd()]
    return [line.trimEnd(), ...wrapped(reason, usualWidth - 4).map((part) => `    ${part}`)]
  })
  return [
    "",
    ...lines,
    "",
    `${cases.length} ${cases.length === 1 ? "scenario" : "scenarios"}: ${counts.join(", ")}`,
    "",
  ].join("\n")
}

const cellsOf = (each: Case): string[] => {
  if ("error" in each) return ["ERROR", "", "", oneLine(each.error)]
  if ("skipped" in each) return ["NOT RUN", "", "", each.skipped]
  const { verdict, status, metrics, failures, capacity, created_at, ended_at } = each.run
  const bears = capacity ? `bears ${capacity.per_second} requests per second, then the ${capacity.cause}` : ""
  const p99 = metrics["join_p99_ms"]
  return [
    verdict ?? status.toUpperCase(),
    p99 === undefined ? "" : `${Math.round(p99)} ms`,
    ended_at === null ? "" : inSeconds(Date.parse(ended_at) - Date.parse(created_at)),
    oneLine(failures[0] ?? bears),
  ]
}

const oneLine = (text: string) => {
  const line = text.replace(/\s+/g, " ")
  return line.length <= reasonShown ? line : `${line.slice(0, reasonShown - 1)}…`
}
const reasonShown = 200

const shown: [string, string][] = [
  ["arrivals", "people who came"],
  ["joined", "people in the queue"],
  ["admissions", "admissions"],
  ["tickets_sold", "tickets sold"],
  ["http_reqs", "requests"],
  ["http_reqs_per_second", "requests per second"],
  ["http_req_failed_rate", "share of failed requests"],
  ["join_p99_ms", "join p99, ms"],
  ["status_p99_ms", "status p99, ms (steady)"],
  ["arrival_lag_p99_ms", "arrival lag p99, ms"],
  ["k6_cpu_pct", "k6, % of the machine"],
  ["other_programs_cpu_pct", "other programs, %"],
  ["steal_pct", "stolen by neighbours, %"],
]

export const checkLines = (checks: Check[]): string[] => {
  const width = Math.max(0, ...checks.map((each) => each.name.length))
  return checks.flatMap(({ name, passed, judged, expected, seen, counterExample }) => {
    const word = judged ? (passed ? "pass" : "FAIL") : "  - "
    return [
      `  ${word}  ${name.padEnd(width)}  ${passed && judged ? seen : `expected ${expected}; seen ${seen}`}`,
      ...(counterExample === undefined ? [] : [`        first: ${counterExample}`]),
    ]
  })
}
