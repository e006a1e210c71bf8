import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import type { Millis } from "../units.ts"
import type { Journal } from "./journal/journal.ts"
import { keysOf, roomsKey } from "./keys.ts"

type Parts = { redis: Redis; sql: Pool; clock: Clock; log: Log; journal: Journal }

/** Deletes a room from Redis that has been closed for `retention`, once Postgres has all of it. True when it did. */
export const evictClosed = async (parts: Parts, saleId: SaleId, retention: Millis): Promise<boolean> => {
  const { redis, sql, clock, log, journal } = parts
  const keys = keysOf(saleId)
  const [closedMs, clockMs] = await redis.hmget(keys.state, "closed_ms", "clock_ms")
  if (closedMs == null || Number(clockMs) < Number(closedMs) + retention) return false
  if (!(await journal.drain(saleId)) || (await redis.xlen(keys.journal)) > 0) return false
  await sql`update queue_rooms set collected_at = ${clock()} where sale_id = ${saleId}`
  await evict(redis, saleId)
  log.info({ sale_id: saleId }, "a closed waiting room was taken out of Redis; its journal stays")
  return true
}

export const evict = async (redis: Redis, saleId: SaleId): Promise<void> => {
  await redis.unlink(Object.values(keysOf(saleId)))
  await redis.srem(roomsKey, saleId)
}
