import type { RunId, SaleId } from "../ids.ts"
import { rfc3339, type EpochMs } from "../units.ts"
import type { Check } from "./check.ts"
import { requestOf, runLength, type RunSettings } from "./run-settings.ts"
import type { Verdict } from "./verdict.ts"

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
}

/** One second of a run, k6 and the server on one clock. Shares are 0..1. */
export type LivePoint = {
  at: EpochMs
  people: number
  requestsPerSecond: number
  failedShare: number
  p95Ms?: number
  p99Ms?: number
  stolenShare?: number
  k6Share?: number
  server?: LiveTruth
}

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
    live: newest === undefined ? null : pointBody(newest),
  }
}

export const pointBody = ({
  at,
  people,
  requestsPerSecond,
  failedShare,
  p95Ms,
  p99Ms,
  stolenShare,
  k6Share,
  server,
}: LivePoint) => ({
  at: rfc3339(at),
  people,
  requests_per_second: requestsPerSecond,
  failed_rate: failedShare,
  p95_ms: p95Ms ?? null,
  p99_ms: p99Ms ?? null,
  stolen_rate: stolenShare ?? null,
  k6_cpu_rate: k6Share ?? null,
  ...(server === undefined
    ? {}
    : {
        waiting: server.waiting,
        now_serving: server.nowServing,
        shoppers: server.shoppers,
        seats_available: server.available,
        seats_held: server.held,
        seats_sold: server.sold,
      }),
})
