import { hostname } from "node:os"
import { Fault } from "../../fault.ts"
import { trustedId, type RunId, type SaleId } from "../../ids.ts"
import { isRefusal, transaction, type Pool } from "../../stores/postgres.ts"
import { seconds, type EpochMs } from "../../units.ts"
import type { Run, RunState } from "../model/run.ts"
import { runColumns, runOf, type RunRow } from "./row.ts"
import type { Verdict } from "../model/verdict.ts"

export type RunFilter = {
  scenario?: string
  verdict?: Verdict
  state?: RunState
  preset?: string
  before?: RunId
}

/** A run as it is inserted, possibly before its sale exists. */
export type NewRun = Omit<Run, "saleId"> & { saleId?: SaleId }

/** A process without a heartbeat for this long counts as gone. */
const silence = seconds(30)

const places = [1, 2, 3]

export type Runs = ReturnType<typeof openRuns>

/** Readers see a run only once its sale has an id. */
export const openRuns = (sql: Pool, node = `${hostname()} ${process.pid}`) => ({
  /**
   * Takes the machine when it is free and nobody waits, otherwise one of the three waiting places. Constraints keep
   * two nodes from taking the same one. Answers the state of the run.
   * @throws Fault loadtest_busy
   */
  insert: (run: NewRun, now: EpochMs) => insert(sql, node, run, now),
  name: (runId: RunId, saleId: SaleId) => name(sql, runId, saleId),
  withdraw: (runId: RunId) => withdraw(sql, runId),
  /** Starts the run that has waited longest; false when that is another one or the machine is taken. */
  advance: (runId: RunId, now: EpochMs) => advance(sql, runId, now),
  /** A run that has ended is never changed. */
  update: (run: Run, now: EpochMs) => update(sql, run, now),
  /** Heartbeat. Answers which of the runs are not over, and which of those are to be stopped. */
  beat: (ids: RunId[], now: EpochMs) => beat(sql, ids, now),
  requestStop: (runId: RunId, now: EpochMs) => requestStop(sql, runId, now),
  endWaiting: (runId: RunId, state: "cancelled" | "interrupted", now: EpochMs) => endWaiting(sql, runId, state, now),
  /**
   * A scenario has one star at most, so it moves here from another run.
   * @throws Fault run_state when the run has no verdict.
   */
  star: (runId: RunId, starred: boolean) => star(sql, runId, starred),
  forget: (runId: RunId) => forget(sql, runId),
  lookup: (runId: RunId) => lookup(sql, runId),
  list: (limit: number, filter: RunFilter = {}) => list(sql, limit, filter),
  starred: () => starred(sql),
  /** Closes runs left by an earlier process of this machine or by a silent one, never `ours`. */
  interruptOrphans: (now: EpochMs, ours: RunId[] = []) => interruptOrphans(sql, now, ours),
})

const insert = async (sql: Pool, node: string, run: NewRun, now: EpochMs): Promise<"preparing" | "queued"> => {
  for (const place of [null, ...places]) {
    const state = place === null ? "preparing" : "queued"
    const { count } = await sql`
      insert into runs (
        id, scenario, state, place, settings, seed, sale_id, node, traffic_version, k6_version,
        script_hash, machine, preset, segment, created_at, seen_at
      )
      select
        ${run.runId}, ${run.scenario}, ${state}, ${place}::smallint, ${jsonOf(run.settings)}::text::jsonb,
        ${run.settings.seed}::bigint, ${run.saleId ?? null}, ${node}, ${run.trafficVersion}, ${run.k6Version},
        ${run.scriptHash ?? null}, ${run.machine ?? null}, ${run.preset ?? null},
        ${jsonOf(run.segment)}::text::jsonb, ${run.createdAt}::timestamptz, ${now}::timestamptz
      where ${place !== null}::boolean or not exists (select from runs where state = 'queued')
      on conflict do nothing`
    if (count === 1) return state
  }
  throw busy()
}

const name = async (sql: Pool, runId: RunId, saleId: SaleId): Promise<void> => {
  await sql`update runs set sale_id = ${saleId} where id = ${runId}`
}

const withdraw = async (sql: Pool, runId: RunId): Promise<void> => {
  await sql`delete from runs where id = ${runId} and sale_id is null`
}

const advance = async (sql: Pool, runId: RunId, now: EpochMs): Promise<boolean> => {
  try {
    const { count } = await sql`
      update runs set state = 'preparing', seen_at = ${now}
      where id = ${runId} and state = 'queued'
        and id = (select id from runs where state = 'queued' order by created_at, id limit 1)`
    return count === 1
  } catch (error) {
    if (isRefusal(error) && error.constraint_name === "runs_one_at_a_time") return false
    throw error
  }
}

const update = async (sql: Pool, run: Run, now: EpochMs): Promise<void> => {
  await sql`
    update runs set
      state = ${run.state},
      verdict = ${run.verdict ?? null},
      failures = ${jsonOf(run.failures)}::text::jsonb,
      checks = ${jsonOf(run.checks)}::text::jsonb,
      metrics = ${jsonOf(run.metrics)}::text::jsonb,
      series = ${jsonOf(run.live)}::text::jsonb,
      limited_by = ${run.limitedBy ?? null},
      script_hash = ${run.scriptHash ?? null},
      machine = ${run.machine ?? null},
      preset = ${run.preset ?? null},
      segment = ${jsonOf(run.segment)}::text::jsonb,
      capacity = ${jsonOf(run.capacity)}::text::jsonb,
      thresholds = ${jsonOf(run.thresholds ?? [])}::text::jsonb,
      started_at = ${run.startedAt ?? null},
      ended_at = ${run.endedAt ?? null},
      seen_at = ${now}
    where id = ${run.runId} and ended_at is null`
}

const beat = async (sql: Pool, ids: RunId[], now: EpochMs): Promise<Map<RunId, { isStopWanted: boolean }>> => {
  const rows = await sql<{ id: RunId; isStopWanted: boolean }[]>`
    update runs set seen_at = ${now}
    where id = any(${ids}) and ended_at is null
    returning id, stop_requested_at is not null as is_stop_wanted`
  return new Map(rows.map((each) => [each.id, each]))
}

const requestStop = async (sql: Pool, runId: RunId, now: EpochMs): Promise<void> => {
  await sql`update runs set stop_requested_at = ${now} where id = ${runId} and ended_at is null`
}

const endWaiting = async (
  sql: Pool,
  runId: RunId,
  state: "cancelled" | "interrupted",
  now: EpochMs,
): Promise<boolean> => {
  const failures = state === "interrupted" ? [stoppedWhileWaiting] : []
  const { count } = await sql`
    update runs set state = ${state}, ended_at = ${now}, failures = ${jsonOf(failures)}::text::jsonb
    where id = ${runId} and state = 'queued'`
  return count === 1
}

const star = async (sql: Pool, runId: RunId, starred: boolean): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(sql, async (tx) => {
        if (starred)
          await tx`
            update runs set starred = false
            where starred and id <> ${runId} and scenario = (select scenario from runs where id = ${runId})`
        await tx`update runs set starred = ${starred} where id = ${runId}`
      })
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (error.constraint_name === "runs_star_needs_verdict") throw notJudged()
      // Another run of the scenario was starred concurrently; the last one wins.
      if (error.constraint_name !== "runs_one_star_for_each_scenario" || attempt === 3) throw error
    }
  }
}

const forget = async (sql: Pool, runId: RunId): Promise<boolean> => {
  const { count } = await sql`delete from runs where id = ${runId} and ended_at is not null and not starred`
  return count === 1
}

const lookup = async (sql: Pool, runId: RunId): Promise<Run | undefined> => {
  const [row] = await sql<RunRow[]>`
    select ${runColumns(sql)}, series::text as series from runs where id = ${runId} and sale_id is not null limit 1`
  return row && runOf(row)
}

const list = async (
  sql: Pool,
  limit: number,
  { scenario, verdict, state, preset, before }: RunFilter = {},
): Promise<Run[]> => {
  const rows = await sql<RunRow[]>`
    select ${runColumns(sql)}, '[]' as series
    from runs
    where sale_id is not null
      ${scenario === undefined ? sql`` : sql`and scenario = ${scenario}`}
      ${verdict === undefined ? sql`` : sql`and verdict = ${verdict}`}
      ${state === undefined ? sql`` : sql`and state = ${state}`}
      ${preset === undefined ? sql`` : sql`and preset = ${preset}`}
      ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc
    limit ${limit}`
  return rows.map(runOf)
}

const starred = async (sql: Pool): Promise<RunId[]> => {
  const rows = await sql<{ id: string }[]>`select id from runs where starred limit 1000`
  return rows.map((each) => trustedId<RunId>(each.id))
}

const interruptOrphans = async (sql: Pool, now: EpochMs, ours: RunId[] = []): Promise<number> => {
  const open = await sql<{ id: RunId; node: string; seenAt: EpochMs }[]>`
    select id, node, seen_at from runs where ended_at is null order by created_at limit 1000`
  const orphans = open
    .filter((each) => !ours.includes(each.id))
    .filter((each) => now - each.seenAt > silence || isGone(each.node))
    .map((each) => each.id)
  if (orphans.length === 0) return 0
  await sql`
    update runs set
      failures = jsonb_build_array(case when state = 'queued' then ${stoppedWhileWaiting} else ${stoppedUnderWay} end),
      state = 'interrupted',
      ended_at = ${now}
    where id = any(${orphans}) and ended_at is null`
  return orphans.length
}

const stoppedUnderWay = "The server stopped while the run was under way"
export const stoppedWhileWaiting = "The server stopped while the run waited for its turn"

const busy = () =>
  new Fault(
    "loadtest_busy",
    `Runs on one machine would measure each other, and ${places.length} wait already: wait for one of them or stop it`,
    { headers: { "retry-after": "10" } },
  )

const notJudged = () =>
  new Fault("run_state", "Only a run that ended in a verdict can be a baseline: star another one, or run it again")

const jsonOf = (value: unknown) => (value === undefined ? null : JSON.stringify(value))

/** A process with our own number must be an earlier one, so it is gone too. */
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
