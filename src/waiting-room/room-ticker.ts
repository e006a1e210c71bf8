import type { TimeCheck } from "../agreed-clock.ts"
import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Metrics } from "../metrics.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { agreementMax } from "../tellers.ts"
import { minutes, seconds, type Millis } from "../units.ts"
import { isAway } from "./away.ts"
import { evict, evictClosed } from "./eviction.ts"
import { checkJournal } from "./journal/check.ts"
import type { Journal } from "./journal/journal.ts"
import { keysOf } from "./keys.ts"
import { leadMax } from "./limits.ts"
import { openReconciliation } from "./reconciliation.ts"
import type { Recovery } from "./recovery.ts"
import * as scripts from "./scripts.ts"
import type { RoomSettings } from "./settings.ts"
import { openStock, type Stock } from "./stocks.ts"
import type { HighWater } from "./verified.ts"

export type TickerParts = {
  redis: Redis
  sql: Pool
  clock: Clock
  time: TimeCheck
  log: Log
  journal: Journal
  recovery: Recovery
  stockOf: (saleId: SaleId) => Promise<Stock>
  settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined>
  /** While nobody can pay the room stands still: nobody is called, and what ends has the time back afterwards. */
  canPay?: () => boolean
  retention?: Millis
  /** With stores on this very machine all clocks are one, and nothing but a person knows which time is right. */
  setsBack?: boolean
  /** A room went too fast and was set back: what others noted by its clock has to follow. Repeated until it succeeds. */
  onSetBack?: (saleId: SaleId) => Promise<unknown>
  metrics?: Pick<Metrics, "counter">
}

export type RoomTick =
  { state: "ticked"; called: number } | { state: "idle" } | { state: "fenced"; epoch: number } | { state: "gone" }

type Ticker = TickerParts & {
  saleId: SaleId
  stock: ReturnType<typeof openStock>
  reconciliation: ReturnType<typeof openReconciliation>
  generation: number | undefined
  resyncDue: boolean
  setBackDue: boolean
  isTicking: boolean
  skipped: number
  restUntil: number
  reconcileDue: number
  reconciling: Promise<void> | undefined
  checkDue: number
  checking: Promise<void> | undefined
  evictDue: number
  highWater: HighWater
}
export type RoomTicker = ReturnType<typeof openRoomTicker>

/** What the leader does for one room: verify, admit, reconcile settings, evict. Ticks of one room never overlap. */
export const openRoomTicker = (parts: TickerParts, saleId: SaleId) => {
  const ticker: Ticker = {
    ...parts,
    saleId,
    stock: openStock(saleId, parts),
    reconciliation: openReconciliation(parts, saleId),
    generation: undefined,
    resyncDue: true,
    setBackDue: false,
    isTicking: false,
    skipped: 0,
    restUntil: 0,
    reconcileDue: 0,
    reconciling: undefined,
    checkDue: 0,
    checking: undefined,
    evictDue: 0,
    highWater: { joined: 0, nowServing: 0 },
  }
  return {
    tick: (epoch: number) => tick(ticker, epoch),
    lose: () => void (ticker.generation = undefined),
    resync: () => void (ticker.resyncDue = true),
  }
}

const tick = async (ticker: Ticker, epoch: number): Promise<RoomTick> => {
  if (ticker.clock() < ticker.restUntil) return { state: "idle" }
  if (ticker.isTicking) {
    ticker.skipped++
    return { state: "idle" }
  }
  // The room's clock missed this time.
  if (ticker.skipped > skippedMax) ticker.resyncDue = true
  ticker.skipped = 0
  ticker.isTicking = true
  try {
    return await work(ticker, epoch)
  } catch (error) {
    ticker.resyncDue = true
    if (!isAway(error)) ticker.log.error({ error, sale_id: ticker.saleId }, "a waiting room could not be moved")
    return { state: "idle" }
  } finally {
    ticker.isTicking = false
  }
}

const work = async (ticker: Ticker, epoch: number): Promise<RoomTick> => {
  if (ticker.generation === undefined) {
    const verified = await verify(ticker)
    if (ticker.generation === undefined) return verified
  }
  if (ticker.canPay?.() === false) {
    ticker.resyncDue = true
    return { state: "idle" }
  }
  const ticked = await admit(ticker, epoch)
  if (ticked.state !== "ticked") return ticked
  const now = ticker.clock()
  if (now >= ticker.reconcileDue) {
    ticker.reconcileDue = now + reconcileEvery
    // Not awaited: nobody's turn waits for Postgres.
    ticker.reconciling ??= reconcile(ticker).finally(() => (ticker.reconciling = undefined))
  }
  if (now >= ticker.checkDue) {
    ticker.checkDue = now + checkEvery
    ticker.checking ??= check(ticker).finally(() => (ticker.checking = undefined))
  }
  if (now >= ticker.evictDue) {
    ticker.evictDue = now + evictEvery
    if (await evictClosed(ticker, ticker.saleId, ticker.retention ?? retentionDefault)) return { state: "gone" }
  }
  return ticked
}

const verify = async (ticker: Ticker): Promise<RoomTick> => {
  const verified = await ticker.recovery.verify(ticker.saleId, ticker.highWater)
  if (verified.state === "verified") {
    ticker.generation = verified.generation
    ticker.resyncDue = true
  }
  // A room that is over, or of another database, is not asked for at each tick.
  if (verified.state === "collected" || verified.state === "unknown_sale") ticker.restUntil = ticker.clock() + restFor
  if (verified.state !== "collected") return { state: "idle" }
  // The process that closed it may have ended before it reached Redis.
  await evict(ticker.redis, ticker.saleId)
  return { state: "gone" }
}

const admit = async (ticker: Ticker, epoch: number): Promise<RoomTick> => {
  const { redis, clock, saleId, generation } = ticker
  if (generation === undefined) return { state: "idle" }
  const keys = keysOf(saleId)
  const now = clock()
  if (ticker.resyncDue) {
    const resynced = await resync(ticker, generation, epoch)
    if (resynced.state === "fenced") return resynced
    if (resynced.state === "recovering") return lost(ticker)
    ticker.resyncDue = false
  }
  const left = (await ticker.stock.lookup()) ?? stockUnknown
  const args = { generation, epoch, now_ms: clock(), lead_ms: leadMax, limit: callsMax, ...left }
  const ticked = await scripts.admit(redis, keys, args)
  if (ticked.state === "fenced") return ticked
  if (ticked.state === "recovering") return lost(ticker)
  ticker.highWater = { joined: ticked.joined, nowServing: ticked.nowServing, at: now }
  return { state: "ticked", called: ticked.called }
}

const resync = async (ticker: Ticker, generation: number, epoch: number) => {
  const { redis, clock, time, saleId, setsBack = true, log } = ticker
  const now = clock()
  const bounds = {
    postgres_ms: time.postgresTime() ?? 0,
    lead_ms: leadMax,
    agreement_ms: agreementMax,
    sets_back: Number(setsBack),
  }
  const resynced = await scripts.resync(redis, keysOf(saleId), { generation, epoch, now_ms: now, ...bounds })
  if (resynced.state !== "resynced") return resynced
  if (resynced.aheadMs > 0)
    log.error(
      { sale_id: saleId, offset_ms: resynced.aheadMs },
      "the clock of a waiting room is ahead of every other clock: if the time of day is right here, traffic set-clock sets it right",
    )
  if (resynced.shiftMs >= 0) return resynced
  ticker.setBackDue = true
  log.warn(
    { sale_id: saleId, offset_ms: -resynced.shiftMs },
    "the clock of a waiting room was ahead of every other clock, and was set back; everybody keeps their place and their time",
  )
  return resynced
}

const lost = (ticker: Ticker): RoomTick => {
  ticker.generation = undefined
  return { state: "idle" }
}

const reconcile = async (ticker: Ticker) => {
  const { generation, reconciliation, saleId, log } = ticker
  if (generation === undefined) return
  try {
    if (ticker.setBackDue) await ticker.onSetBack?.(saleId)
    ticker.setBackDue = false
    await reconciliation.reconcile(generation)
  } catch (error) {
    if (!isAway(error)) log.error({ error, sale_id: saleId }, "the settings of a waiting room could not be compared")
  }
}

const check = async (ticker: Ticker) => {
  const { generation, saleId, log } = ticker
  if (generation === undefined) return
  try {
    const { state } = await checkJournal(ticker, saleId, generation)
    if (state === "foreign" && ticker.generation === generation) ticker.generation = undefined
  } catch (error) {
    if (!isAway(error)) log.error({ error, sale_id: saleId }, "the journal of a waiting room could not be compared")
  }
}

/** admit.lua calls nobody with it. */
const stockUnknown: Stock = { total: -1, available: 0, held: 0, sold: 0 }
const callsMax = 2000
/** Skipped ticks after which the clock of the room is behind. */
const skippedMax = 15
const restFor = seconds(5)
const reconcileEvery = seconds(1)
const checkEvery = minutes(1)
const evictEvery = seconds(10)
const retentionDefault = minutes(24 * 60)
