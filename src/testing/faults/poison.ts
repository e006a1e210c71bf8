import type { SaleId } from "../../ids.ts"
import type { Redis } from "../../stores/redis.ts"
import { keysOf } from "../../waiting-room/keys.ts"

/** As a build before ADR 21 left a room that a node had led whose clock was `by` ahead: all that ends in it has moved along. */
export const poisonRoom = async (redis: Redis, saleId: SaleId, by: number) => {
  const { state, calls, shoppers, journal } = keysOf(saleId)
  const clock = await redis.hincrby(state, "clock_ms", by)
  for (const key of [calls, shoppers])
    for (const member of await redis.zrange(key, "0", "-1")) await redis.zincrby(key, by, member)
  await redis.xadd(journal, "*", "kind", "shift", "at", clock, "by", by)
}
