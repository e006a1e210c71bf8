import type { EpochMs } from "../units.ts"

/** The highest that this process has told anybody, and when it looked last: a copy that knows less is stale. */
export type HighWater = { joined: number; nowServing: number; at?: EpochMs }

/** What became of a look at the copy in Redis. */
export type Verified =
  | { state: "verified"; generation: number }
  /** Another process is at it, or Redis holds something that moves. */
  | { state: "recovering" }
  | { state: "collected" }
  | { state: "unknown_sale" }
