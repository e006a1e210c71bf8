export type Sign = "<" | "<=" | ">" | ">=" | "==" | "!="

/** A bound on a metric of k6: "http_req_duration{step:join}" and "p(99)<500". */
export type Threshold = {
  metric: string
  tags: Record<string, string>
  /** "p99", "med", "rate"; the name of the value among those of the metric is `valueName(stat)`. */
  stat: string
  sign: Sign
  limit: number
}

/** Undefined for what is no threshold, or one of something that is no metric. */
export const parseThreshold = (metric: string, expression: string): Threshold | undefined => {
  const [of, bound] = [parseMetric(metric), parseBound(expression)]
  return of && bound && { ...of, ...bound }
}

export const parseBound = (expression: string): Pick<Threshold, "stat" | "sign" | "limit"> | undefined => {
  const [, stat, sign, limit] = grammar.exec(expression) ?? []
  return stat === undefined ? undefined : { stat: statOf(stat), sign: sign!.slice(0, 2) as Sign, limit: Number(limit) }
}

const grammar = /^\s*(p\(\d+(?:\.\d+)?\)|avg|med|max|min|rate|count|value)\s*(<=|>=|<|>|===?|!=)\s*(\d*\.?\d+)\s*$/

export const parseMetric = (name: string): Pick<Threshold, "metric" | "tags"> | undefined => {
  const [, metric, tags] = /^(\w+)(?:\{(.*)\})?$/.exec(name) ?? []
  if (metric === undefined) return undefined
  const pairs = (tags ?? "").split(",").filter((each) => each !== "")
  return { metric, tags: Object.fromEntries(pairs.map((each) => each.split(":", 2) as [string, string])) }
}

/** The step of a metric that is split by steps, or by steps and the steady phase, and by nothing else. */
export const stepOf = (name: string, of: string): string | undefined => {
  const { metric, tags: { step, phase = "steady", ...others } = {} } = parseMetric(name) ?? {}
  return metric === of && phase === "steady" && Object.keys(others).length === 0 ? step : undefined
}

/** "p(99)" as k6 calls it and "p99" are one. */
export const statOf = (value: string): string => (value.startsWith("p(") ? `p${value.slice(2, -1)}` : value)
export const valueName = (stat: string): string => (percentileOf(stat) === undefined ? stat : `p(${stat.slice(1)})`)

export const percentileOf = (stat: string): number | undefined =>
  /^p[\d.]+$/.test(stat) ? Number(stat.slice(1)) : undefined

export const isUpper = ({ sign }: Threshold) => sign === "<" || sign === "<="

export const holds = ({ sign, limit }: Pick<Threshold, "sign" | "limit">, seen: number): boolean => {
  switch (sign) {
    case "<":
      return seen < limit
    case "<=":
      return seen <= limit
    case ">":
      return seen > limit
    case ">=":
      return seen >= limit
    case "==":
      return seen === limit
    case "!=":
      return seen !== limit
  }
}

/** An upper bound on the wire, and in runs that were written down in earlier days. */
export type BoundBody = { metric: string; step?: string; stat: string; limit: number; unit: "ms" | "share" | "count" }

export const boundBody = ({ metric, tags, stat, limit }: Threshold): BoundBody => ({
  metric,
  step: tags["step"],
  stat,
  limit,
  unit: stat === "rate" ? "share" : stat === "count" ? "count" : "ms",
})

export const boundOf = (bound: BoundBody | Threshold): Threshold => {
  if ("tags" in bound) return bound
  const { metric = bound.metric, tags = {} } = parseMetric(bound.metric) ?? {}
  const step = bound.step === undefined ? tags : { ...tags, step: bound.step }
  return { metric, tags: step, stat: statOf(bound.stat), sign: "<", limit: bound.limit }
}
