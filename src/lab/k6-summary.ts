/** The JSON that the scripts' handleSummary prints. */
export type K6Summary = {
  state: { testRunDurationMs: number }
  metrics: Record<
    string,
    { type: string; values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }
  >
}

const marker = "@@SUMMARY "

/** undefined when k6 was killed before it could say anything. */
export const lookupSummary = (stdout: string): K6Summary | undefined => {
  const line = stdout.split("\n").find((each) => each.startsWith(marker))
  if (line === undefined) return undefined
  try {
    return JSON.parse(line.slice(marker.length)) as K6Summary
  } catch {
    return undefined
  }
}

export const valueOf = (summary: K6Summary, metric: string, value: string): number | undefined =>
  summary.metrics[metric]?.values[value]

export type Threshold = {
  metric: string
  expression: string
  ok: boolean
  seen: number | undefined
  samples: number | undefined
}

export const thresholdsOf = (summary: K6Summary): Threshold[] =>
  Object.entries(summary.metrics).flatMap(([metric, { values, thresholds = {} }]) =>
    Object.entries(thresholds).map(([expression, { ok }]) => ({
      metric,
      expression,
      ok,
      seen: values[expression.split(/[<>=!]/)[0]!.trim()],
      samples: values["count"],
    })),
  )

/** The figures of a run as they go over the wire. */
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
  for (const [name, value] of [
    ["p95", "p(95)"],
    ["p99", "p(99)"],
  ] as const) {
    put(`join_${name}_ms`, "http_req_duration{step:join}", value)
    put(`status_${name}_ms`, "http_req_duration{step:status,phase:steady}", value)
  }
  put("arrivals", "arrivals", "count")
  put("arrival_lag_p99_ms", "arrival_lag", "p(99)")
  put("positions_compared", "positions_compared", "count")
  put("position_changes", "position_changes", "count")
  put("attempts", "attempts", "count")
  put("ways_in", "ways_in", "count")
  for (const [metric, { values }] of Object.entries(summary.metrics)) {
    const step = /^done\{step:([a-z]+)\}$/.exec(metric)?.[1]
    if (step !== undefined && values["count"] !== undefined) found[`${step}_count`] = values["count"]
  }
  return found
}
