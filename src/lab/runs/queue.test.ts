import { afterEach, beforeEach, expect, test } from "bun:test"
import { newId, type RunId } from "../../ids.ts"
import { silentLog } from "../../log.ts"
import type { Pool } from "../../stores/postgres.ts"
import { queuedRun } from "../../testing/lab/queued-run.ts"
import { applicationDatabase } from "../../testing/application.ts"
import { epochMs, later, seconds } from "../../units.ts"
import { openRunQueue } from "./queue.ts"
import type { FinalState, Run } from "../model/run.ts"
import { openRuns } from "./runs.ts"

let now = epochMs(Date.UTC(2026, 10, 21, 10))
let owner: Pool
let sql: Pool
let nodes: { queue: { close(): Promise<void> } }[]
beforeEach(async () => {
  ;({ owner, sql } = await applicationDatabase())
  nodes = []
})
afterEach(async () => {
  for (const node of nodes) await node.queue.close()
  await Promise.all([owner.end(), sql.end()])
})

/** A process with a lab whose runs end when the test says so, or when they are stopped. */
const openNode = (name: string) => {
  const runs = openRuns(sql, name)
  const queue = openRunQueue({ runs, clock: () => now, log: silentLog, announce: () => {} })
  const performed: RunId[] = []
  const ends = new Map<RunId, (state: FinalState) => void>()

  const take = async (): Promise<Run> => {
    now = later(now, seconds(1))
    const asked = queuedRun(now)
    queue.claim(asked.runId)
    const run = { ...asked, state: await runs.insert(asked, now) }
    const perform = async (run: Run, stop: AbortSignal) => {
      performed.push(run.runId)
      const { promise, resolve } = Promise.withResolvers<FinalState>()
      ends.set(run.runId, resolve)
      const stopNow = () => resolve("cancelled")
      if (stop.aborted) stopNow()
      stop.addEventListener("abort", stopNow)
      const ended = { ...run, state: await promise, endedAt: now }
      await runs.update(ended, now)
      return ended
    }
    queue.enter({ run, perform })
    return run
  }
  const node = { runs, queue, performed, take, end: (run: Run) => ends.get(run.runId)!("passed") }
  nodes.push(node)
  return node
}

test("those who wait are driven one after another, in the order they came", async () => {
  const { queue, take, end, performed } = openNode("here 1")
  const [first, second, third] = [await take(), await take(), await take()]
  expect(performed).toEqual([first.runId])
  await queue.tick()
  expect(performed).toEqual([first.runId])
  for (const run of [first, second, third]) {
    expect(queue.active()?.runId).toBe(run.runId)
    end(run)
    await queue.ended(run.runId)
    await queue.tick()
  }
  expect(performed).toEqual([first.runId, second.runId, third.runId])
  expect([queue.active(), queue.claimed(), queue.ended(third.runId)]).toEqual([undefined, [], undefined])
})

test("a run that waits at another process comes before a later one of ours", async () => {
  const [here, there] = [openNode("here 1"), openNode("there 2")]
  const [first, second, third] = [await here.take(), await there.take(), await here.take()]
  here.end(first)
  await here.queue.ended(first.runId)
  await here.queue.tick()
  expect([here.performed, there.performed]).toEqual([[first.runId], []])
  await there.queue.tick()
  expect(there.performed).toEqual([second.runId])
  there.end(second)
  await there.queue.ended(second.runId)
  await here.queue.tick()
  expect(here.performed).toEqual([first.runId, third.runId])
})

test("a process that fell silent loses its place to those who wait behind it", async () => {
  const [here, gone] = [openNode("here 1"), openRuns(sql, "elsewhere 3")]
  const first = await here.take()
  const lost: Run = { ...first, runId: newId<RunId>(now), createdAt: now }
  await gone.insert(lost, now)
  const second = await here.take()
  here.end(first)
  await here.queue.ended(first.runId)
  now = later(now, seconds(29))
  await here.queue.tick()
  expect(here.performed).toEqual([first.runId])
  now = later(now, seconds(2))
  await here.queue.tick()
  expect(here.performed).toEqual([first.runId, second.runId])
  expect(await gone.lookup(lost.runId)).toMatchObject({ state: "interrupted" })
})

test("what another process wants stopped is stopped, what it cancels is never driven", async () => {
  const { queue, take, performed, runs } = openNode("here 1")
  const [active, waiting] = [await take(), await take()]
  const there = openRuns(sql, "there 2")
  expect(await there.endWaiting(waiting.runId, "cancelled", now)).toBe(true)
  const ended = queue.ended(waiting.runId)!
  await queue.tick()
  expect(await ended).toMatchObject({ state: "cancelled", endedAt: now })
  await there.requestStop(active.runId, now)
  const stopped = queue.ended(active.runId)!
  await queue.tick()
  expect(await stopped).toMatchObject({ state: "cancelled" })
  expect(await runs.lookup(active.runId)).toMatchObject({ state: "cancelled" })
  expect([performed, queue.claimed()]).toEqual([[active.runId], []])
})

test("closing stops what is driven and interrupts what waits", async () => {
  const { queue, take, performed, runs } = openNode("here 1")
  const [active, waiting] = [await take(), await take()]
  const interrupted = queue.ended(waiting.runId)!
  await queue.close()
  expect(await runs.lookup(active.runId)).toMatchObject({ state: "cancelled" })
  expect(await runs.lookup(waiting.runId)).toMatchObject({ state: "interrupted" })
  expect(await interrupted).toMatchObject({
    state: "interrupted",
    failures: [expect.stringContaining("waited for its turn")],
  })
  expect(performed).toEqual([active.runId])
})

test("a table that is away for a while costs no run its turn", async () => {
  const { queue, take, end, performed } = openNode("here 1")
  const [first, second] = [await take(), await take()]
  await owner`alter table runs rename to gone`
  await queue.tick()
  await owner`alter table gone rename to runs`
  end(first)
  await queue.ended(first.runId)
  await queue.tick()
  expect(performed).toEqual([first.runId, second.runId])
})
