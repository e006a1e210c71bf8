import { afterEach, beforeEach, expect, test } from "bun:test"
import { newId, type RunId } from "../../ids.ts"
import { isRefusal, type Pool } from "../../stores/postgres.ts"
import { queuedRun } from "../../testing/lab/queued-run.ts"
import { applicationDatabase } from "../../testing/application.ts"
import { epochMs, later, seconds } from "../../units.ts"
import { passes } from "../model/check.ts"
import type { Run } from "../model/run.ts"
import { openRuns } from "./runs.ts"

const now = epochMs(Date.UTC(2026, 10, 21, 10))
let sql: Pool
beforeEach(async () => {
  sql = (await applicationDatabase()).sql
})
afterEach(() => sql.end())

const freshRun = (madeAt = now): Run => ({ ...queuedRun(madeAt), state: "preparing" })

const ended = (run: Run): Run => ({
  ...run,
  state: "passed",
  verdict: "PASS",
  checks: [passes("I1 seats sold once", "once", "3 tickets")],
  metrics: { http_req_duration_p99_ms: 12.5 },
  limitedBy: "the generator: k6 used 85 % of the machine",
  scriptHash: "ab".repeat(32),
  machine: "2 x Intel Xeon 2.50GHz, 24 GB",
  preset: "smoke",
  segment: { index: 2, of: 3 },
  capacity: { perSecond: 310, cause: "server_cpu", why: "the server had no more of its core" },
  thresholds: [{ metric: "http_req_duration", tags: { step: "join" }, stat: "p99", sign: "<", limit: 500 }],
  live: [{ at: now, people: 3, requestsPerSecond: 9, failedRate: 0 }],
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

test("one run has the machine and three wait, on any node; constraints refuse a fifth", async () => {
  const here = openRuns(sql, "here 1")
  const there = openRuns(sql, "there 2")
  const taken = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? here : there).insert(freshRun(), now)),
  )
  const states = taken.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []))
  expect(states.toSorted()).toEqual(["preparing", "queued", "queued", "queued"])
  for (const each of taken)
    if (each.status === "rejected")
      expect(each.reason).toMatchObject({ code: "loadtest_busy", status: 429, headers: { "retry-after": "10" } })
  expect(
    await sql`
      insert into runs (id, scenario, state, settings, seed, node, traffic_version, created_at, seen_at)
      values ('x', 'x', 'queued', '{}', 1, 'n', '1', now(), now())`.catch(constraintOf),
  ).toBe("runs_waiting_has_place")
  for (const place of [2, 4])
    expect(
      await sql`
        insert into runs (id, scenario, state, place, settings, seed, node, traffic_version, created_at, seen_at)
        values ('x', 'x', 'queued', ${place}, '{}', 1, 'n', '1', now(), now())`.catch(constraintOf),
    ).toBe(place === 4 ? "runs_three_places" : "runs_one_for_each_place")
})

test("those who wait get the machine in the order they came, and only when it is free", async () => {
  const runs = openRuns(sql)
  const [first, second, third, late] = [0, 1, 2, 3].map((index) => freshRun(later(now, seconds(index)))) as Four
  for (const run of [first, second, third]) await runs.insert(run, now)
  expect(await runs.advance(second.runId, now)).toBe(false)
  await runs.update(ended(first), now)
  expect(await runs.advance(third.runId, now)).toBe(false)
  expect(await runs.insert(late, now)).toBe("queued")
  expect(await runs.advance(second.runId, now)).toBe(true)
  expect(await runs.advance(second.runId, now)).toBe(false)
  expect(await runs.lookup(second.runId)).toMatchObject({ state: "preparing" })
  expect(await runs.endWaiting(third.runId, "cancelled", now)).toBe(true)
  expect(await runs.endWaiting(second.runId, "cancelled", now)).toBe(false)
  expect(await runs.lookup(third.runId)).toMatchObject({ state: "cancelled", endedAt: now, failures: [] })
})

test("a run is seen when its sale has a name, and is gone when it gets none", async () => {
  const runs = openRuns(sql)
  const { saleId, ...run } = freshRun()
  await runs.insert(run, now)
  expect([await runs.lookup(run.runId), await runs.list(10)]).toEqual([undefined, []])
  await runs.name(run.runId, saleId)
  await runs.withdraw(run.runId)
  expect(await runs.lookup(run.runId)).toMatchObject({ saleId })
  const { saleId: _, ...unlucky } = freshRun()
  await runs.insert(unlucky, now)
  await runs.withdraw(unlucky.runId)
  expect([...(await runs.beat([run.runId, unlucky.runId], now)).keys()]).toEqual([run.runId])
})

test("a process learns with its sign of life what others want stopped", async () => {
  const runs = openRuns(sql, "here 1")
  const [mine, over] = [freshRun(), freshRun()]
  await runs.insert(over, now)
  await runs.update(ended(over), now)
  await runs.insert(mine, now)
  await openRuns(sql, "there 2").requestStop(mine.runId, now)
  const seen = await runs.beat([mine.runId, over.runId], later(now, seconds(40)))
  expect([...seen.keys()]).toEqual([mine.runId])
  expect(seen.get(mine.runId)).toMatchObject({ isStopWanted: true })
  expect(await openRuns(sql, "there 2").interruptOrphans(later(now, seconds(60)))).toBe(0)
})

test("a scenario has one star, which moves, and only a run with a verdict can have it", async () => {
  const runs = openRuns(sql)
  const [first, second, open] = [freshRun(), freshRun(), freshRun()]
  for (const run of [first, second]) {
    await runs.insert(run, now)
    await runs.update(ended(run), now)
  }
  await runs.insert(open, now)
  await runs.star(first.runId, true)
  await Promise.all([runs.star(second.runId, true), runs.star(second.runId, true)])
  expect(await runs.starred()).toEqual([second.runId])
  expect(await runs.lookup(second.runId)).toEqual({ ...ended(second), starred: true })
  await expect(runs.star(open.runId, true)).rejects.toMatchObject({ code: "run_state", status: 409 })
  expect(await runs.starred()).toEqual([second.runId])
  expect(await sql`update runs set starred = true where id = ${first.runId}`.catch(constraintOf)).toBe(
    "runs_one_star_for_each_scenario",
  )
  expect([await runs.forget(second.runId), await runs.forget(open.runId)]).toEqual([false, false])
  await runs.star(second.runId, false)
  expect([await runs.starred(), await runs.forget(second.runId), await runs.lookup(second.runId)]).toEqual([
    [],
    true,
    undefined,
  ])
})

test("runs are found by what they were and how they ended, a page at a time", async () => {
  const runs = openRuns(sql)
  const all = [0, 1, 2, 3].map((index) => freshRun(later(now, seconds(index)))) as Four
  const [oldest, storm, failed, newest] = all
  for (const run of [oldest, { ...storm, scenario: "refresh_storm" }, failed]) {
    await runs.insert(run, now)
    const end = ended(run)
    await runs.update(
      run === failed ? { ...end, state: "failed", verdict: "FAIL", preset: "rush" } : { ...end, scenario: "x" },
      now,
    )
  }
  await runs.insert(newest, now)
  const found = async (...asked: Parameters<typeof runs.list>) => (await runs.list(...asked)).map((each) => each.runId)
  expect(await found(10)).toEqual(all.map((each) => each.runId).reverse())
  expect(await found(10, { scenario: "refresh_storm" })).toEqual([storm.runId])
  expect(await found(10, { verdict: "PASS" })).toEqual([storm.runId, oldest.runId])
  expect(await found(10, { state: "preparing" })).toEqual([newest.runId])
  expect(await found(10, { preset: "rush", verdict: "FAIL" })).toEqual([failed.runId])
  expect(await found(10, { preset: "rush", verdict: "PASS" })).toEqual([])
  expect(await found(2)).toEqual([newest.runId, failed.runId])
  expect(await found(2, { before: failed.runId })).toEqual([storm.runId, oldest.runId])
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
  const [active, waiting] = [freshRun(), freshRun()]
  const here = openRuns(sql)
  for (const each of [active, waiting]) await here.insert(each, now)
  expect(await here.interruptOrphans(now, [active.runId, waiting.runId])).toBe(0)
  expect(await here.interruptOrphans(now)).toBe(2)
  expect(await here.lookup(waiting.runId)).toMatchObject({
    state: "interrupted",
    failures: ["The server stopped while the run waited for its turn"],
  })
})

type Four = [Run, Run, Run, Run]
const constraintOf = (error: unknown) => isRefusal(error) && error.constraint_name
