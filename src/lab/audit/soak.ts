import { percent } from "../model/percent.ts"
import { minutes, type EpochMs, type Millis } from "../../units.ts"
import { fails, passes, type Check, type CheckName } from "../model/check.ts"
import type { Second } from "../model/figures.ts"

export const soakChecks = (points: Second[]): Check[] => [memoryFlat(points), connectionsFlat(points)]

/** Caches fill and code is compiled in the first fifth of a run, and at least in its first minute. */
const warmUpShare = 0.2
const warmUpLeast = minutes(1)
const judgedLeast = minutes(5)
/** Share of the size after the warm-up, per hour. */
const growthMax = 0.2
/** Parts of the judged time. The median of each is its reading, so that one garbage collection has no effect. */
const parts = 30
const partReadings = 3

type Reading = { at: EpochMs; value: number }

const memoryFlat = (points: Second[]): Check => {
  const name = "Soak memory of the server"
  const expected = `no more than ${percent(growthMax)} of growth an hour after the warm-up`
  const readings = readingsOf(points, (each) => each.memoryServerMb)
  const short = tooShort(points, readings)
  if (short !== undefined) return unjudged(name, expected, short)
  const medians = mediansOf(readings)
  const size = medianOf(medians.map((each) => each.value))
  const { slope, least, most } = trendOf(medians)
  const [growth, surely, atMost] = [slope / size, least / size, most / size]
  const seen = `${signed(growth)} an hour of ${Math.round(size)} MB, between ${signed(surely)} and ${signed(atMost)}`
  if (atMost <= growthMax) return passes(name, expected, seen)
  if (surely <= growthMax) return unjudged(name, expected, `${seen}: too uneven to tell, run it longer`)
  const [first, last] = [medians[0]!, medians.at(-1)!]
  return fails(
    name,
    expected,
    seen,
    `${Math.round(first.value)} MB at ${clockTime(first.at)} and ${Math.round(last.value)} MB at ${clockTime(last.at)}`,
  )
}

/** A pool that opens one or two more connections under load does not leak. */
const connectionsMore = 2

const connectionsFlat = (points: Second[]): Check => {
  const name = "Soak connections to Postgres"
  const expected = `at most ${connectionsMore} more at the end than after the warm-up`
  const readings = readingsOf(points, (each) => each.postgresConnections)
  const short = tooShort(points, readings)
  if (short !== undefined) return unjudged(name, expected, short)
  const quarter = Math.ceil(readings.length / 4)
  const highest = (some: Reading[]) => Math.max(...some.map((each) => each.value))
  const [first, last] = [highest(readings.slice(0, quarter)), highest(readings.slice(-quarter))]
  const seen = `${first} in the first quarter and ${last} in the last`
  if (last <= first + connectionsMore) return passes(name, expected, seen)
  const over = readings.find((each) => each.value > first + connectionsMore)!
  return fails(name, expected, seen, `${over.value} connections at ${clockTime(over.at)}`)
}

const readingsOf = (points: Second[], figure: (point: Second) => number | undefined): Reading[] => {
  const first = points[0]?.at ?? 0
  const last = points.at(-1)?.at ?? 0
  const from = first + Math.max(warmUpLeast, warmUpShare * (last - first))
  return points.flatMap((point) => {
    const value = figure(point)
    return value === undefined || point.at < from ? [] : [{ at: point.at, value }]
  })
}

const tooShort = (points: Second[], readings: Reading[]): string | undefined => {
  const judged = readings.length === 0 ? 0 : readings.at(-1)!.at - readings[0]!.at
  if (judged >= judgedLeast) {
    return readings.length >= parts * partReadings ? undefined : `${readings.length} readings are too few`
  }
  const lasted = points.length === 0 ? 0 : points.at(-1)!.at - points[0]!.at
  if (lasted >= judgedLeast + warmUpLeast && readings.length === 0) return "this machine does not tell"
  return `${Math.round(judged / 1000)} s after the warm-up are too short; ${judgedLeast / 1000} s are needed, so run it longer`
}

const mediansOf = (readings: Reading[]): Reading[] => {
  const first = readings[0]!.at
  const width = (readings.at(-1)!.at - first + 1) / parts
  const filled = Map.groupBy(readings, ({ at }) => Math.floor((at - first) / width))
  return [...filled.values()].map((some) => ({
    at: some[Math.floor(some.length / 2)]!.at,
    value: medianOf(some.map((each) => each.value)),
  }))
}

/**
 * Theil-Sen: the median of the slopes between any two, per hour, which a third of outliers cannot bend,
 * and the band in which the true one lies in 99 of 100 cases (Sen's, from the variance of Kendall's S).
 */
const trendOf = (readings: Reading[]): { slope: number; least: number; most: number } => {
  const slopes = readings
    .flatMap((a, index) => readings.slice(index + 1).map((b) => (hour * (b.value - a.value)) / (b.at - a.at)))
    .toSorted((a, b) => a - b)
  const n = readings.length
  const half = (2.576 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2
  const at = (rank: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? 0
  return { slope: medianOf(slopes), least: at(slopes.length / 2 - half), most: at(slopes.length / 2 + half) }
}
const hour: Millis = minutes(60)

const medianOf = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

const unjudged = (name: CheckName, expected: string, seen: string): Check => ({
  name,
  passed: true,
  judged: false,
  expected,
  seen,
})

const signed = (share: number) => `${share > 0 ? "+" : ""}${percent(share)}`
const clockTime = (at: EpochMs) => new Date(at).toISOString().slice(11, 19)
