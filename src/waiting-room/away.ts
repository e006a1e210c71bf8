import { isStoreAway } from "../stores/postgres.ts"
import { isRedisAway } from "../stores/redis.ts"

/** A store does not answer, or another process has the room's row for longer than one may wait: try again later. */
export const isAway = (error: unknown) => isRedisAway(error) || isStoreAway(error)

/** What a failed call answers while a store is away. @throws anything else. */
export const recoveringWhenAway = (error: unknown): "recovering" => {
  if (isAway(error)) return "recovering"
  throw error
}
