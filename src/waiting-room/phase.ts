import type { EpochMs } from "../units.ts"

export type Phase = "scheduled" | "queueing" | "open" | "paused" | "sold_out" | "closed"

type Times = { queueOpensAt: EpochMs; opensAt: EpochMs; endsAt: EpochMs; paused: boolean; closed: boolean }

/** The same order of questions as in join.lua. */
export const phaseOf = (times: Times, { now, soldOut }: { now: EpochMs; soldOut: boolean }): Phase => {
  if (times.closed || now >= times.endsAt) return "closed"
  if (now < times.queueOpensAt) return "scheduled"
  if (now < times.opensAt) return "queueing"
  if (soldOut) return "sold_out"
  return times.paused ? "paused" : "open"
}
