import type { SaleId } from "../ids.ts"

/** SET of every sale whose room is in Redis. */
export const roomsKey = "waiting-rooms"

export const leaseKeys = {
  holder: "scheduler:{lease}:holder", // STRING node, with a lifetime
  counter: "scheduler:{lease}:epoch", // STRING fencing epoch
  clock: "scheduler:{lease}:clock", // STRING time of the node that holds the lease, as of its last tick
}

/** The keys of one room. They share a slot, so that one script can touch them all in a Cluster. */
export const keysOf = (sale: SaleId) => ({
  state: `sale:{${sale}}:state`, // HASH settings, counters, clock, bucket, generation
  positions: `sale:{${sale}}:positions`, // HASH account -> position:joined_ms, and ":used" once its turn was used
  calls: `sale:{${sale}}:calls`, // ZSET position by the end of its call window
  shoppers: `sale:{${sale}}:shoppers`, // ZSET account by the end of its admission
  admissions: `sale:{${sale}}:admissions`, // HASH account -> admission:position:granted_ms, while it lives
  late: `sale:{${sale}}:late`, // ZSET account by priority: its position, or 2^40 + position for a second turn
  journal: `sale:{${sale}}:journal`, // STREAM of what Postgres does not have yet
})
export type RoomKeys = ReturnType<typeof keysOf>
