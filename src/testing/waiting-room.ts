import { newId, type AccountId, type SaleId } from "../ids.ts"
import { silentLog } from "../log.ts"
import { openPostgres, type Pool } from "../stores/postgres.ts"
import { openRedis, redisReady, type Redis } from "../stores/redis.ts"
import { epochMs, millis, minutes, seconds, type EpochMs } from "../units.ts"
import type { Limits } from "../waiting-room/limits.ts"
import { openScheduler, type SchedulerParts, type Stock } from "../waiting-room/scheduler.ts"
import { openWaitingRoom, type RoomSettings, type WaitingRoom } from "../waiting-room/waiting-room.ts"
import { applicationDatabase } from "./application.ts"
import { stores } from "./stores.ts"

/** 2027-01-01, so that nothing in a test depends on the day it runs. */
export const start = epochMs(Date.UTC(2027, 0, 1))

let databases = 0

/** One waiting room world: a numbered database of the shared Redis, a fresh Postgres, a clock that is moved by hand. */
export const roomWorld = async ({ limits, redisUrl }: { limits?: Partial<Limits>; redisUrl?: string } = {}) => {
  const shared = await stores()
  const { owner, ownerUrl, sql } = await applicationDatabase()
  const database = redisUrl ? 0 : (databases++ % 15) + 1
  const connections: Redis[] = []
  const connect = async () => {
    const redis = openRedis(redisUrl ?? shared.redisUrl, { commandTimeout: seconds(5) })
    await redisReady(redis, seconds(5))
    if (database > 0) await redis.select(database)
    connections.push(redis)
    return redis
  }
  const redis = await connect()
  await redis.flushdb()

  let now = start
  const clock = () => now
  const sales = new Map<SaleId, RoomSettings>()
  const stock = new Map<SaleId, Stock>()
  const settingsOf = async (saleId: SaleId) => sales.get(saleId)
  const stockOf = async (saleId: SaleId) => stock.get(saleId) ?? { total: 1000, available: 1000, held: 0, sold: 0 }
  const rooms: WaitingRoom[] = []
  const pools: Pool[] = [owner, sql]
  const schedulers: { stop(): Promise<void> }[] = []

  const node = async (own: Partial<Limits> = {}) => {
    const room = openWaitingRoom({
      redis: await connect(),
      sql,
      clock,
      log: silentLog,
      settingsOf,
      limits: { ...limits, ...own },
    })
    rooms.push(room)
    return room
  }
  const scheduler = async (own: Partial<SchedulerParts> = {}) => {
    const parts = {
      redis: await connect(),
      sql,
      clock,
      time: { isTrusted: () => true, postgresTime: clock },
      log: silentLog,
      nodeId: newId(now),
      stockOf,
      settingsOf,
      leaseFor: minutes(10),
    }
    const opened = openScheduler({
      ...parts,
      ...(limits?.journalLagMax ? { journalLagMax: limits.journalLagMax } : {}),
      ...own,
    })
    schedulers.push(opened)
    return opened
  }

  return {
    redis,
    /** Has every right; what is under test has the application's. */
    sql: owner,
    sales,
    stock,
    node,
    scheduler,
    connect,
    clock,
    openPool: () => {
      const pool = openPostgres(ownerUrl, { max: 4 })
      pools.push(pool)
      return pool
    },
    now: () => now,
    /** Moves the clock, in steps of one tick when a scheduler is given. */
    async pass(length: number, ticker?: { tick(): Promise<void> }) {
      const until = now + length
      if (ticker) for (; now + tickMs < until; await ticker.tick()) now = epochMs(now + tickMs)
      now = epochMs(until)
      await ticker?.tick()
    },
    jumpTo: (at: EpochMs) => (now = at),
    /** A sale that is open, unless the patch says otherwise. */
    sale(patch: Partial<RoomSettings> = {}): RoomSettings {
      const settings: RoomSettings = {
        saleId: newId<SaleId>(now),
        queueOpensAt: now,
        opensAt: now,
        endsAt: epochMs(now + minutes(24 * 60)),
        admitPerMinute: 6000,
        waitingRoomCap: 100_000,
        shopperCapacity: 1000,
        callWindow: seconds(60),
        admissionLength: minutes(10),
        message: "",
        paused: false,
        closed: false,
        ...patch,
      }
      sales.set(settings.saleId, settings)
      return settings
    },
    async close() {
      await Promise.all(schedulers.map((each) => each.stop()))
      await Promise.all(rooms.map((each) => each.stop()))
      for (const each of connections) each.disconnect()
      await Promise.all(pools.map((each) => each.end({ timeout: 1 })))
    },
  }
}
export type RoomWorld = Awaited<ReturnType<typeof roomWorld>>

export const tickMs = millis(200)

export const people = (count: number, at: EpochMs = start): AccountId[] =>
  Array.from({ length: count }, () => newId<AccountId>(at))

/** Asks until the answer is there; fails when it does not come within four seconds. */
export const eventually = async <T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> => {
  for (let left = 200; left > 0; left--) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    await Bun.sleep(20)
  }
  throw new Error("It did not come to pass within four seconds")
}
