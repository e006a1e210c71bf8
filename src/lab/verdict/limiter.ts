import type { EpochMs } from "../../units.ts"
import type { Run } from "../model/run.ts"
import type { Second } from "../model/figures.ts"
import { bearable, type Conditions } from "../model/conditions.ts"
import { percent } from "../model/percent.ts"

/**
 * One sentence on what kept the run from going faster: what a search for capacity found, else the gravest of the generator, neighbours,
 * other programs, the machine, one core, the event loop, the disk, the seats, the pace. `live` may be empty; figures that are absent
 * limit nothing.
 */
export const limiterOf = (
  { live, settings, capacity }: Pick<Run, "live" | "settings" | "capacity">,
  conditions: Conditions,
): string => {
  const steady = live.filter(isWithin(live[0]?.at ?? 0, settings))
  return (
    searched(capacity) ??
    generator(live, conditions) ??
    neighbours(live, conditions) ??
    others(conditions) ??
    machine(live) ??
    core(live) ??
    eventLoop(live) ??
    disk(live) ??
    seats(live, steady) ??
    pace(steady, settings.admitPerMinute) ??
    nothing(live)
  )
}

type Settings = Run["settings"]

const isWithin =
  (start: number, { rampUp, steady }: Settings) =>
  ({ at }: Second) =>
    at >= start + rampUp && at <= start + rampUp + steady

/** Limits of shares and times, each of the worst five seconds in a row. */
const limits = {
  machine: 0.9,
  core: 0.9,
  loopLagMs: 100,
  fsyncMs: 50,
  admissions: 0.7,
} as const

const searched = (capacity: Run["capacity"]) => capacity && `The ${capacity.cause}: ${capacity.why}`

const generator = (live: Second[], { k6Cpu = 0, starved }: Conditions) => {
  if (starved !== undefined) return `${starved}: the generator was the limit`
  const used = Math.max(k6Cpu, worst(live, ({ cpuK6 }) => cpuK6) ?? 0)
  return used > bearable.k6Cpu ? `k6 used ${percent(used)} of the machine: the generator was the limit` : undefined
}

const neighbours = (live: Second[], { stolen = 0 }: Conditions) => {
  const taken = Math.max(stolen, worst(live, ({ stolenRate }) => stolenRate) ?? 0)
  return taken > bearable.stolen
    ? `Neighbours took ${percent(taken)} of the CPU: the machine was not the test's own`
    : undefined
}

const others = ({ others: used = 0 }: Conditions) =>
  used > bearable.others ? `Other programs used ${percent(used)} of the machine: it was not the test's own` : undefined

const machine = (live: Second[]) => {
  const used = worst(live, machineUsed)
  return used !== undefined && used >= limits.machine ? `The machine was full: ${partsOf(live)}` : undefined
}

const core = (live: Second[]) => {
  const [busiest] = (["server", "redis", "postgres"] as const)
    .map((name) => ({
      name,
      used: worst(live, ({ busiest }) => busiest && (busiest.name === name ? busiest.core : 0)) ?? 0,
    }))
    .toSorted((a, b) => b.used - a.used)
  return busiest !== undefined && busiest.used >= limits.core
    ? `${nameOf[busiest.name]} used ${percent(busiest.used)} of a core: one process of it had no more to give`
    : undefined
}

const eventLoop = (live: Second[]) => {
  const lag = worst(live, ({ loopLagMs }) => loopLagMs)
  if (lag === undefined || lag < limits.loopLagMs) return undefined
  const { at, value } = peakOf(live, ({ loopLagMs }) => loopLagMs)
  return `The event loop of traffic lagged ${Math.round(value)} ms at ${timeOf(at)}`
}

const disk = (live: Second[]) => {
  const wait = worst(live, ({ fsyncMs }) => fsyncMs)
  if (wait === undefined || wait < limits.fsyncMs) return undefined
  const { at, value } = peakOf(live, ({ fsyncMs }) => fsyncMs)
  return `The disk: Redis waited ${Math.round(value)} ms for an fsync at ${timeOf(at)}`
}

const seats = (live: Second[], steady: Second[]) => {
  const gone = steady.filter(isSoldOut)
  if (gone.length === 0 || gone.length < steady.length / 2) return undefined
  const first = live.find(isSoldOut)!
  return `The seats: all ${count(first.seatsSold ?? 0)} were sold at ${timeOf(first.at)}, and nobody could buy after that`
}

const isSoldOut = ({ seatsAvailable = 0, seatsHeld = 0, seatsSold = 0 }: Second) =>
  seatsSold > 0 && seatsAvailable + seatsHeld === 0

const pace = (steady: Second[], admitPerMinute: number) => {
  const waited = steady.filter(({ waiting = 0 }) => waiting > 0)
  if (waited.length === 0 || waited.length < steady.length / 2) return undefined
  const given = meanOf(waited.flatMap(({ admissionsPerSecond }) => admissionsPerSecond ?? []))
  const allowed = admitPerMinute / 60
  return given === undefined || given >= limits.admissions * allowed
    ? `The sale's own pace: ${count(admitPerMinute)} admissions a minute let people wait`
    : `People waited though the pace allows ${figure(allowed)} admissions a second: ${figure(given)} were given, to at most ${count(Math.max(...waited.map(({ shoppers = 0 }) => shoppers)))} shoppers at once`
}

const nothing = (live: Second[]) => {
  const parts = partsOf(live)
  return parts === ""
    ? "Nothing was seen at its limit; this system tells no CPU figures"
    : `Nothing was at its limit: ${parts}`
}

type Read = (point: Second) => number | undefined

/** The highest mean of so many values in a row; of all there are when there are fewer. */
const worst = (live: Second[], read: Read, width = 5): number | undefined => {
  const values = live.flatMap((each) => read(each) ?? [])
  if (values.length <= width) return meanOf(values)
  let sum = values.slice(0, width).reduce((total, each) => total + each, 0)
  let most = sum
  for (let index = width; index < values.length; index++) {
    sum += values[index]! - values[index - width]!
    most = Math.max(most, sum)
  }
  return most / width
}

const meanOf = (values: number[]) =>
  values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0) / values.length

const peakOf = (live: Second[], read: Read): { at: EpochMs; value: number } =>
  live
    .flatMap((each) => {
      const value = read(each)
      return value === undefined ? [] : [{ at: each.at, value }]
    })
    .reduce((most, each) => (each.value > most.value ? each : most))

const nameOf = { server: "Traffic", redis: "Redis", postgres: "Postgres" } as const
const shown = { cpuServer: "the server", cpuRedis: "Redis", cpuPostgres: "Postgres", cpuK6: "k6" } as const
const names = Object.keys(shown) as (keyof typeof shown)[]

const machineUsed: Read = (second) => {
  const parts = names.flatMap((name) => second[name] ?? [])
  return parts.length < names.length ? undefined : parts.reduce((sum, each) => sum + each, 0)
}

/** "the server used 31 % of the machine, k6 22 %"; the stores between them as far as they run here. */
const partsOf = (live: Second[]) =>
  names
    .flatMap((name) => {
      const used = worst(live, (second) => second[name])
      return used === undefined ? [] : { name, used }
    })
    .map(({ name, used }, index) =>
      index === 0 ? `${shown[name]} used ${percent(used)} of the machine` : `${shown[name]} ${percent(used)}`,
    )
    .join(", ")

const figure = (value: number) => (value < 10 ? value.toFixed(1) : String(Math.round(value)))
/** Without separators: a sentence is copied into other tools. */
const count = (value: number) => String(value)
const timeOf = (at: EpochMs) => `${new Date(at).toISOString().slice(11, 19)} UTC`
