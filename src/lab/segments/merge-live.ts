import { epochMs, millis, later, type EpochMs } from "../../units.ts"
import type { FeedPoint } from "../k6/feed.ts"
import type { StepPoint } from "../model/run.ts"

/** The seconds of one machine, on the clock of the server. */
export type MachineSeconds = { points: FeedPoint[]; offsetMs: number }

/**
 * The seconds of all machines as one series: people and requests add up, shares are weighed by requests, of percentiles the highest stays.
 * Machines count their seconds from moments of their own, so each second takes what a machine said last, up to 1.5 s before.
 */
export const mergeLive = (machines: MachineSeconds[]): FeedPoint[] => {
  const series = machines
    .map(({ points, offsetMs }) => points.map((each) => ({ ...each, at: epochMs(each.at + offsetMs) })))
    .filter((each) => each.length > 0)
  if (series.length === 0) return []
  const first = Math.min(...series.map((each) => each[0]!.at))
  const last = Math.max(...series.map((each) => each.at(-1)!.at))
  const every = Math.max(...series.map(paceOf))
  const readers = series.map((each) => readerOf(each, every))
  const merged: FeedPoint[] = []
  for (let at = epochMs(first); at <= last && merged.length < pointsMost; at = later(at, millis(every))) {
    const said = readers.map((read) => read(at)).filter((each) => each !== undefined)
    if (said.length > 0) merged.push(together(at, said))
  }
  return merged
}

/** An hour, second by second. */
const pointsMost = 3600
const second = 1000

/** A long run keeps every second, fourth, ... point. */
const paceOf = (points: FeedPoint[]) =>
  points.length < 2
    ? second
    : Math.max(second, Math.round((points.at(-1)!.at - points[0]!.at) / (points.length - 1) / second) * second)

const readerOf = (points: FeedPoint[], every: number) => {
  let next = 0
  return (at: EpochMs): FeedPoint | undefined => {
    while (next < points.length && points[next]!.at <= at) next++
    const newest = points[next - 1]
    return newest !== undefined && newest.at > at - 1.5 * every ? newest : undefined
  }
}

const together = (at: EpochMs, points: FeedPoint[]): FeedPoint => {
  const sum = (of: (point: FeedPoint) => number) => points.reduce((total, each) => total + of(each), 0)
  const requests = sum((each) => each.requestsPerSecond)
  const p50Ms = highest(points.map((each) => each.p50Ms))
  const p95Ms = highest(points.map((each) => each.p95Ms))
  const p99Ms = highest(points.map((each) => each.p99Ms))
  return {
    at,
    people: sum((each) => each.people),
    requestsPerSecond: requests,
    failedShare: requests === 0 ? 0 : sum((each) => each.failedShare * each.requestsPerSecond) / requests,
    ...(p50Ms === undefined ? {} : { p50Ms }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
    ...(p99Ms === undefined ? {} : { p99Ms }),
    ...stepsOf(points),
  }
}

const stepsOf = (points: FeedPoint[]): Pick<FeedPoint, "steps"> => {
  const names = new Set(points.flatMap(({ steps = {} }) => Object.keys(steps)))
  if (names.size === 0) return {}
  const steps = [...names].map((name): [string, StepPoint] => {
    const said = points.flatMap(({ steps: each = {} }) => each[name] ?? [])
    const p95Ms = highest(said.map((each) => each.p95Ms))
    const p99Ms = highest(said.map((each) => each.p99Ms))
    return [
      name,
      {
        perSecond: said.reduce((total, each) => total + (each.perSecond ?? 0), 0),
        ...(p95Ms === undefined ? {} : { p95Ms }),
        ...(p99Ms === undefined ? {} : { p99Ms }),
      },
    ]
  })
  return { steps: Object.fromEntries(steps) }
}

const highest = (values: (number | undefined)[]): number | undefined => {
  const known = values.filter((each) => each !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
