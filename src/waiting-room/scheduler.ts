import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { millis, seconds, type Millis } from "../units.ts"
import { openCaretaker, type CaretakerParts } from "./caretaker.ts"
import { openJournal } from "./journal.ts"
import { leaseKeys, roomsKey } from "./keys.ts"
import { defaultLimits } from "./limits.ts"
import { openRecovery } from "./recovery.ts"
import { isAway } from "./rooms.ts"
import { lease } from "./scripts.ts"
import type { RoomSettings } from "./settings.ts"
import type { Stock } from "./stocks.ts"

export type { Stock } from "./stocks.ts"

export type SchedulerParts = {
  redis: Redis
  sql: Pool
  clock: Clock
  log: Log
  nodeId: string
  stockOf: (saleId: SaleId) => Promise<Stock>
  settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined>
  tickEvery?: Millis
  leaseFor?: Millis
  journalLagMax?: number
  /** How long a closed room stays in Redis. */
  retention?: Millis
}

export type Scheduler = { start(): void; stop(): Promise<void>; tick(): Promise<void>; isLeader(): boolean }

/**
 * One node at a time holds the lease and moves every room: it ends what is over and calls whoever may come. The fencing epoch that
 * came with the lease goes with every tick, so that a node which was frozen past its lease moves nothing.
 */
export const openScheduler = (parts: SchedulerParts): Scheduler => {
  const { redis, sql, clock, log, nodeId, settingsOf } = parts
  const { tickEvery = millis(200), leaseFor = seconds(3), journalLagMax = defaultLimits.journalLagMax } = parts
  const journal = openJournal({ redis, sql, log })
  const recovery = openRecovery({ redis, sql, clock, log, journal, settingsOf, journalLagMax })
  const caretakers = new Map<SaleId, ReturnType<typeof openCaretaker>>()
  const draining = new Set<SaleId>()
  let epoch = 0
  let floor = 0
  let leading = false
  let listedFor = 0
  let journaling: Promise<void> | undefined

  const caretakerOf = (saleId: SaleId) => {
    const known = caretakers.get(saleId)
    if (known) return known
    const caretaker = openCaretaker({ ...parts, journal, recovery } satisfies CaretakerParts, saleId)
    caretakers.set(saleId, caretaker)
    return caretaker
  }

  const takeLease = async (): Promise<boolean> => {
    const taken = await lease(redis, leaseKeys, { node_id: nodeId, lease_ms: leaseFor, floor })
    if (taken.state !== "acquired" && taken.state !== "held") return false
    if (taken.state === "acquired" || taken.epoch !== epoch) {
      // Whoever led before may have been away for long: every room's clock is set anew.
      for (const caretaker of caretakers.values()) caretaker.resync()
      listedFor = 0
      log.info({ node_id: nodeId, epoch: taken.epoch }, "this node leads the scheduler")
    }
    epoch = taken.epoch
    return true
  }

  /** Redis names the rooms; now and then Postgres does, because a lost Redis names none. */
  const listRooms = async () => {
    for (const saleId of await redis.smembers(roomsKey)) caretakerOf(saleId as SaleId)
    if (listedFor-- > 0) return
    listedFor = Math.ceil(seconds(5) / tickEvery)
    const listed = await recovery.listRooms().catch(() => [])
    for (const saleId of listed) caretakerOf(saleId)
  }

  const tickRoom = async (saleId: SaleId, caretaker: ReturnType<typeof openCaretaker>) => {
    const ticked = await caretaker.tick(epoch)
    if (ticked.state === "fenced") floor = Math.max(floor, ticked.epoch)
    if (ticked.state === "gone") caretakers.delete(saleId)
  }

  const tickAll = async () => {
    try {
      leading = await takeLease()
      if (!leading) return caretakers.clear()
      await listRooms()
    } catch (error) {
      leading = false
      if (!isAway(error)) throw error
      return
    }
    // A room that takes long is left behind and told nothing new until it is done; the others go on.
    await Promise.race([
      Promise.all([...caretakers].map(([saleId, caretaker]) => tickRoom(saleId, caretaker))),
      Bun.sleep(tickMax),
    ])
    journaling ??= journalAll().finally(() => (journaling = undefined))
  }

  const journalRoom = async (saleId: SaleId) => {
    draining.add(saleId)
    try {
      await journal.drain(saleId, { batchesMax: drainBatchesMax, batchMin: drainBatchMin })
    } catch (error) {
      if (!isAway(error)) log.error({ sale_id: saleId, error }, "the journal of a waiting room could not be copied")
    } finally {
      draining.delete(saleId)
    }
  }

  /** One room after the other, on one connection; one that takes long is left behind as well. */
  const journalAll = async () => {
    for (const saleId of caretakers.keys())
      if (!draining.has(saleId)) await Promise.race([journalRoom(saleId), Bun.sleep(tickMax)])
  }

  const loop = openLoop({ name: "scheduler", every: tickEvery, work: tickAll, log })

  // What comes back after this may be another Redis, or an older one.
  const gone = () => caretakers.forEach((caretaker) => caretaker.lose())
  redis.on("close", gone)

  return {
    tick: loop.tick,
    isLeader: () => leading,
    start: loop.start,
    async stop() {
      await Promise.race([Promise.all([loop.stop(), journaling]), Bun.sleep(stopMax)])
      redis.off("close", gone)
      if (leading) await lease(redis, leaseKeys, { node_id: nodeId, lease_ms: 0, floor: 0 }).catch(() => {})
      leading = false
    },
  }
}

/** What one tick of all rooms may take: less than the lease, so that a stalled room costs nobody the lead. */
const tickMax = seconds(1)
const stopMax = seconds(5)
/** Batches of one room before the journal turns to the next. */
const drainBatchesMax = 64
const drainBatchMin = 2000
