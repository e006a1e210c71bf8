import { repeatLine } from "./repeat.ts"
import type { RunBody } from "./wire.ts"

export type Case = { scenario: string } & ({ run: RunBody } | { error: string } | { skipped: string })

/** FAIL is a failure, INCONCLUSIVE and scenarios not run are skipped, a run without a verdict is an error. */
export const junitXml = (cases: Case[], startedAt: string): string => {
  const judged = cases.map((each) => ({ ...resultOf(each), scenario: each.scenario, seconds: secondsOf(each) }))
  const counts = {
    tests: judged.length,
    failures: judged.filter((each) => each.kind === "failure").length,
    errors: judged.filter((each) => each.kind === "error").length,
    skipped: judged.filter((each) => each.kind === "skipped").length,
    time: judged.reduce((sum, each) => sum + each.seconds, 0).toFixed(3),
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: "traffic sim", ...counts })}>`,
    `  <testsuite${attributes({ name: "traffic sim", ...counts, timestamp: startedAt })}>`,
    ...judged.flatMap(({ kind, message, lines, scenario, seconds }) => [
      `    <testcase${attributes({ classname: "traffic.sim", name: scenario, time: seconds.toFixed(3) })}>`,
      ...(kind === "passed"
        ? []
        : [
            `      <${kind}${attributes({ message, ...(kind === "skipped" ? {} : { type: kind }) })}>${escaped(lines.join("\n"))}</${kind}>`,
          ]),
      "    </testcase>",
    ]),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n")
}

type Result = { kind: "passed" | "failure" | "error" | "skipped"; message: string; lines: string[] }

const resultOf = (each: Case): Result => {
  if ("error" in each) return { kind: "error", message: each.error, lines: [] }
  if ("skipped" in each) return { kind: "skipped", message: each.skipped, lines: [] }
  const { verdict, status, failures, checks } = each.run
  const message = failures[0] ?? `the run ended as ${verdict ?? status}`
  const examples = checks.flatMap(({ name, judged, passed, counter_example }) =>
    judged && !passed && counter_example !== undefined ? [`${name}, first: ${counter_example}`] : [],
  )
  const lines = [...failures, ...examples, `Again: ${repeatLine(each.run)}`]
  if (verdict === "PASS") return { kind: "passed", message: "", lines: [] }
  if (verdict === "FAIL") return { kind: "failure", message, lines }
  if (verdict === "INCONCLUSIVE" || status === "cancelled") return { kind: "skipped", message, lines }
  return { kind: "error", message, lines }
}

const secondsOf = (each: Case): number => {
  if (!("run" in each) || each.run.ended_at === null) return 0
  return Math.max(0, Date.parse(each.run.ended_at) - Date.parse(each.run.created_at)) / 1000
}

const attributes = (values: Record<string, string | number>) =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replace(/[\n\t]/g, (each) => entities[each]!)}"`)
    .join("")

/** XML 1.0 forbids control characters and lone surrogates, even escaped. */
const escaped = (text: string) =>
  text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"\r]/g, (each) => entities[each]!)

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
  "\n": "&#10;",
  "\t": "&#9;",
}
