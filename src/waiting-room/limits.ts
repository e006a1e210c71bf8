import { millis, seconds, type Millis } from "../units.ts"

/** Everything bounded in a waiting room, in one place. */
export type Limits = {
  /** Positions given and not yet in Postgres; above it joins answer busy. It is how long joins outlive Postgres. */
  journalLagMax: number
  /** Joins in one script call. */
  batchMax: number
  /** Joins waiting in this process, in all rooms together. */
  pendingMax: number
  /** Positions remembered in this process, in all rooms together. */
  positionsMax: number
  /** Live admissions and missed turns remembered in this process, per room. */
  turnsMax: number
  /** How long a join waits for a room that recovers before it answers so. */
  joinWait: Millis
  /** How often Redis is asked again about a live admission, so that a finish on another node is seen. */
  admissionFresh: Millis
  /** How often Redis is asked again for whoever missed the turn. */
  missedFresh: Millis
  /** Finishes that wait for Redis to come back. */
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

/** How far a process may be ahead of a room's clock before it is taken for a step of the wall clock. */
export const leadMax: Millis = seconds(5)
