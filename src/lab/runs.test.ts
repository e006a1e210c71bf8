import { afterEach, beforeEach, expect, test } from "bun:test"
import { migrations } from "../../sql/migrations.ts"
import { newId, type RunId, type SaleId } from "../ids.ts"
import { migrate } from "../stores/migrate.ts"
import type { Pool } from "../stores/postgres.ts"
import { stores } from "../testing/stores.ts"
import { epochMs, later, seconds } from "../units.ts"
import { passes } from "./check.ts"
import type { Run } from "./run.ts"
import { defaultLimits, parseRunSettings } from "./run-settings.ts"
import { openRuns } from "./runs.ts"

const now = epochMs(Date.UTC(2026, 10, 21, 10))
let sql: Pool
beforeEach(async () => {
  sql = (await (await stores()).freshDatabase()).sql
  await migrate(sql, migrations)
})
afterEach(() => sql.end())

const freshRun = (): Run => ({
  runId: newId<RunId>(now),
  scenario: "launch_spike",
  state: "preparing",
  settings: parseRunSettings({ scenario: "launch_spike" }, defaultLimits, 7),
  saleId: newId<SaleId>(now),
  trafficVersion: "1",
  k6Version: "2.2.0",
  failures: [],
  checks: [],
  metrics: {},
  live: [],
  createdAt: now,
})

const ended = (run: Run): Run => ({
  ...run,
  state: "passed",
  verdict: "PASS",
  checks: [passes("I1", "once", "3 tickets")],
  metrics: { http_req_duration_p99_ms: 12.5 },
  live: [{ at: now, people: 3, requestsPerSecond: 9, failedShare: 0 }],
  startedAt: now,
  endedAt: later(now, seconds(50)),
})

test("a run is read back as it was written, names inside its JSON included", async () => {
  const runs = openRuns(sql)
  const run = freshRun()
  await runs.insert(run, now)
  expect(await runs.lookup(run.runId)).toEqual(run)
  await runs.update(ended(run), now)
  expect(await runs.lookup(run.runId)).toEqual(ended(run))
  expect(await runs.list(10)).toEqual([{ ...ended(run), live: [] }])
  expect(await runs.lookup(newId<RunId>(now))).toBeUndefined()
})

test("a run that has ended is not changed any more", async () => {
  const runs = openRuns(sql)
  const run = freshRun()
  await runs.insert(run, now)
  await runs.update(ended(run), now)
  await runs.update({ ...ended(run), state: "failed", verdict: "FAIL" }, now)
  expect(await runs.lookup(run.runId)).toMatchObject({ state: "passed", verdict: "PASS" })
})

test("a second run is refused while one is under way, on any node", async () => {
  const run = freshRun()
  await openRuns(sql, "here 1").insert(run, now)
  await expect(openRuns(sql, "there 2").insert(freshRun(), now)).rejects.toMatchObject({
    code: "loadtest_busy",
    status: 429,
  })
  await openRuns(sql).update(ended(run), now)
  await openRuns(sql, "there 2").insert(freshRun(), now)
})

test("runs of a process that is gone or silent are interrupted, those of one that is alive are not", async () => {
  const elsewhere = openRuns(sql, "elsewhere 5")
  const run = freshRun()
  await elsewhere.insert(run, now)
  expect(await elsewhere.interruptOrphans(later(now, seconds(29)))).toBe(0)
  expect(await elsewhere.interruptOrphans(later(now, seconds(31)))).toBe(1)
  expect(await elsewhere.lookup(run.runId)).toMatchObject({
    state: "interrupted",
    failures: ["The server stopped while the run was under way"],
  })
  await openRuns(sql).insert(freshRun(), now)
  expect(await openRuns(sql).interruptOrphans(now)).toBe(1)
})
