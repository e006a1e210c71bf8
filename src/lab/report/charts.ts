import { lookupDuration } from "../model/duration.ts"
import { figureNames, figureOf, numberOf, type ChartName, type Second, type Unit } from "../model/figures.ts"
import { crossingsOf, type Crossing } from "./crossing.ts"
import { limitsOf, machineLimits, type Limit } from "./limits.ts"
import { stepNames } from "./step-names.ts"
import type { RunBody } from "./wire.ts"

/** Times are seconds since the release. */
export type Charts = {
  times: number[]
  lengthSec: number
  steady?: Window
  charts: ChartView[]
}
export type Window = { from: number; to: number }
export type ChartView = {
  title: string
  unit: Unit
  lines: Line[]
  limits: DrawnLimit[]
  missing: string
}
export type Line = { name: string; values: (number | undefined)[] }
export type DrawnLimit = Pick<Limit, "name" | "value" | "line"> & {
  /** A pace may be exceeded without a breach; a whole is not judged second by second. */
  kind: "limit" | "pace" | "whole"
  window?: Window
  crossings: Crossing[]
}

export type ChartedRun = Pick<RunBody, "settings" | "checks" | "thresholds" | "started_at" | "length_ms">

export const chartsOf = (run: ChartedRun, seconds: Second[]): Charts => {
  const start = startOf(run.started_at, seconds)
  const times = seconds.map(({ at }) => Math.max(0, Math.round((at - start) / 100) / 10))
  const steady = steadyOf(run)
  const limits = limitsIn(run, seconds)
  const charts = [...plansOf(seconds)].map(({ title, unit, missing, lines }): ChartView => {
    const drawn = lines(seconds, times).filter(({ values }) => values.some((each) => each !== undefined))
    const held = (limits[title] ?? []).flatMap((limit) => drawnLimit(limit, drawn, times, steady))
    return { title, unit, lines: drawn, limits: held, missing }
  })
  return { times, lengthSec: Math.max(run.length_ms / 1000, times.at(-1) ?? 0, 1), steady, charts }
}

/** Release in ms since 1970, or the first second when it is unknown. */
export const startOf = (startedAt: string | null, seconds: Second[]): number =>
  [Date.parse(startedAt ?? ""), Number(seconds[0]?.at)].find((each) => !Number.isNaN(each)) ?? 0

const steadyOf = ({ settings }: ChartedRun): Window | undefined => {
  const length = (name: string) => lookupDuration(String(settings[name] ?? ""))
  const [ramp, steady] = [length("ramp_up"), length("steady")]
  return ramp === undefined || steady === undefined ? undefined : { from: ramp / 1000, to: (ramp + steady) / 1000 }
}

type Plan = {
  title: string
  unit: Unit
  missing: string
  lines: (seconds: Second[], times: number[]) => Line[]
}

const plans: Record<ChartName, { unit: Unit; missing: string }> = {
  Queue: { unit: "people", missing: "The server's own figures of the queue are not in this run." },
  Admissions: { unit: "per second", missing: "The server's own figures of admissions are not in this run." },
  Requests: { unit: "per second", missing: "k6 told no requests." },
  People: { unit: "people", missing: "k6 told no people." },
  "Time to answer, all requests": { unit: "ms", missing: "k6 told no times to answer." },
  Errors: { unit: "share", missing: "k6 told no failures." },
  CPU: { unit: "share", missing: "This system does not tell the CPU of its processes." },
  Memory: { unit: "MB", missing: "Memory was not recorded in this run." },
  Seats: { unit: "seats", missing: "The server's own figures of seats are not in this run." },
  "Holds and orders": {
    unit: "count",
    missing: "Holds and orders were not recorded second by second in this run.",
  },
  "Inside the server": {
    unit: "ms",
    missing: "The lag of the event loop and the time of an fsync were not recorded in this run.",
  },
  "Connections to Postgres": { unit: "count", missing: "Connections to Postgres were not recorded in this run." },
}

const plansOf = function* (seconds: Second[]): Generator<Plan> {
  for (const title of Object.keys(plans) as ChartName[]) {
    yield { title, ...plans[title], lines: (all, times) => linesOf(title, all, times) }
    if (title === "Time to answer, all requests") yield* stepPlans(stepNames(seconds))
  }
}

const linesOf = (chart: ChartName, seconds: Second[], times: number[]): Line[] => {
  const lines = figureNames()
    .flatMap((name) => ({ name, ...figureOf(name) }))
    .filter((each) => each.chart?.[0] === chart)
    .toSorted((a, b) => a.chart![1] - b.chart![1])
    .map(({ name, label, line = label }): Line => ({ name: line, values: seconds.map((each) => each[name]) }))
  return chart === "Admissions" && !seconds.some((each) => each.admissionsPerSecond !== undefined)
    ? [calledEachSecond(seconds, times)]
    : lines
}

const calledEachSecond = (seconds: Second[], times: number[]): Line => ({
  name: "Admissions",
  values: seconds.map(({ nowServing }, index) => {
    const before = seconds[index - 1]?.nowServing
    const passed = times[index]! - (times[index - 1] ?? Infinity)
    return nowServing === undefined || before === undefined || passed <= 0
      ? undefined
      : Math.max(0, (nowServing - before) / passed)
  }),
})

const stepPlans = (steps: string[]): Plan[] => {
  const noSteps = "Times by step were not recorded second by second in this run."
  if (steps.length === 0) return [{ title: "Time to answer, by step", unit: "ms", missing: noSteps, lines: () => [] }]
  return [
    ...steps.map((step): Plan => ({
      title: `Time to answer, ${step}`,
      unit: "ms",
      missing: `No time to answer was recorded for ${step}.`,
      lines: (seconds) => [
        { name: "p95", values: seconds.map((each) => each.steps?.[step]?.p95Ms) },
        { name: "p99", values: seconds.map((each) => each.steps?.[step]?.p99Ms) },
      ],
    })),
    {
      title: "Requests by step",
      unit: "per second",
      missing: "The rate of each step was not recorded.",
      lines: (seconds) =>
        busiest(steps.map((name) => ({ name, values: seconds.map((each) => each.steps?.[name]?.perSecond) }))),
    },
  ]
}

const linesMax = 8
/** More lines than these cannot be told apart; the table has all of them. */
const busiest = (lines: Line[]) => {
  const most = ({ values }: Line) => values.reduce<number>((high, each) => Math.max(high, each ?? 0), 0)
  const kept = lines.toSorted((a, b) => most(b) - most(a)).slice(0, linesMax)
  return lines.filter((each) => kept.includes(each))
}

/** Keyed by chart title. */
const limitsIn = (run: ChartedRun, seconds: Second[]): Record<string, Limit[]> => {
  const setting = (name: string) => numberOf(run.settings[name])
  const atMost = (line: string, name: string, value: number | undefined): Limit[] =>
    value === undefined ? [] : [{ line, name, value, breaks: (seen) => seen > value }]
  const [perMinute, cap] = [setting("admit_per_minute"), setting("waiting_room_cap")]
  const isCapNear = cap !== undefined && seconds.some(({ waiting = 0 }) => waiting > cap / 4)
  const thresholds = limitsOf(run)
  return {
    Queue: isCapNear ? atMost("Waiting", "waiting at most", cap) : [],
    Admissions:
      perMinute === undefined
        ? []
        : [{ line: "Admissions", name: "pace that was set", value: perMinute / 60, breaks: () => false, isPace: true }],
    "Time to answer, all requests": thresholds.latency(undefined),
    ...Object.fromEntries(stepNames(seconds).map((step) => [`Time to answer, ${step}`, thresholds.latency(step)])),
    Errors: thresholds.failed(),
    CPU: machineLimits,
    Seats: atMost("Sold", "sold at most", setting("total_seats")),
  }
}

const drawnLimit = (
  { name, value, line, breaks, isSteadyOnly = false, isPace = false, isWhole = false }: Limit,
  lines: Line[],
  times: number[],
  steady: Window | undefined,
): DrawnLimit[] => {
  const held = lines.find((each) => each.name === line)
  if (held === undefined) return []
  const window = isSteadyOnly ? steady : undefined
  const crossings = isPace || isWhole ? [] : crossingsOf({ times, values: held.values }, breaks, window)
  const kind = isPace ? "pace" : isWhole ? "whole" : "limit"
  return [{ name, value, line, kind, ...(window && { window }), crossings }]
}
