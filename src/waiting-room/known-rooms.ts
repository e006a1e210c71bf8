import { LRUCache } from "lru-cache"
import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Metrics } from "../metrics.ts"
import type { Redis } from "../stores/redis.ts"
import type { Load } from "./batch.ts"
import type { Limits } from "./limits.ts"
import type { Positions } from "./positions.ts"
import type { Recovery } from "./recovery.ts"
import type { Room } from "./room.ts"

export type RoomsParts = {
  redis: Redis
  clock: Clock
  log: Log
  recovery: Recovery
  positions: Positions
  limits: Limits
  metrics?: Pick<Metrics, "counter">
}

export type KnownRooms = RoomsParts & {
  readonly bySale: Map<SaleId, Room>
  readonly loading: Map<SaleId, Promise<Room | undefined>>
  /** Sales that do not exist, for a second. */
  readonly unknown: LRUCache<SaleId, true>
  readonly load: Load
  runId: string | undefined
}

export const newKnownRooms = (parts: RoomsParts): KnownRooms => ({
  ...parts,
  bySale: new Map(),
  loading: new Map(),
  unknown: new LRUCache<SaleId, true>({ max: 10_000, ttl: 1000 }),
  load: { items: 0 },
  runId: undefined,
})
