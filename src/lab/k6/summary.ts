import { summaryMarker, type Summary } from "../../../scenarios/lib/summary.ts"
import { isUpper, parseThreshold, stepOf, valueName, type Threshold } from "../model/threshold.ts"

type Metric = Summary["metrics"][string]

/** What a script prints at its end; `example` is the first case against a metric, in words, which the lab adds. */
export type K6Summary = Omit<Summary, "metrics"> & { metrics: Record<string, Metric & { example?: string }> }

export const lookupSummary = (stdout: string): K6Summary | undefined => {
  const line = stdout.split("\n").find((each) => each.startsWith(summaryMarker))
  if (line === undefined) return undefined
  try {
    return JSON.parse(line.slice(summaryMarker.length)) as K6Summary
  } catch {
    return undefined
  }
}

export const exceptionsMetric = "exceptions"
export type Exceptions = { count: number; first?: string }

/** A visit that ends in an exception is an answer that nobody understood, so none may. */
export const withExceptions = <S extends K6Summary | undefined>(summary: S, { count, first }: Exceptions): S =>
  summary && {
    ...summary,
    metrics: {
      ...summary.metrics,
      [exceptionsMetric]: {
        type: "counter",
        values: { count },
        thresholds: { "count<1": { ok: count === 0 } },
        example: first,
      },
    },
  }

export const valueOf = (summary: K6Summary, metric: string, value: string): number | undefined =>
  summary.metrics[metric]?.values[value]

/** What a threshold is about: how long something takes, the share of something, what has to happen, what must not. */
export const thresholdKinds = ["latency", "share", "guard", "ban"] as const
export type ThresholdKind = (typeof thresholdKinds)[number]

export type Judged = Threshold & {
  name: string
  expression: string
  type: string
  ok: boolean
  seen: number | undefined
  samples: number | undefined
  values: Record<string, number>
  example?: string
}

/** In the order of their names: k6 has another one each time. */
export const thresholdsOf = (summary: K6Summary): Judged[] =>
  Object.entries(summary.metrics)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { type, values, thresholds = {}, example }]) =>
      Object.entries(thresholds).map(([expression, { ok }]) => {
        const threshold = parseThreshold(name, expression)
        if (threshold === undefined) throw new Error(`k6 told a threshold that nobody can read: ${name} ${expression}`)
        return {
          ...threshold,
          name,
          expression,
          type,
          ok,
          seen: values[valueName(threshold.stat)],
          samples: type === "rate" ? (values["passes"] ?? 0) + (values["fails"] ?? 0) : values["count"],
          values,
          example,
        }
      }),
    )

/** The upper bounds among the thresholds of a run: lines that can be drawn into a chart. */
export const boundsOf = (summary: K6Summary): Threshold[] =>
  thresholdsOf(summary)
    .filter(isUpper)
    .map(({ metric, tags, stat, sign, limit }) => ({ metric, tags, stat, sign, limit }))

export const kindOf = ({ type, sign }: Pick<Judged, "type" | "sign">): ThresholdKind => {
  if (type === "trend") return "latency"
  if (type === "rate") return "share"
  return sign.startsWith(">") ? "guard" : "ban"
}

export const metricsOf = (summary: K6Summary): Record<string, number> => {
  const found: Record<string, number> = {}
  const put = (name: string, metric: string, value: string) => {
    const seen = valueOf(summary, metric, value)
    if (seen !== undefined) found[name] = Math.round(seen * 1000) / 1000
  }
  put("http_reqs", "http_reqs", "count")
  put("http_reqs_per_second", "http_reqs", "rate")
  put("http_req_failed_rate", "http_req_failed", "rate")
  for (const [name, value] of [
    ["p50", "med"],
    ["p95", "p(95)"],
    ["p99", "p(99)"],
    ["max", "max"],
  ] as const)
    put(`http_req_duration_${name}_ms`, "http_req_duration", value)
  for (const metric of Object.keys(summary.metrics)) {
    // Where a step has a steady phase of its own, that is the one that is judged.
    const step = stepOf(metric, "http_req_duration")
    const steady = `http_req_duration{step:${step},phase:steady}`
    if (step === undefined || (metric !== steady && summary.metrics[steady] !== undefined)) continue
    put(`${step}_p50_ms`, metric, "med")
    put(`${step}_p95_ms`, metric, "p(95)")
    put(`${step}_p99_ms`, metric, "p(99)")
  }
  put("arrivals", "arrivals", "count")
  put("arrival_lag_p99_ms", "arrival_lag", "p(99)")
  put("positions_compared", "positions_compared", "count")
  put("position_changes", "position_changes", "count")
  put("attempts", "attempts", "count")
  put("ways_in", "ways_in", "count")
  for (const [metric, { values }] of Object.entries(summary.metrics)) {
    const step = stepOf(metric, "done")
    if (step !== undefined && values["count"] !== undefined) found[`${step}_count`] = values["count"]
  }
  return found
}
