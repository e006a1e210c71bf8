import { checkNames, type Check, type CheckName } from "../../lab/model/check.ts"
import { thresholdKinds, type ThresholdKind } from "../../lab/k6/summary.ts"
import { limitKinds, type LimitKind } from "../../lab/verdict/verdict.ts"

/** Whatever the lab can say of a run besides PASS: a check, a kind of threshold, a reason not to judge. */
export type Alarm = CheckName | `k6 ${ThresholdKind}` | `INCONCLUSIVE ${LimitKind}`

export const alarms: Alarm[] = [
  ...checkNames,
  ...thresholdKinds.map((kind) => `k6 ${kind}` as const),
  ...limitKinds.map((kind) => `INCONCLUSIVE ${kind}` as const),
]

/** An alarm that rang: what stands in the report, and its first case in words. */
export type Rung = { alarm: Alarm; said: string; example: string }
/** `passed` are the checks that looked at something and found it right; `emitted` all that were made. */
export type Seen = { rung: Rung[]; passed: string[]; emitted: string[] }

/**
 * One defect and the alarm that has to ring. `also` are those that cannot but ring with it; nothing else may.
 * `sound` is the same without the defect: nothing rings.
 */
export type Row = {
  alarm: Alarm
  also?: Alarm[]
  defect: string
  on: "real stores" | "real k6" | "made-up figures"
  example: RegExp
  sound: () => Promise<Seen>
  broken: () => Promise<Seen>
}

/** The checks that are red, by name. A k6 threshold is one of its kind. */
export const seenIn = (checks: Check[], named: (text: string) => string = (text) => text): Seen => ({
  rung: checks
    .filter((each) => each.judged && !each.passed)
    .map(({ name, counterExample }) => ({ alarm: name as Alarm, said: name, example: named(counterExample ?? "") })),
  passed: checks.filter(hasLooked).map((each) => each.name),
  emitted: checks.map((each) => each.name),
})

/** A check on nothing passes as well. */
const hasLooked = ({ passed, judged, seen }: Check) => passed && judged && /[1-9]/.test(seen)

/** Lines of a table: what is wrong, what turned red, on what, the first case. */
export const tableOf = (found: { row: Row; rung: Rung }[]): string[] => {
  const lines = [
    ["defect", "check", "on", "counter-example"],
    ...found.map(({ row, rung }) => [row.defect, rung.said, row.on, rung.example]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  return lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
}
