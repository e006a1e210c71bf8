import type { RunBody } from "./wire.ts"

/** A line in a chart that another line must not cross. */
export type Limit = {
  /** The line that it holds for. */
  line: string
  name: string
  value: number
  breaks: (value: number) => boolean
  isSteadyOnly?: boolean
  isPace?: boolean
  /** No line tells it second by second, such as a p90 or the answers of one region alone. */
  isWhole?: boolean
}

type Threshold = {
  metric: string
  step?: string
  /** Of other tags: "region east". */
  among?: string
  stat: string
  limit: number
  steadyOnly: boolean
  sign: string
}

/** The thresholds of a run that can be drawn over time: upper bounds of latency and of failures. */
export const limitsOf = (run: Pick<RunBody, "checks" | "thresholds">) => {
  const told = run.checks.flatMap(({ name, expected }) => parseThreshold(name, expected) ?? [])
  const given = (run.thresholds ?? []).map(({ metric, step, stat, limit }): Threshold => ({
    metric: metric.replace(/\{.*$/, ""),
    stat: statOf(stat),
    limit,
    steadyOnly: metric.includes("phase:steady"),
    sign: "<",
    ...(step === undefined ? {} : { step }),
  }))
  // A check knows its phase, so it comes first.
  const all = [...told, ...given].filter(
    (each, index, list) =>
      list.findIndex(
        ({ metric, step, stat, limit }) =>
          metric === each.metric && step === each.step && stat === each.stat && limit === each.limit,
      ) === index,
  )
  const limit = (line: string, name: string, { limit: value, sign, steadyOnly }: Threshold): Limit => ({
    line,
    name,
    value,
    breaks: (seen) => (sign === "<=" ? seen > value : seen >= value),
    ...(steadyOnly ? { isSteadyOnly: true } : {}),
  })
  return {
    /** Of one step, or of all requests. */
    latency: (step: string | undefined): Limit[] =>
      all
        .filter((each) => each.metric === "http_req_duration" && each.step === step)
        .map((each) => {
          const name = `${each.stat === "med" ? "p50" : each.stat} under`
          return each.among === undefined && followed.includes(each.stat)
            ? limit(each.stat, name, each)
            : { ...limit("p99", each.among === undefined ? name : `${each.among}: ${name}`, each), isWhole: true }
        }),
    failed: (): Limit[] =>
      all
        .filter((each) => each.metric === "http_req_failed" && each.step === undefined && each.among === undefined)
        .map((each) => limit("Failed", "failed under", each)),
  }
}

/** What the verdict bears of the machine, in the steady phase. */
export const machineLimits: Limit[] = [
  { line: "k6", name: "k6 at most", value: 0.8, breaks: (seen) => seen > 0.8, isSteadyOnly: true },
  {
    line: "Stolen by neighbours",
    name: "stolen at most",
    value: 0.1,
    breaks: (seen) => seen > 0.1,
    isSteadyOnly: true,
  },
]

const followed = ["p95", "p99"]

/** "k6 http_req_duration{step:join,phase:steady}" with "p(99)<500". */
const parseThreshold = (name: string, expected: string): Threshold | undefined => {
  const [, metric, tags = ""] = /^k6 (\w+)(?:\{(.*)\})?$/.exec(name) ?? []
  const [, stat, sign, limit] = /^(p\([\d.]+\)|med|avg|max|rate)\s*(<=?)\s*([\d.]+)$/.exec(expected.trim()) ?? []
  if (metric === undefined || stat === undefined || sign === undefined) return undefined
  const others = tags.split(",").filter((each) => each !== "" && !/^(step|phase):/.test(each))
  const step = /(?:^|,)step:([^,]+)/.exec(tags)?.[1]
  return {
    metric,
    stat: statOf(stat),
    limit: Number(limit),
    steadyOnly: tags.includes("phase:steady"),
    sign,
    ...(step === undefined ? {} : { step }),
    ...(others.length === 0 ? {} : { among: others.join(", ").replaceAll(":", " ") }),
  }
}

/** "p(99)" and "p99" are one. */
const statOf = (stat: string) => stat.replace(/^p\(([\d.]+)\)$/, "p$1")
