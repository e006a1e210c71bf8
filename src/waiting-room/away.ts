import { isFault } from "../fault.ts"
import { isStoreAway } from "../stores/postgres.ts"
import { isRedisAway } from "../stores/redis.ts"

/** A store does not answer, another process holds the row for too long, or nobody agrees on the time: try again later. */
export const isAway = (error: unknown) => isRedisAway(error) || isStoreAway(error) || isFault(error, "clock_off")

/** @throws anything but a store that is away. */
export const recoveringWhenAway = (error: unknown): "recovering" => {
  if (isAway(error)) return "recovering"
  throw error
}
