import { trustedId, type RunId, type SaleId } from "../../ids.ts"
import type { Pool } from "../../stores/postgres.ts"
import type { EpochMs } from "../../units.ts"
import { boundOf } from "../model/threshold.ts"
import { storedSecond } from "../model/stored-second.ts"
import type { Run, RunState } from "../model/run.ts"
import type { Verdict } from "../model/verdict.ts"

/** JSON columns are text, because the driver renames keys inside jsonb. */
export type RunRow = {
  id: string
  state: RunState
  settings: string
  saleId: string
  trafficVersion: string
  k6Version: string
  verdict: Verdict | null
  failures: string
  checks: string
  metrics: string
  series: string
  limitedBy: string | null
  starred: boolean
  scriptHash: string | null
  machine: string | null
  preset: string | null
  segment: string | null
  capacity: string | null
  thresholds: string
  createdAt: EpochMs
  startedAt: EpochMs | null
  endedAt: EpochMs | null
}

export const runColumns = (sql: Pool) => sql`
  id, state, settings::text as settings, sale_id, traffic_version, k6_version, verdict, failures::text as failures,
  checks::text as checks, metrics::text as metrics, limited_by, starred, script_hash, machine, preset,
  segment::text as segment, capacity::text as capacity, thresholds::text as thresholds, created_at, started_at, ended_at`

export const runOf = (row: RunRow): Run => {
  const settings = JSON.parse(row.settings) as Run["settings"]
  const thresholds = (JSON.parse(row.thresholds) as NonNullable<Run["thresholds"]>).map(boundOf)
  return {
    runId: trustedId<RunId>(row.id),
    scenario: settings.scenario,
    state: row.state,
    settings,
    saleId: trustedId<SaleId>(row.saleId),
    trafficVersion: row.trafficVersion,
    k6Version: row.k6Version,
    ...(row.verdict === null ? {} : { verdict: row.verdict }),
    failures: JSON.parse(row.failures) as Run["failures"],
    checks: JSON.parse(row.checks) as Run["checks"],
    metrics: JSON.parse(row.metrics) as Run["metrics"],
    live: (JSON.parse(row.series) as Run["live"]).map(storedSecond),
    ...(row.limitedBy === null ? {} : { limitedBy: row.limitedBy }),
    ...(row.starred ? { starred: true } : {}),
    ...(row.scriptHash === null ? {} : { scriptHash: row.scriptHash }),
    ...(row.machine === null ? {} : { machine: row.machine }),
    ...(row.preset === null ? {} : { preset: row.preset }),
    ...(row.segment === null ? {} : { segment: JSON.parse(row.segment) as NonNullable<Run["segment"]> }),
    ...(row.capacity === null ? {} : { capacity: JSON.parse(row.capacity) as NonNullable<Run["capacity"]> }),
    ...(thresholds.length === 0 ? {} : { thresholds }),
    createdAt: row.createdAt,
    ...(row.startedAt === null ? {} : { startedAt: row.startedAt }),
    ...(row.endedAt === null ? {} : { endedAt: row.endedAt }),
  }
}
