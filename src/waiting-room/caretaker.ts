import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { minutes, seconds, type Millis } from "../units.ts"
import type { Journal } from "./journal.ts"
import { keysOf, roomsKey } from "./keys.ts"
import { leadMax } from "./limits.ts"
import type { Recovery, Seen } from "./recovery.ts"
import { isAway } from "./rooms.ts"
import * as scripts from "./scripts.ts"
import { fieldsOf, type RoomSettings } from "./settings.ts"
import { openStock, type Stock } from "./stocks.ts"

export type CaretakerParts = {
  redis: Redis
  sql: Pool
  clock: Clock
  log: Log
  journal: Journal
  recovery: Recovery
  stockOf: (saleId: SaleId) => Promise<Stock>
  settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined>
  retention?: Millis
}

export type RoomTick =
  { state: "ticked"; called: number } | { state: "idle" } | { state: "fenced"; epoch: number } | { state: "gone" }

/** What the leading scheduler does for one room, tick by tick. A tick that is still under way is not begun again. */
export const openCaretaker = (parts: CaretakerParts, saleId: SaleId) => {
  const { redis, sql, clock, log, journal, recovery, settingsOf, retention = minutes(24 * 60) } = parts
  const keys = keysOf(saleId)
  const stock = openStock(saleId, parts)
  let generation: number | undefined
  let resyncDue = true
  let underWay = false
  let restUntil = 0
  let skipped = 0
  let compareDue = 0
  let comparing = false
  let collectDue = 0
  let differed = ""
  let seen: Seen = { joined: 0, nowServing: 0 }

  const verify = async (): Promise<RoomTick> => {
    const verified = await recovery.verify(saleId, seen)
    if (verified.state === "collected" || verified.state === "unknown_sale") {
      // A room of another database, or one that is over: not to be asked for at each tick.
      restUntil = clock() + restFor
      if (verified.state === "unknown_sale") return { state: "idle" }
      // Whoever gave the room up may have ended before Redis heard of it.
      await forget()
      return { state: "gone" }
    }
    if (verified.state === "verified") {
      generation = verified.generation
      resyncDue = true
    }
    return { state: "idle" }
  }

  const admit = async (epoch: number): Promise<RoomTick> => {
    if (generation === undefined) return { state: "idle" }
    const now = clock()
    if (resyncDue) {
      const resynced = await scripts.resync(redis, keys, { generation, epoch, now_ms: now, lead_ms: leadMax })
      if (resynced.state === "fenced") return resynced
      if (resynced.state === "recovering") return lost()
      resyncDue = false
    }
    const left = (await stock.lookup()) ?? { total: -1, available: 0, held: 0, sold: 0 }
    const args = { generation, epoch, now_ms: clock(), lead_ms: leadMax, limit: callsMax, ...left }
    const ticked = await scripts.admit(redis, keys, args)
    if (ticked.state === "fenced") return ticked
    if (ticked.state === "recovering") return lost()
    seen = { joined: ticked.joined, nowServing: ticked.nowServing, at: now }
    return { state: "ticked", called: ticked.called }
  }

  const lost = (): RoomTick => {
    generation = undefined
    return { state: "idle" }
  }

  /** What an organiser has changed while Redis was away. A difference must be seen twice: a change may be on its way. */
  const compare = async () => {
    const fields = await redis.hgetall(keys.state)
    const settings = await settingsOf(saleId)
    if (generation === undefined || !settings || fields.generation !== String(generation)) return
    const wanted = fieldsOf(settings)
    const different: (string | number)[] = []
    for (let index = 0; index < wanted.length; index += 2)
      if (fields[wanted[index]!] !== String(wanted[index + 1])) different.push(wanted[index]!, wanted[index + 1]!)
    const found = JSON.stringify(different)
    if (different.length > 0 && found === differed) await scripts.change(redis, keys, { generation }, different)
    differed = found
  }

  const compareQuietly = async () => {
    if (comparing) return
    comparing = true
    await compare().catch(() => {})
    comparing = false
  }

  /** Takes a room out of Redis that has been closed for long, once Postgres has all of it. */
  const collect = async (): Promise<boolean> => {
    const [closedMs, clockMs] = await redis.hmget(keys.state, "closed_ms", "clock_ms")
    if (closedMs == null || Number(clockMs) < Number(closedMs) + retention) return false
    if (!(await journal.drain(saleId)) || (await redis.xlen(keys.journal)) > 0) return false
    await sql`update queue_rooms set collected_at = ${new Date(clock())} where sale_id = ${saleId}`
    await forget()
    log.info({ sale_id: saleId }, "a closed waiting room was taken out of Redis; its journal stays")
    return true
  }

  const forget = async () => {
    await redis.unlink(Object.values(keys))
    await redis.srem(roomsKey, saleId)
  }

  const work = async (epoch: number): Promise<RoomTick> => {
    if (generation === undefined) {
      const verified = await verify()
      if (generation === undefined) return verified
    }
    const ticked = await admit(epoch)
    if (ticked.state === "ticked" && clock() >= compareDue) {
      compareDue = clock() + compareEvery
      void compareQuietly()
    }
    if (ticked.state === "ticked" && clock() >= collectDue) {
      collectDue = clock() + collectEvery
      if (await collect()) return { state: "gone" }
    }
    return ticked
  }

  return {
    async tick(epoch: number): Promise<RoomTick> {
      if (clock() < restUntil) return { state: "idle" }
      if (underWay) {
        skipped++
        return { state: "idle" }
      }
      // Time has passed that the room did not see.
      if (skipped > skippedMax) resyncDue = true
      skipped = 0
      underWay = true
      try {
        return await work(epoch)
      } catch (error) {
        resyncDue = true
        if (!isAway(error)) log.error({ sale_id: saleId, error }, "a waiting room could not be moved")
        return { state: "idle" }
      } finally {
        underWay = false
      }
    },
    /** Before the next tick the room is verified again. */
    lose: lost,
    /** Before the next tick the room's clock is set to the wall. */
    resync: () => {
      resyncDue = true
    },
  }
}

/** What one tick of one room ends or calls at most. */
const callsMax = 2000
/** Ticks left out in a row after which the clock of the room is behind. */
const skippedMax = 15
const restFor = seconds(5)
const compareEvery = seconds(1)
const collectEvery = seconds(10)
