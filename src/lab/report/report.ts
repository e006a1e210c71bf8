import { numberOf, type Second } from "../model/figures.ts"
import { chartsOf, type Charts } from "./charts.ts"
import { secondOf, type SecondBody } from "./second-body.ts"
import { stepNames } from "./step-names.ts"
import type { RunBody } from "./wire.ts"

export type Report = Charts & { steps: StepRow[] }

export type StepRow = {
  step: string
  count?: number
  perSecond?: number
  p50Ms?: number
  p95Ms?: number
  p99Ms?: number
  maxMs?: number
  failedRate?: number
}

export const reportOf = (run: RunBody, series: SecondBody[]): Report => {
  const seconds = series.map(secondOf).filter(({ at }) => !Number.isNaN(at))
  return { ...chartsOf(run, seconds), steps: stepRows(run, seconds) }
}

export const reportJson = (run: RunBody, points: SecondBody[]): string => {
  const { charts, steps } = reportOf(run, points)
  const limits = charts.flatMap(({ title, limits: drawn }) =>
    drawn
      .filter((each) => each.kind === "limit")
      .map(({ name, line, value, crossings }) => ({
        chart: title,
        line,
        limit: name,
        value,
        crossings: crossings.map(({ from, to, worst, worstAt }) => ({
          from_sec: from,
          to_sec: to ?? null,
          worst,
          worst_at_sec: worstAt,
        })),
      })),
  )
  const table = steps.map(({ step, count, perSecond, p50Ms, p95Ms, p99Ms, maxMs, failedRate }) => ({
    step,
    count,
    per_second: perSecond,
    p50_ms: p50Ms,
    p95_ms: p95Ms,
    p99_ms: p99Ms,
    max_ms: maxMs,
    failed_rate: failedRate,
  }))
  return `${JSON.stringify({ run, series: points, limits, steps: table }, null, 2)}\n`
}

/** Covers all answers of a step if k6 recorded them; other runs have only a few steps and count successes. */
const stepRows = ({ metrics }: RunBody, seconds: Second[]): StepRow[] => {
  const read = (name: string) => numberOf(metrics[name])
  const row = (step: string, names: Record<Exclude<keyof StepRow, "step">, string>): StepRow => ({
    step,
    ...Object.fromEntries(
      Object.entries(names).flatMap(([field, name]) => (read(name) === undefined ? [] : [[field, read(name)]])),
    ),
  })
  const ofStep = (step: string, prefix: string) =>
    row(step, {
      count: `${prefix}_count`,
      perSecond: `${prefix}_per_second`,
      p50Ms: `${prefix}_p50_ms`,
      p95Ms: `${prefix}_p95_ms`,
      p99Ms: `${prefix}_p99_ms`,
      maxMs: `${prefix}_max_ms`,
      failedRate: `${prefix}_failed_rate`,
    })
  const counted = Object.keys(metrics).flatMap((name) => /^(?:step_)?([a-z_]+)_count$/.exec(name)?.[1] ?? [])
  const steps = stepNames(seconds, counted).map((step) =>
    read(`step_${step}_count`) === undefined ? ofStep(step, step) : ofStep(step, `step_${step}`),
  )
  const all = row("all", {
    count: "http_reqs",
    perSecond: "http_reqs_per_second",
    p50Ms: "http_req_duration_p50_ms",
    p95Ms: "http_req_duration_p95_ms",
    p99Ms: "http_req_duration_p99_ms",
    maxMs: "http_req_duration_max_ms",
    failedRate: "http_req_failed_rate",
  })
  return Object.keys(all).length === 1 && steps.length === 0 ? [] : [...steps, all]
}
