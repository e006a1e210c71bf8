import { millis, seconds, type Millis } from "../units.ts"

export type Limits = {
  /** Positions not yet in Postgres; above it joins answer busy. It is how long joins outlive Postgres. */
  journalLagMax: number
  batchMax: number
  /** Joins waiting in this process, in all rooms together. */
  pendingMax: number
  positionsMax: number
  /** Live admissions and missed turns remembered in this process, per room. */
  turnsMax: number
  joinWait: Millis
  /** How soon a finish on another node is seen. */
  admissionFresh: Millis
  missedFresh: Millis
  finishesMax: number
  refreshEvery: Millis
}

export const defaultLimits: Limits = {
  journalLagMax: 20_000,
  batchMax: 256,
  pendingMax: 20_000,
  positionsMax: 1_000_000,
  turnsMax: 20_000,
  joinWait: seconds(1),
  admissionFresh: seconds(2),
  missedFresh: millis(500),
  finishesMax: 10_000,
  refreshEvery: millis(200),
}

/** After a rebuild only places that were told before are taken, and nobody is called: every process puts back what it has told. */
export const settleFor: Millis = seconds(2)

/** A process that is further ahead of a room's clock has seen a step of the wall clock. */
export const leadMax: Millis = seconds(5)
