import { bandOf, compareRuns, incomparable, type Comparison } from "../../../lab/compare/compare.ts"
import { recordOf, type RunRecord } from "../../../lab/report/record.ts"
import type { Run } from "../../../lab/model/run.ts"
import { runBody } from "../../../lab/report/wire.ts"
import { secondBody } from "../../../lab/report/second-body.ts"
import type { ComparedRow } from "../../../../views/lab/compare-page.tsx"
import { figure, metric, metricGroups, milliseconds, percent, title, whole } from "../../../../views/shared/words.ts"

export const comparedOf = (a: Run, b: Run) => {
  const [one, other] = [a, b].map((run, index) =>
    recordOf({ run: { ...runBody(run) }, series: run.live.map(secondBody) }, index === 0 ? "A" : "B"),
  ) as [RunRecord, RunRecord]
  const reasons = incomparable([one], [other])
  const comparison = reasons.length === 0 ? compareRuns([one], [other]) : undefined
  const judged = comparison?.figures.filter((each) => each.a.length + each.b.length > 0) ?? []
  const names = new Set(judged.map((each) => each.metric))
  const figures = metricGroups({ ...one.metrics, ...other.metrics })
    .flatMap((each) => each.names)
    .filter((name) => !names.has(name) && !name.startsWith("step_"))
  return {
    reasons,
    outcome: comparison?.outcome,
    sureness: comparison?.sureness,
    notes: comparison?.notes ?? [],
    judged: judged.toSorted((x, y) => rank[x.finding] - rank[y.finding]).map(judgedRow),
    others: figures.map((name): ComparedRow => ({
      name: metric(name, 0).name,
      a: metricText(name, one.metrics[name]),
      b: metricText(name, other.metrics[name]),
      difference: differenceText(one.metrics[name], other.metrics[name]),
    })),
  }
}

const rank: Record<Comparison["outcome"], number> = { worse: 0, better: 1, no_difference: 2, cannot_tell: 3 }

const judgedRow = ({ label, unit, a, b, finding, why }: Comparison["figures"][number]): ComparedRow => {
  const [one, other] = [a, b].map((values) => (values.length === 0 ? undefined : bandOf(values).median))
  return {
    name: title(label),
    a: valueText(one, unit),
    b: valueText(other, unit),
    difference: differenceText(one, other),
    finding: { word: finding, why },
  }
}

const metricText = (name: string, value: number | undefined) => (value === undefined ? "–" : metric(name, value).text)

const valueText = (value: number | undefined, unit: string) => {
  if (value === undefined) return "–"
  if (unit === "ms") return milliseconds(value)
  if (unit === "share") return percent(value)
  return unit === "/s" ? `${figure(value)}/s` : `${whole(value)} ${unit}`
}

/** "+12 %" of A; where A has nothing there is no share of it. */
const differenceText = (a: number | undefined, b: number | undefined) => {
  if (a === undefined || b === undefined) return "–"
  if (a === b) return "0 %"
  if (a === 0) return "–"
  const share = ((b - a) / Math.abs(a)) * 100
  return `${share > 0 ? "+" : "−"}${figure(Math.abs(share))} %`
}
