import type { RunId, SaleId } from "../../ids.ts"
import { rfc3339, type EpochMs } from "../../units.ts"
import type { Check } from "./check.ts"
import { requestOf, runLength, type RunSettings } from "../scenarios/run-settings.ts"
import type { Verdict } from "../verdict/verdict.ts"

export const finalStates = ["passed", "failed", "inconclusive", "cancelled", "interrupted", "error"] as const
export type FinalState = (typeof finalStates)[number]
export type RunState = "queued" | "preparing" | "armed" | "running" | "auditing" | FinalState

export const isFinal = (state: RunState): state is FinalState => (finalStates as readonly string[]).includes(state)

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

export type Run = {
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
}

/** A run as it goes over the wire. */
export type RunBody = {
  run_id: string
  sale_id: string
  scenario: string
  status: RunState
  passed: boolean | null
  verdict: Verdict | null
  failures: string[]
  checks: { name: string; passed: boolean; judged: boolean; expected: string; seen: string; counter_example?: string }[]
  metrics: Record<string, number>
  settings: Record<string, unknown>
  seed: number
  traffic_version: string
  k6_version: string
  created_at: string
  started_at: string | null
  ended_at: string | null
  length_ms: number
  limited_by: string | null
  starred: boolean
  script_hash: string | null
  machine: string | null
  preset: string | null
  segment: { index: number; of: number } | null
  capacity: { per_second: number; cause: string; why: string } | null
  thresholds: Threshold[]
  live: Record<string, unknown> | null
}

export const runBody = (run: Run): RunBody => {
  const newest = run.live.at(-1)
  return {
    run_id: run.runId,
    sale_id: run.saleId,
    scenario: run.scenario,
    status: run.state,
    passed: run.verdict === undefined ? null : run.verdict === "PASS",
    verdict: run.verdict ?? null,
    failures: run.failures,
    checks: run.checks.map(({ counterExample, ...check }) => ({
      ...check,
      ...(counterExample === undefined ? {} : { counter_example: counterExample }),
    })),
    metrics: run.metrics,
    settings: requestOf(run.settings),
    seed: run.settings.seed,
    traffic_version: run.trafficVersion,
    k6_version: run.k6Version,
    created_at: rfc3339(run.createdAt),
    started_at: run.startedAt === undefined ? null : rfc3339(run.startedAt),
    ended_at: run.endedAt === undefined ? null : rfc3339(run.endedAt),
    length_ms: runLength(run.settings),
    limited_by: run.limitedBy ?? null,
    starred: run.starred ?? false,
    script_hash: run.scriptHash ?? null,
    machine: run.machine ?? null,
    preset: run.preset ?? null,
    segment: run.segment ?? null,
    capacity: run.capacity === undefined ? null : capacityBody(run.capacity),
    thresholds: run.thresholds ?? [],
    live: newest === undefined ? null : pointBody(newest),
  }
}

const capacityBody = ({ perSecond, cause, why }: Capacity) => ({ per_second: perSecond, cause, why })

export const pointBody = (point: LivePoint) => ({
  at: rfc3339(point.at),
  people: point.people,
  requests_per_second: point.requestsPerSecond,
  failed_rate: point.failedShare,
  p50_ms: point.p50Ms ?? null,
  p95_ms: point.p95Ms ?? null,
  p99_ms: point.p99Ms ?? null,
  stolen_rate: point.stolenShare ?? null,
  k6_cpu_rate: point.k6Share ?? null,
  ...(point.server === undefined ? {} : truthBody(point.server)),
  cpu: cpuBody(point),
  memory: point.memory === undefined ? null : memoryBody(point.memory),
  postgres_connections: point.postgresConnections ?? null,
  steps: Object.fromEntries(
    Object.entries(point.steps ?? {}).map(([step, { perSecond, p95Ms, p99Ms }]) => [
      step,
      { per_second: perSecond ?? null, p95_ms: p95Ms ?? null, p99_ms: p99Ms ?? null },
    ]),
  ),
})

const truthBody = (server: LiveTruth) => ({
  waiting: server.waiting,
  now_serving: server.nowServing,
  shoppers: server.shoppers,
  seats_available: server.available,
  seats_held: server.held,
  seats_sold: server.sold,
  admissions: server.admissions ?? null,
  admissions_per_second: server.admissionsPerSecond ?? null,
  holds: server.holds ?? null,
  orders: server.orders ?? null,
  loop_lag_ms: server.loopLagMs ?? null,
  fsync_ms: server.fsyncMs ?? null,
})

/** What is known of it; null when nothing is. */
const cpuBody = ({ cpu, serverShare, k6Share }: LivePoint): Partial<NonNullable<LivePoint["cpu"]>> | null => {
  const known = {
    ...(serverShare === undefined ? {} : { server: serverShare }),
    ...(k6Share === undefined ? {} : { k6: k6Share }),
    ...cpu,
  }
  return Object.keys(known).length === 0 ? null : known
}

const memoryBody = (memory: NonNullable<LivePoint["memory"]>) => ({
  server_mb: memory.serverMb ?? null,
  redis_mb: memory.redisMb ?? null,
  redis_used_mb: memory.redisUsedMb ?? null,
  postgres_mb: memory.postgresMb ?? null,
  k6_mb: memory.k6Mb ?? null,
})
