import { holds, parseBound, valueName } from "../model/threshold.ts"
import type { K6Summary } from "../k6/summary.ts"

export type Undecided = { metric: string; expression: string; seen: number[] }

type Metric = K6Summary["metrics"][string]

/**
 * Counts, rates, averages, minima and maxima are exact, and their thresholds are judged anew. The overall percentile
 * lies between the lowest and the highest of the machines; the highest is kept.
 */
export const mergeSummaries = (summaries: K6Summary[]): { summary: K6Summary; undecided: Undecided[] } => {
  const undecided: Undecided[] = []
  const names = new Set(summaries.flatMap((each) => Object.keys(each.metrics)))
  const metrics: K6Summary["metrics"] = {}
  for (const name of names) {
    const parts = summaries.map((each) => each.metrics[name]).filter((each) => each !== undefined)
    const example = parts.find((each) => each.example !== undefined)?.example
    const merged: Metric = {
      type: parts[0]!.type,
      values: valuesOf(parts),
      ...(example === undefined ? {} : { example }),
    }
    const thresholds: Record<string, { ok: boolean }> = {}
    for (const expression of new Set(parts.flatMap((each) => Object.keys(each.thresholds ?? {})))) {
      const ok = heldBy(expression, merged, parts)
      if (ok !== undefined) thresholds[expression] = { ok }
      else
        undecided.push({
          metric: name,
          expression,
          seen: summaries.map(
            (each) => Math.round((each.metrics[name]?.values[valueOf(expression)] ?? 0) * 1000) / 1000,
          ),
        })
    }
    metrics[name] = Object.keys(thresholds).length === 0 ? merged : { ...merged, thresholds }
  }
  const testRunDurationMs = Math.max(...summaries.map((each) => each.state.testRunDurationMs))
  return { summary: { ...summaries[0]!, state: { ...summaries[0]!.state, testRunDurationMs }, metrics }, undecided }
}

const valuesOf = (parts: Metric[]): Record<string, number> => {
  const sum = (field: string) => parts.reduce((total, { values }) => total + (values[field] ?? 0), 0)
  switch (parts[0]!.type) {
    case "counter":
      return { count: sum("count"), rate: sum("rate") }
    case "rate": {
      const [passed, failed] = [sum("passes"), sum("fails")]
      return { passes: passed, fails: failed, rate: passed + failed === 0 ? 0 : passed / (passed + failed) }
    }
    case "trend":
      return trendOf(parts.filter(hasSamples), sum("count"))
    default:
      return highest(parts)
  }
}

const hasSamples = ({ values }: Metric) => (values["count"] ?? 0) > 0

const trendOf = (parts: Metric[], count: number): Record<string, number> => {
  if (parts.length === 0) return { count: 0 }
  const total = parts.reduce((sum, { values }) => sum + values["avg"]! * values["count"]!, 0)
  return { ...highest(parts), count, avg: total / count, min: Math.min(...parts.map(({ values }) => values["min"]!)) }
}

const highest = (parts: Metric[]): Record<string, number> => {
  const found: Record<string, number> = {}
  for (const { values } of parts)
    for (const [field, value] of Object.entries(values)) found[field] = Math.max(found[field] ?? -Infinity, value)
  return found
}

/** Undefined when the machines disagree and their percentiles cannot decide. */
const heldBy = (expression: string, merged: Metric, parts: Metric[]): boolean | undefined => {
  const told = exactly(parseBound(expression), merged)
  if (told !== undefined) return told
  const judged = parts.filter((each) => each.type !== "trend" || hasSamples(each))
  const said = new Set(judged.map((each) => each.thresholds?.[expression]?.ok ?? true))
  return said.size === 2 ? undefined : !said.has(false)
}

/** Undefined for thresholds on figures that do not add up. k6 counts a threshold without samples as kept. */
const exactly = (threshold: ReturnType<typeof parseBound>, { type, values }: Metric): boolean | undefined => {
  if (threshold === undefined || !exact.includes(threshold.stat) || type === "gauge") return undefined
  const seen = values[threshold.stat]
  return seen === undefined || holds(threshold, seen)
}

const exact = ["count", "rate", "avg", "min", "max"]

const valueOf = (expression: string) => valueName(parseBound(expression)?.stat ?? "")
