import type { RunId, SaleId } from "../../ids.ts"
import type { EpochMs } from "../../units.ts"
import type { Check } from "./check.ts"
import type { RunSettings } from "./settings.ts"
import type { Verdict } from "./verdict.ts"

export const finalStates = ["passed", "failed", "inconclusive", "cancelled", "interrupted", "error"] as const
export type FinalState = (typeof finalStates)[number]
export type RunState = "queued" | "preparing" | "armed" | "running" | "auditing" | FinalState

export const isFinal = (state: RunState): state is FinalState => (finalStates as readonly string[]).includes(state)

/** The state in which a run of that verdict ends. */
export const finalStateOf: Record<Verdict, FinalState> = {
  PASS: "passed",
  FAIL: "failed",
  INCONCLUSIVE: "inconclusive",
}

/** The server's own figures at one moment. */
export type LiveTruth = {
  waiting: number
  nowServing: number
  shoppers: number
  available: number
  held: number
  sold: number
  /** Where it is not the run's first sale. */
  saleId?: SaleId
  /** Admissions given so far. */
  admissions?: number
  /** When the server looked at the sale last. */
  seenAt?: EpochMs
  admissionsPerSecond?: number
  /** Holds taken and orders paid so far, also those of people who have left. */
  holds?: number
  orders?: number
  /** The longest that the event loop kept anybody waiting in that second. */
  loopLagMs?: number
  /** The longest fsync of the queue's Redis in that second in whole ms, 0 when each took less than one. */
  fsyncMs?: number
}

/** One second of a run, k6 and the server on one clock. Shares are 0..1. What the system does not tell is absent. */
export type LivePoint = {
  at: EpochMs
  people: number
  requestsPerSecond: number
  failedShare: number
  p50Ms?: number
  p95Ms?: number
  p99Ms?: number
  /** Requests and answer times by step. */
  steps?: Record<string, StepPoint>
  stolenShare?: number
  k6Share?: number
  server?: LiveTruth
  /** All processes of traffic. */
  serverShare?: number
  /** Shares of the whole machine: all processes of traffic, both Redis, all of Postgres, k6. Absent when a store runs elsewhere. */
  cpu?: { server: number; redis: number; postgres: number; k6: number }
  /** The one process of the server or a store that used most of a core, 1 being all of it. */
  busiest?: { name: "server" | "redis" | "postgres"; core: number }
  /** Resident, in MiB; memory that processes of Postgres share is counted once. `redisUsedMb` is what both Redis allocated. */
  memory?: { serverMb?: number; redisMb?: number; postgresMb?: number; k6Mb?: number; redisUsedMb?: number }
  /** Of all clients of that Postgres. */
  postgresConnections?: number
}

export type StepPoint = { perSecond?: number; p95Ms?: number; p99Ms?: number }

/** The answer of a search for capacity: how many per second, and what gave way. */
export type Capacity = { perSecond: number; cause: string; why: string }

export type Threshold = { metric: string; step?: string; stat: string; limit: number; unit: "ms" | "share" | "count" }

/** Only who drives a run writes it, see play/driver.ts; everybody else is given it as it stands. */
export type Run = Readonly<{
  runId: RunId
  scenario: string
  state: RunState
  settings: RunSettings
  saleId: SaleId
  trafficVersion: string
  k6Version: string
  verdict?: Verdict
  /** Why it did not pass, in sentences. */
  failures: string[]
  checks: Check[]
  metrics: Record<string, number>
  live: LivePoint[]
  /** What limited the run, in plain language. */
  limitedBy?: string
  /** The baseline that later runs of its scenario are held against. */
  starred?: boolean
  /** SHA-256 in hex of the script that k6 ran; runs are comparable only when it is equal. */
  scriptHash?: string
  /** Such as "2 x Intel Xeon 2.50GHz, 24 GB". */
  machine?: string
  preset?: string
  /** The share of a larger test; 1 is the first. */
  segment?: { index: number; of: number }
  capacity?: Capacity
  /** The lines drawn into charts. */
  thresholds?: Threshold[]
  createdAt: EpochMs
  /** When everybody was released. */
  startedAt?: EpochMs
  endedAt?: EpochMs
}>
