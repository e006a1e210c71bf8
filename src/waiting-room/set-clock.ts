import type { TimeCheck } from "../agreed-clock.ts"
import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Redis } from "../stores/redis.ts"
import { millis, seconds, type Millis } from "../units.ts"
import { keysOf, roomsKey } from "./keys.ts"
import { leadMax } from "./limits.ts"
import { resync } from "./scripts.ts"

type Parts = { redis: Redis; clock: Clock; time: Pick<TimeCheck, "postgresTime"> }

/** `by` is what calls and admissions were moved by: below zero the room was ahead. */
export type SetClock = { state: "set"; by: Millis } | { state: "right" } | { state: "absent" }

/** Sets the clock of a room right, while a scheduler moves it or none does. Again is the same as once. */
export const setClock = async ({ redis, clock, time }: Parts, saleId: SaleId): Promise<SetClock> => {
  const keys = keysOf(saleId)
  const generation = await redis.hget(keys.state, "generation")
  if (generation === null) return { state: "absent" }
  const bounds = { postgres_ms: time.postgresTime() ?? 0, lead_ms: leadMax, agreement_ms: aheadMax, sets_back: 1 }
  const set = await resync(redis, keys, { generation, epoch: byHand, now_ms: clock(), ...bounds })
  if (set.state !== "resynced") return { state: "absent" }
  return set.shiftMs === 0 ? { state: "right" } : { state: "set", by: millis(set.shiftMs) }
}

export const listRoomsInRedis = async (redis: Redis) => (await redis.smembers(roomsKey)).toSorted() as SaleId[]

/** resync.lua fences nobody with it. */
const byHand = 0
/** What round trips and the last tick may explain. */
const aheadMax = seconds(1)
