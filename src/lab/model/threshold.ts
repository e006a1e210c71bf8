import type { Threshold } from "./run.ts"

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
