import { thresholdsOf, type K6Summary } from "../k6/summary.ts"
import type { Threshold } from "./run.ts"

/** The upper bounds among the thresholds of a run: lines that can be drawn into a chart. */
export const boundsOf = (summary: K6Summary): Threshold[] =>
  thresholdsOf(summary).flatMap(({ metric, expression }) => parseBound(metric, expression) ?? [])

/** "http_req_duration{step:join}" and "p(99)<500" give p99 of join, 500 ms. Undefined for what is no upper bound. */
export const parseBound = (metric: string, expression: string): Threshold | undefined => {
  const [, stat = "", limit] =
    /^\s*(p\(\d+(?:\.\d+)?\)|avg|med|max|min|rate|count)\s*<=?\s*(\d+(?:\.\d+)?)\s*$/.exec(expression) ?? []
  if (limit === undefined) return undefined
  const step = /[{,]step:([a-z_]+)/.exec(metric)?.[1]
  return {
    metric: metric.replace(/\{.*$/, ""),
    ...(step === undefined ? {} : { step }),
    stat: stat.replace(/[()]/g, ""),
    limit: Number(limit),
    unit: stat === "rate" ? "share" : stat === "count" ? "count" : "ms",
  }
}
