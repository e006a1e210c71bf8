import type { TimeCheck } from "../agreed-clock.ts"
import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import type { Metrics } from "../metrics.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { millis, seconds, type Millis } from "../units.ts"
import { isAway } from "./away.ts"
import { openJournal, type Journal } from "./journal/journal.ts"
import { leaseKeys, roomsKey } from "./keys.ts"
import { defaultLimits } from "./limits.ts"
import { openRecovery, type Recovery } from "./recovery.ts"
import { openRoomTicker, type RoomTicker } from "./room-ticker.ts"
import { lease } from "./scripts.ts"
import type { RoomSettings } from "./settings.ts"
import type { Stock } from "./stocks.ts"

export type { Stock } from "./stocks.ts"

export type SchedulerParts = {
  redis: Redis
  sql: Pool
  clock: Clock
  time: TimeCheck
  log: Log
  nodeId: string
  stockOf: (saleId: SaleId) => Promise<Stock>
  canPay?: () => boolean
  settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined>
  tickEvery?: Millis
  leaseFor?: Millis
  journalLagMax?: number
  retention?: Millis
  setsBack?: boolean
  onSetBack?: (saleId: SaleId) => Promise<unknown>
  metrics?: Pick<Metrics, "counter">
}

export type Scheduler = { start(): void; stop(): Promise<void>; tick(): Promise<void>; isLeader(): boolean }

type State = {
  epoch: number
  /** A higher epoch that was seen: the counter was lost, and goes on above it. */
  floor: number
  isLeading: boolean
  ticksUntilListing: number
  readonly tickers: Map<SaleId, RoomTicker>
  readonly draining: Set<SaleId>
  journaling: Promise<void> | undefined
}
type Running = SchedulerParts &
  State & {
    tickEvery: Millis
    leaseFor: Millis
    journal: Journal
    recovery: Recovery
    newTicker: (saleId: SaleId) => RoomTicker
  }

/**
 * The node that holds the lease moves every room. Its fencing epoch goes with every tick, so that a node which was frozen past
 * its lease moves nothing.
 */
export const openScheduler = (parts: SchedulerParts): Scheduler => {
  const { redis, log, tickEvery = millis(200), leaseFor = seconds(3) } = parts
  const { journalLagMax = defaultLimits.journalLagMax } = parts
  const journal = openJournal(parts)
  const recovery = openRecovery({ ...parts, journal, journalLagMax })
  const newTicker = (saleId: SaleId) => openRoomTicker({ ...parts, journal, recovery }, saleId)
  const running: Running = { ...parts, tickEvery, leaseFor, journal, recovery, newTicker, ...newState() }
  const loop = openLoop({ name: "scheduler", every: tickEvery, work: () => tick(running), log })
  // The next Redis may be another one, or an older one.
  const onClose = () => running.tickers.forEach((ticker) => ticker.lose())
  redis.on("close", onClose)

  return {
    tick: loop.tick,
    isLeader: () => running.isLeading,
    start: loop.start,
    stop: async () => {
      await Promise.race([Promise.all([loop.stop(), running.journaling]), Bun.sleep(stopMax)])
      redis.off("close", onClose)
      await giveUpLease(running)
    },
  }
}

/** By which time another node moves the rooms; undefined while none does. */
export const lookupLeaderTime = async (redis: Redis, nodeId: string): Promise<number | undefined> => {
  const [holder, clock] = await redis.mget(leaseKeys.holder, leaseKeys.clock)
  return holder == null || holder === nodeId || clock == null ? undefined : Number(clock)
}

const newState = (): State => ({
  epoch: 0,
  floor: 0,
  isLeading: false,
  ticksUntilListing: 0,
  tickers: new Map(),
  draining: new Set(),
  journaling: undefined,
})

const tick = async (running: Running) => {
  try {
    if (!running.time.isTrusted()) return await stepDown(running)
    running.isLeading = await takeLease(running)
    if (!running.isLeading) return running.tickers.clear()
    await listRooms(running)
  } catch (error) {
    running.isLeading = false
    if (!isAway(error)) throw error
    return
  }
  // A slow room is left behind; the others go on.
  const ticked = [...running.tickers].map(([saleId, ticker]) => tickRoom(running, saleId, ticker))
  await Promise.race([Promise.all(ticked), Bun.sleep(tickMax)])
  running.journaling ??= journalAll(running).finally(() => (running.journaling = undefined))
}

const takeLease = async (running: Running): Promise<boolean> => {
  const { redis, nodeId, clock, leaseFor, floor, log } = running
  const taken = await lease(redis, leaseKeys, { node_id: nodeId, lease_ms: leaseFor, floor, now_ms: clock() })
  if (taken.state !== "acquired" && taken.state !== "held") return false
  if (taken.state === "acquired" || taken.epoch !== running.epoch) {
    // The last leader may have been away for long: the rooms' clocks are set to the wall.
    for (const ticker of running.tickers.values()) ticker.resync()
    running.ticksUntilListing = 0
    log.info({ node_id: nodeId, epoch: taken.epoch }, "this node leads the scheduler")
  }
  running.epoch = taken.epoch
  return true
}

/** Another node may lead at once. */
const stepDown = async (running: Running) => {
  running.tickers.clear()
  await giveUpLease(running)
}

const giveUpLease = async (running: Running) => {
  if (!running.isLeading) return
  running.isLeading = false
  try {
    await lease(running.redis, leaseKeys, { node_id: running.nodeId, lease_ms: 0, floor: 0, now_ms: 0 })
  } catch (error) {
    if (!isAway(error)) running.log.error({ error }, "the scheduler's lease is kept until it ends")
  }
}

/** From Redis, and at times from Postgres, because a lost Redis has none. */
const listRooms = async (running: Running) => {
  for (const saleId of await running.redis.smembers(roomsKey)) addTicker(running, saleId as SaleId)
  if (running.ticksUntilListing-- > 0) return
  running.ticksUntilListing = Math.ceil(seconds(5) / running.tickEvery)
  try {
    for (const saleId of await running.recovery.listRooms()) addTicker(running, saleId)
  } catch (error) {
    if (!isAway(error)) running.log.error({ error }, "the waiting rooms could not be listed")
  }
}

const addTicker = (running: Running, saleId: SaleId) => {
  if (!running.tickers.has(saleId)) running.tickers.set(saleId, running.newTicker(saleId))
}

const tickRoom = async (running: Running, saleId: SaleId, ticker: RoomTicker) => {
  const ticked = await ticker.tick(running.epoch)
  if (ticked.state === "fenced") running.floor = Math.max(running.floor, ticked.epoch)
  if (ticked.state === "gone") running.tickers.delete(saleId)
}

const journalAll = async (running: Running) => {
  for (const saleId of running.tickers.keys())
    if (!running.draining.has(saleId)) await Promise.race([journalRoom(running, saleId), Bun.sleep(tickMax)])
}

const journalRoom = async ({ journal, draining, log }: Running, saleId: SaleId) => {
  draining.add(saleId)
  try {
    await journal.drain(saleId, { batchesMax: drainBatchesMax, batchMin: drainBatchMin })
  } catch (error) {
    if (!isAway(error)) log.error({ error, sale_id: saleId }, "the journal of a waiting room could not be copied")
  } finally {
    draining.delete(saleId)
  }
}

/** Less than the lease, so that a stalled room does not cost the lead. */
const tickMax = seconds(1)
const stopMax = seconds(5)
const drainBatchesMax = 64
const drainBatchMin = 2000
