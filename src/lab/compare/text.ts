import { bandOf, type Comparison, type Figure, type Finding } from "./compare.ts"
import type { RunRecord } from "../report/record.ts"

export const comparisonText = (comparison: Comparison, a: RunRecord[], b: RunRecord[]): string => {
  const rows = comparison.figures.map((each) => [
    each.label,
    bandText(each.a, each.unit),
    bandText(each.b, each.unit),
    ratioText(each),
    words[each.finding],
    each.why,
  ])
  const table = [["", "A", "B", "B / A", "", ""], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return [
    "",
    `${a[0]!.scenario}: B against A`,
    `  A  ${sideText(a)}`,
    `  B  ${sideText(b)}`,
    "",
    ...table.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd()),
    "",
    answerOf(comparison),
    `  ${comparison.sureness}`,
    ...comparison.notes.map((each) => `  ${each}`),
    "",
  ].join("\n")
}

export const words: Record<Finding, string> = {
  worse: "worse",
  better: "better",
  no_difference: "no difference",
  cannot_tell: "cannot tell",
}

const answerOf = ({ outcome, figures }: Comparison) => {
  const named = figures
    .filter((each) => each.finding === outcome)
    .map((each) => `${each.label} ${ratioText(each)}`.trim())
  return outcome === "worse" || outcome === "better" ? `${words[outcome]}: ${named.join(", ")}` : words[outcome]
}

const sideText = (runs: RunRecord[]) => {
  const builds = [...new Set(runs.map((each) => each.trafficVersion))].join(", ")
  const names = runs.slice(0, namesShown).map((each) => each.name)
  const more = runs.length > namesShown ? [`${runs.length - namesShown} more`] : []
  return `traffic ${builds}: ${[...names, ...more].join(", ")}`
}
const namesShown = 6

const bandText = (values: number[], unit: string): string => {
  if (values.length === 0) return "-"
  const { median, least, most } = bandOf(values)
  const middle = `${numberText(median, unit)}${unit === "share" ? "" : ` ${unit}`}`
  return values.length === 1 ? middle : `${middle} (${numberText(least, unit)} to ${numberText(most, unit)})`
}

const numberText = (value: number, unit: string) =>
  unit === "share" ? `${Number((value * 100).toPrecision(3))} %` : String(Number(value.toPrecision(3)))

const ratioOf = ({ a, b }: Figure): number | undefined => {
  if (a.length === 0 || b.length === 0) return undefined
  const before = bandOf(a).median
  return before === 0 ? undefined : bandOf(b).median / before
}

const ratioText = (figure: Figure) => {
  const ratio = ratioOf(figure)
  return ratio === undefined ? "" : `x${ratio.toFixed(2)}`
}

export const comparisonBody = ({ outcome, figures, sureness, notes }: Comparison, a: RunRecord[], b: RunRecord[]) => ({
  outcome,
  scenario: a[0]!.scenario,
  a: a.map((each) => each.runId),
  b: b.map((each) => each.runId),
  sureness,
  notes,
  figures: figures.map((each) => ({
    metric: each.metric,
    unit: each.unit,
    a: each.a,
    b: each.b,
    ratio: ratioOf(each) ?? null,
    finding: each.finding,
    why: each.why,
    p: each.p ?? null,
  })),
})
