import { rfc3339 } from "../../units.ts"
import type { Capacity, LivePoint, LiveTruth, Run, RunState, Threshold } from "../model/run.ts"
import { requestOf, runLength } from "../model/settings.ts"
import type { Verdict } from "../model/verdict.ts"

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
