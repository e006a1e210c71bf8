import type { EpochMs } from "../units.ts"

/** High-water marks of what this process has answered: a copy that knows less is stale. */
export type HighWater = { joined: number; nowServing: number; at?: EpochMs }

export type Verified =
  | { state: "verified"; generation: number }
  | { state: "recovering" }
  | { state: "collected" }
  | { state: "unknown_sale" }
