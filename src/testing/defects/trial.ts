import { migrations } from "../../../sql/migrations.ts"
import { openBoxOffice, type BoxOffice } from "../../box-office/box-office.ts"
import type { SalePatch } from "../../box-office/sale-settings.ts"
import type { NewSale } from "../../box-office/sales.ts"
import { openAddresses } from "../../guard/address.ts"
import { openBuckets } from "../../guard/buckets.ts"
import { openTokens, type Tokens } from "../../guard/tokens.ts"
import { newId, type AdmissionId, type SaleId } from "../../ids.ts"
import { audit } from "../../lab/audit/audit.ts"
import type { Check } from "../../lab/model/check.ts"
import { readTruth } from "../../lab/audit/truth-reader.ts"
import { silentLog } from "../../log.ts"
import { migrate } from "../../stores/migrate.ts"
import { openRedis, redisReady } from "../../stores/redis.ts"
import { epochMs, later, millis, minutes, seconds, type EpochMs } from "../../units.ts"
import { openScheduler } from "../../waiting-room/scheduler.ts"
import { openWaitingRoom } from "../../waiting-room/waiting-room.ts"
import { stores } from "../stores.ts"
import { swapScripts, swapStatements, type ScriptSwap, type StatementSwap } from "./swaps.ts"
import { openPeople } from "./trial-people.ts"

/** What is wrong with a build, on real stores. */
export type Defect = {
  scripts?: ScriptSwap[]
  statements?: StatementSwap[]
  /** Done to the empty database, such as a dropped constraint. */
  schema?: string[]
  tokens?: (tokens: Tokens) => Tokens
  /** What something else does to the tables when the sale is over. */
  afterwards?: (saleId: SaleId) => string
  /** Whose X-Forwarded-For is believed. */
  trustedProxies?: string[]
}

export type TrialOptions = { defect?: Defect; sale?: Partial<NewSale>; redisUrl?: string }
type LiveChange = Pick<SalePatch, "admitPerMinute" | "shopperCapacity" | "maxTicketsPerUser" | "paused">
export type Trial = Awaited<ReturnType<typeof openTrial>>

/**
 * One sale on the real scripts, tables and loops, in this process, with a clock that is moved by hand.
 * Everybody who does something writes down what the answer was; the lab's audit holds that against the stores.
 */
export const openTrial = async ({ defect = {}, sale = {}, redisUrl }: TrialOptions = {}) => {
  const shared = await stores()
  const { sql: plainSql } = await shared.freshDatabase()
  await migrate(plainSql, migrations)
  for (const statement of defect.schema ?? []) await plainSql.unsafe(statement)
  const { sql, unused } = swapStatements(plainSql, defect.statements ?? [])
  const [redis, schedulerRedis] = await Promise.all([connect(redisUrl), connect(redisUrl)])
  if (redisUrl === undefined) await redis.flushdb()
  const swapped = (client: typeof redis) => swapScripts(client, defect.scripts ?? [])

  let now = opening
  const clock = () => now
  const log = silentLog
  const boxOffice = openBoxOffice({ sql, clock, log })
  const genuine = openTokens({ keys: [{ kid: "trial", secret: "0123456789abcdef0123456789abcdef" }], clock })
  const settingsOf = (id: SaleId) => boxOffice.sales.lookup(id)
  const openRoom = () => openWaitingRoom({ redis: swapped(redis), sql, clock, log, settingsOf })
  let room = openRoom()
  const scheduler = openScheduler({
    redis: swapped(schedulerRedis),
    sql,
    clock,
    time: { isTrusted: () => true, postgresTime: clock },
    log,
    nodeId: crypto.randomUUID(),
    stockOf: boxOffice.sales.stock,
    settingsOf,
    leaseFor: minutes(10),
  })
  const made = await makeSale(boxOffice, now, sale)
  const { saleId } = made
  await room.open(made)
  const people = openPeople({
    sql: plainSql,
    saleId,
    room: () => room,
    boxOffice,
    tokens: defect.tokens?.(genuine) ?? genuine,
    now: clock,
    pass: (time) => void (now = later(now, time)),
  })

  const tick = async () => {
    await scheduler.tick()
    await room.refresh()
    await boxOffice.sweeper.tick()
  }

  return {
    ...people,
    saleId,
    redis,
    /** Moves the clock and whatever runs by it, in steps of a tick. */
    pass: async (length: number) => {
      for (const until = now + length; now < until; await tick()) now = epochMs(Math.min(now + tickMs, until))
    },
    /** An account token. */
    bearer: (name: string) => genuine.signAccount(people.of(name).accountId),
    /** An admission of another sale. */
    foreign: (name: string) => {
      const { accountId } = people.of(name)
      const ids = { saleId: newId<SaleId>(now), admissionId: newId<AdmissionId>(now) }
      return genuine.signAdmission({ ...ids, accountId, grantedAt: now, endsAt: later(now, minutes(10)) })
    },
    /** From one address, which names another in X-Forwarded-For each time: how many were told to slow down. */
    pressFrom: (peer: string, times: number) => {
      const addresses = openAddresses(defect.trustedProxies ?? [])
      const buckets = openBuckets({ redis: shared.cache, clock, log })
      return limitedOf(times, (nth) => buckets.take(joinPolicy(saleId), addresses.of(peer, `198.51.100.${nth}`)))
    },
    /** As the organiser does it. */
    change: async (patch: LiveChange) => {
      await boxOffice.sales.change(saleId, patch)
      await room.change(saleId, patch)
    },
    /** Something else does this to the tables. */
    meddle: async (statement: string) => void (await plainSql.unsafe(statement)),
    /** As after a restart of the process: it remembers nobody. */
    restart: async () => {
      await room.stop()
      room = openRoom()
    },
    /** Everybody goes home; what the stores have is held against what people were told. */
    audit: async (): Promise<Check[]> => {
      await room.drain(saleId)
      if (defect.afterwards !== undefined) await plainSql.unsafe(defect.afterwards(saleId))
      people.leave()
      const stillThere = unused()
      if (stillThere.length > 0) throw new Error(`no statement has: ${stillThere.map((each) => each.from).join("; ")}`)
      return audit(people.history, await readTruth(plainSql, redis, saleId, now))
    },
    close: async () => {
      await scheduler.stop()
      await room.stop()
      for (const each of [redis, schedulerRedis]) each.disconnect()
      await plainSql.end({ timeout: 1 })
    },
  }
}

const makeSale = async (boxOffice: BoxOffice, now: EpochMs, sale: Partial<NewSale>) => {
  const startsAt = later(now, minutes(6000))
  const { eventId } = await boxOffice.events.create({ name: "Night", venue: "Arena", startsAt })
  return boxOffice.sales.create({ ...usualSale, opensAt: now, endsAt: later(now, minutes(600)), eventId, ...sale })
}

const joinPolicy = (saleId: SaleId) => ({ name: `joins-${saleId}`, limit: 30, window: minutes(1) })

const limitedOf = async (times: number, take: (nth: number) => Promise<{ state: string }>): Promise<number> => {
  let limited = 0
  for (let nth = 0; nth < times; nth++) if ((await take(nth)).state === "limited") limited++
  return limited
}

/** 2027-01-01, so that nothing depends on the day. */
const opening = epochMs(Date.UTC(2027, 0, 1))
export const tickMs = millis(200)

/** Ten a second, three at once, two tickets each. */
const usualSale = {
  totalSeats: 20,
  admitPerMinute: 600,
  waitingRoomCap: 1000,
  shopperCapacity: 3,
  maxTicketsPerUser: 2,
  callWindow: seconds(10),
  priceCents: 4500,
}

/** Of the shared Redis; what another test has left there goes. */
const trialDatabase = 15

const connect = async (redisUrl?: string) => {
  const redis = openRedis(redisUrl ?? (await stores()).redisUrl, { commandTimeout: seconds(10) })
  await redisReady(redis, seconds(5))
  if (redisUrl === undefined) await redis.select(trialDatabase)
  return redis
}
