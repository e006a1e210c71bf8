import type { Clock } from "../../clock.ts"
import type { SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { openLoopLag } from "../../loop-lag.ts"
import { openLoop } from "../../loop.ts"
import type { Pool } from "../../stores/postgres.ts"
import type { Redis } from "../../stores/redis.ts"
import { millis, seconds, type EpochMs } from "../../units.ts"
import { coresIn, parseMachineTicks, readMachineText, type MachineTicks } from "./machine.ts"
import { countSale, readPostgres } from "./postgres.ts"
import { openRedisProbe } from "./redis.ts"
import { pagesOf, readFamily, readPageSize, ticksOf, type Family, type Use } from "./processes.ts"
import type { LiveTruth } from "../model/run.ts"
import { figureNames, type MachineSecond, type SaleSecond } from "../model/figures.ts"

export type ProbedStores = {
  redis: Redis
  cache: Redis
  sql: Pool
  /** This process started them, so it may turn on what they measure of themselves. */
  areOurs: boolean
}

export type ProbeParts = {
  clock: Clock
  log: Log
  saleId: SaleId
  generators: number[]
  live?: ((saleId: SaleId) => LiveTruth | undefined) | undefined
  stores?: ProbedStores | undefined
}

/** What the server, the stores and the machine say at one moment; what they do not say is absent. */
export type Figures = Partial<SaleSecond> & MachineSecond
export type Probe = ReturnType<typeof openProbe>

/**
 * The server's side of a run's series. One look at a time; a store that does not answer within half a second is left out of a
 * look and is not asked again before it has answered. A look costs about two milliseconds, and each store one or two short questions.
 */
export const openProbe = ({ clock, log, saleId, generators, live, stores }: ProbeParts) => {
  const lag = openLoopLag()
  const pageBytes = readPageSize()
  const looks: { at: EpochMs; figures: Figures }[] = []
  const told = { redis: [] as number[], postgres: undefined as number | undefined }
  let before: Sight | undefined
  let seenBefore: LiveTruth | undefined
  let looking: Promise<Figures> | undefined

  const redis = stores && openQuestion(openRedisProbe(stores.redis, { mayMeasure: stores.areOurs }))
  const cache = stores && openQuestion(openRedisProbe(stores.cache, { mayMeasure: false }))
  const postgres = stores && openQuestion(() => readPostgres(stores.sql))
  const counts =
    stores && openQuestion(() => countSale(stores.sql, live?.(saleId)?.saleId ?? saleId), { cost: countingCost })

  const look = async (): Promise<Figures> => {
    const [queue, buckets, shop, sold] = await Promise.all([redis?.(), cache?.(), postgres?.(), counts?.()])
    if (queue !== undefined && buckets !== undefined) told.redis = [queue.pid, buckets.pid]
    if (shop !== undefined) told.postgres = shop.backend
    const at = clock()
    const loopLagMs = round(lag.take(), 2)
    const now = sightOf({ generators, ...told })
    const seen = live?.(saleId)
    const figures: Figures = {
      ...(now && sharesOf(before, now)),
      ...(seen && { ...saleOf(seen), ...rateOf(seenBefore, seen), ...sold, loopLagMs, fsyncMs: queue?.fsyncMs }),
      ...(now === undefined || pageBytes === undefined
        ? { memoryServerMb: mebibytes(process.memoryUsage.rss()) }
        : memoryOf(now.family, pageBytes)),
      ...(queue &&
        buckets && {
          memoryRedisMb: mebibytes(queue.residentBytes + buckets.residentBytes),
          memoryRedisUsedMb: mebibytes(queue.usedBytes + buckets.usedBytes),
        }),
      postgresConnections: shop?.connections,
    }
    before = now
    if (seen?.seenAt !== seenBefore?.seenAt || seen?.saleId !== seenBefore?.saleId) seenBefore = seen
    looks.push({ at, figures })
    if (looks.length > looksKept) looks.shift()
    return figures
  }

  const take = (): Promise<Figures> => (looking ??= look().finally(() => (looking = undefined)))

  const takeWhenSilent = async () => {
    if (clock() - (looks.at(-1)?.at ?? 0) > every) await take()
  }
  const loop = openLoop({ name: "probe", every, work: takeWhenSilent, log, first: "pause" })

  return {
    start: async () => {
      lag.start()
      await take()
      loop.start()
    },
    /** The figures of a moment that k6 has just told of; of one long ago those that were nearest to it, as far as they are kept. */
    figuresOf: async (at: EpochMs): Promise<Figures> => {
      if (Math.abs(clock() - at) < late) return take()
      const nearest = looks.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0]
      return nearest !== undefined && Math.abs(nearest.at - at) <= every ? nearest.figures : {}
    },
    stop: async () => {
      lag.stop()
      await loop.stop()
      await looking
    },
  }
}

const every = seconds(1)
const late = millis(750)
const looksKept = 60

export type Sight = { machine: MachineTicks; cores: number; family: Family }

const sightOf = (told: Parameters<typeof readFamily>[0]): Sight | undefined => {
  const text = readMachineText()
  return text === undefined
    ? undefined
    : { machine: parseMachineTicks(text), cores: coresIn(text), family: readFamily(told) }
}

const parts = ["server", "redis", "postgres", "k6"] as const
const worked = ["server", "redis", "postgres"] as const

/** Shares between two moments; a part that is missing at either has none. */
export const sharesOf = (before: Sight | undefined, now: Sight): MachineSecond => {
  const passed = before === undefined ? 0 : now.machine.total - before.machine.total
  if (before === undefined || passed <= 0) return {}
  const [server, redis, postgres, k6] = parts.map((part) => {
    const ticks = ticksBetween(before.family[part], now.family[part], part)
    return ticks === undefined ? undefined : round(Math.min(1, ticks / passed), 4)
  })
  const busiest = worked
    .map((name) => ({ name, ticks: mostOfOne(before.family[name], now.family[name]) }))
    .reduce((most, each) => (each.ticks > most.ticks ? each : most))
  const isWhole = [server, redis, postgres, k6].every((each) => each !== undefined)
  return {
    cpuServer: server,
    cpuK6: k6,
    // The memory of one Redis alone would look like that of both.
    ...(isWhole && { cpuRedis: redis, cpuPostgres: postgres }),
    busiest: { name: busiest.name, core: round((busiest.ticks / passed) * now.cores, 3) },
    stolenRate: round((now.machine.stolen - before.machine.stolen) / passed, 4),
  }
}

/** A store that has started again begins at nothing; the server also waits for children that are none of it. */
const ticksBetween = (before: Use[], now: Use[], part: (typeof parts)[number]): number | undefined => {
  if (before.length === 0 || now.length === 0) return undefined
  const isStore = part === "redis" || part === "postgres"
  const ticks = ticksOf(now, { withReaped: isStore }) - ticksOf(before, { withReaped: isStore })
  return Math.max(0, ticks)
}

const mostOfOne = (before: Use[], now: Use[]): number => {
  const known = new Map(before.map(({ pid, ticks }) => [pid, ticks]))
  return Math.max(0, ...now.map(({ pid, ticks }) => ticks - (known.get(pid) ?? ticks)))
}

const memoryOf = (family: Family, pageBytes: number): MachineSecond => {
  const of = (part: Use[]) => (part.length === 0 ? undefined : mebibytes(pagesOf(part) * pageBytes))
  return { memoryServerMb: of(family.server), memoryPostgresMb: of(family.postgres), memoryK6Mb: of(family.k6) }
}

const saleOf = (seen: LiveTruth) =>
  Object.fromEntries(figureNames("sale").map((name) => [name, seen[name as keyof SaleSecond]])) as SaleSecond

/** The server looks at its sales several times a second; between two looks it has nothing new to say. */
export const rateOf = (before: LiveTruth | undefined, now: LiveTruth): Pick<LiveTruth, "admissionsPerSecond"> => {
  if (before?.admissions === undefined || now.admissions === undefined || before.saleId !== now.saleId) return {}
  const passedMs = (now.seenAt ?? 0) - (before.seenAt ?? 0)
  return passedMs <= 0
    ? {}
    : { admissionsPerSecond: round((Math.max(0, now.admissions - before.admissions) * 1000) / passedMs, 2) }
}

const halfASecond = millis(500)
const countingCost = 25

/**
 * Asks when it is due and nobody asks already; undefined when there is no answer within its patience, and when it failed.
 * With `cost` it is due again when so many times as much time has passed as the answer took.
 */
export const openQuestion = <Answer>(ask: () => Promise<Answer>, { cost = 0, patience = halfASecond } = {}) => {
  let isAsking = false
  let due = 0
  return async (): Promise<Answer | undefined> => {
    const asked = performance.now()
    if (isAsking || asked < due) return undefined
    isAsking = true
    const answer = ask()
      .catch(() => undefined)
      .finally(() => {
        isAsking = false
        due = asked + cost * (performance.now() - asked)
      })
    let silence: Timer | undefined
    const silent = new Promise<undefined>((resolve) => (silence = setTimeout(() => resolve(undefined), patience)))
    return Promise.race([answer, silent]).finally(() => clearTimeout(silence))
  }
}

const mebibytes = (bytes: number) => round(bytes / 1_048_576, 1)
const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits
