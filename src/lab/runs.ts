import { hostname } from "node:os"
import { Fault } from "../fault.ts"
import { trustedId, type RunId, type SaleId } from "../ids.ts"
import { isRefusal, type Pool } from "../stores/postgres.ts"
import { epochMs, seconds, type EpochMs } from "../units.ts"
import type { Run, RunState } from "./run.ts"
import type { Verdict } from "./verdict.ts"

type Row = {
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
  createdAt: Date
  startedAt: Date | null
  endedAt: Date | null
}

/** A process that has not been heard of for so long no longer drives its run. */
const silence = seconds(30)

/** The table of runs. JSON is read as text, for the driver renames keys inside jsonb. */
export const openRuns = (sql: Pool, node = `${hostname()} ${process.pid}`) => ({
  /** @throws Fault loadtest_busy when another run is under way, on any node. */
  insert: async (run: Run, now: EpochMs): Promise<void> => {
    try {
      await sql`
        insert into runs (id, scenario, state, settings, seed, sale_id, node, traffic_version, k6_version, created_at, seen_at)
        values (${run.runId}, ${run.scenario}, ${run.state}, ${JSON.stringify(run.settings)}::text::jsonb, ${run.settings.seed},
          ${run.saleId}, ${node}, ${run.trafficVersion}, ${run.k6Version}, ${new Date(run.createdAt)}, ${new Date(now)})`
    } catch (error) {
      if (isRefusal(error) && error.constraint_name === "runs_one_at_a_time") throw busy()
      throw error
    }
  },

  /** A run that has ended is not changed any more. */
  update: async (run: Run, now: EpochMs): Promise<void> => {
    await sql`
      update runs set
        state = ${run.state},
        verdict = ${run.verdict ?? null},
        failures = ${JSON.stringify(run.failures)}::text::jsonb,
        checks = ${JSON.stringify(run.checks)}::text::jsonb,
        metrics = ${JSON.stringify(run.metrics)}::text::jsonb,
        series = ${JSON.stringify(run.live)}::text::jsonb,
        started_at = ${run.startedAt === undefined ? null : new Date(run.startedAt)},
        ended_at = ${run.endedAt === undefined ? null : new Date(run.endedAt)},
        seen_at = ${new Date(now)}
      where id = ${run.runId} and ended_at is null`
  },

  lookup: async (runId: RunId): Promise<Run | undefined> => {
    const [row] = await sql<Row[]>`select ${columns(sql)}, series::text as series from runs where id = ${runId} limit 1`
    return row && runOf(row)
  },

  /** Newest first, without their series. */
  list: async (limit: number): Promise<Run[]> => {
    const rows = await sql<
      Row[]
    >`select ${columns(sql)}, '[]' as series from runs order by created_at desc, id desc limit ${limit}`
    return rows.map(runOf)
  },

  /** Closes the runs that an earlier process of this machine, or one that fell silent, left behind. */
  interruptOrphans: async (now: EpochMs): Promise<number> => {
    const open = await sql<{ id: string; node: string; seenAt: Date }[]>`
      select id, node, seen_at from runs where ended_at is null order by created_at limit 1000`
    const orphans = open
      .filter((each) => now - each.seenAt.getTime() > silence || isGone(each.node))
      .map((each) => each.id)
    if (orphans.length === 0) return 0
    await sql`
      update runs set state = 'interrupted', ended_at = ${new Date(now)}, failures = '["The server stopped while the run was under way"]'
      where id = any(${orphans}) and ended_at is null`
    return orphans.length
  },
})

export const busy = () =>
  new Fault("loadtest_busy", "Two runs on one machine would measure each other: wait for the other one or stop it", {
    headers: { "retry-after": "10" },
  })

const columns = (sql: Pool) => sql`
  id, state, settings::text as settings, sale_id, traffic_version, k6_version, verdict, failures::text as failures,
  checks::text as checks, metrics::text as metrics, created_at, started_at, ended_at`

const runOf = (row: Row): Run => {
  const settings = JSON.parse(row.settings) as Run["settings"]
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
    live: JSON.parse(row.series) as Run["live"],
    createdAt: epochMs(row.createdAt.getTime()),
    ...(row.startedAt === null ? {} : { startedAt: epochMs(row.startedAt.getTime()) }),
    ...(row.endedAt === null ? {} : { endedAt: epochMs(row.endedAt.getTime()) }),
  }
}

/** A process of this machine that no longer runs; one with our own number was there before us. */
const isGone = (node: string) => {
  const [host, pid] = node.split(" ")
  if (host !== hostname()) return false
  if (Number(pid) === process.pid) return true
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH"
  }
}
