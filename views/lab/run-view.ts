import type { Run, RunState } from "../../src/lab/model/run.ts"
import type { Charts } from "../../src/lab/report/charts.ts"

export type RunView = Run & {
  charts: Charts
  command: string
  /** The number in the queue of a run that waits; 1 is next. */
  place?: number
}

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
