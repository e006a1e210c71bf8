import type { Charts } from "../../src/lab/report/charts.ts"
import type { Second } from "../../src/lab/model/figures.ts"

/** What the pages know of a run; times are milliseconds since 1970. */
export type RunState =
  | "queued"
  | "preparing"
  | "armed"
  | "running"
  | "auditing"
  | "passed"
  | "failed"
  | "inconclusive"
  | "cancelled"
  | "interrupted"
  | "error"

export type CheckView = {
  name: string
  passed: boolean
  judged: boolean
  expected: string
  seen: string
  counterExample?: string
}

export type RunView = {
  runId: string
  scenario: string
  state: RunState
  verdict?: "PASS" | "FAIL" | "INCONCLUSIVE"
  failures: string[]
  checks: CheckView[]
  metrics: Record<string, number>
  /** What kept the run from going faster. */
  limitedBy?: string
  points: Second[]
  charts: Charts
  people: number
  seats: number
  admitPerMinute: number
  lengthMs: number
  /** Where the arrivals end and where people begin to leave, from the start. */
  steadyMs: { from: number; to: number }
  command: string
  k6Version: string
  trafficVersion: string
  createdAt: number
  startedAt?: number
  endedAt?: number
  /** The baseline of its scenario. */
  starred?: boolean
  preset?: string
  /** The number in the queue of a run that waits; 1 is next. */
  place?: number
}

export const isOver = (state: RunState) => !["queued", "preparing", "armed", "running", "auditing"].includes(state)

/** What the server says of itself and of the sale in view. */
export type FiguresView = {
  waiting: number
  nowServing: number
  joined: number
  shoppers: number
  admissionsPerSecond: number
  available: number
  sold: number
  total: number
  requestsPerSecond: number
  p50Ms?: number
  p95Ms?: number
  p99Ms?: number
  errorPct: number
  /** Answers that refuse by rule. */
  refusedPerSecond?: number
  loopLagMs: number
  phase: string
}

export type ServerView = {
  ready: boolean
  away: string[]
  version: string
  k6: { ready: true; version: string } | { ready: false; why: string }
}

/** Where a run is, in one word. */
export const stateWord: Record<RunState, string> = {
  queued: "Queued",
  preparing: "Preparing",
  armed: "Armed",
  running: "Running",
  auditing: "Auditing",
  passed: "PASS",
  failed: "FAIL",
  inconclusive: "INCONCLUSIVE",
  cancelled: "Stopped",
  interrupted: "Interrupted",
  error: "Broken",
}
