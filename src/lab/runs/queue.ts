import type { Clock } from "../../clock.ts"
import type { RunId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { openLoop, type Loop } from "../../loop.ts"
import { isStoreAway } from "../../stores/postgres.ts"
import { seconds } from "../../units.ts"
import { isFinal, type FinalState, type Run } from "../model/run.ts"
import { stoppedWhileWaiting, type Runs } from "./runs.ts"

export type Turn = { run: Run; perform: (run: Run, stop: AbortSignal) => Promise<Run> }

type Ours = Turn & {
  stopping: AbortController
  ended: Promise<Run>
  settle: (run: Run) => void
}

type QueueParts = { runs: Runs; clock: Clock; log: Log; announce: (run: Run) => void }

type Queue = QueueParts & {
  /** Runs that this process has inserted, even before their sale exists. */
  claimed: Set<RunId>
  ours: Map<RunId, Ours>
  active?: Ours
  isClosed: boolean
  loop: Loop
}

export type RunQueue = ReturnType<typeof openRunQueue>

/**
 * The runs of this process: one that it drives, at most three that wait. The table decides which run is next. Once a
 * second this process renews its heartbeat there and reads what others want stopped.
 */
export const openRunQueue = (parts: QueueParts) => {
  const loop = openLoop({
    name: "run queue",
    every: beatEvery,
    work: () => look(queue),
    log: parts.log,
    first: "pause",
    isAway: isStoreAway,
  })
  const queue: Queue = { ...parts, claimed: new Set(), ours: new Map(), isClosed: false, loop }
  return {
    claim: (runId: RunId) => claim(queue, runId),
    release: (runId: RunId) => release(queue, runId),
    enter: (turn: Turn) => enter(queue, turn),
    tick: loop.tick,
    know: (run: Run) => {
      const mine = queue.ours.get(run.runId)
      if (mine !== undefined) mine.run = run
    },
    claimed: () => [...queue.claimed],
    lookup: (runId: RunId): Run | undefined => queue.ours.get(runId)?.run,
    active: (): Run | undefined => queue.active?.run,
    ended: (runId: RunId): Promise<Run> | undefined => queue.ours.get(runId)?.ended,
    /** Undefined when the run belongs to another process. */
    stop: (runId: RunId): Promise<Run | undefined> => stop(queue, runId),
    isClosed: () => queue.isClosed,
    close: () => close(queue),
  }
}

const beatEvery = seconds(1)

const claim = (queue: Queue, runId: RunId) => {
  queue.claimed.add(runId)
  queue.loop.start()
}

const release = (queue: Queue, runId: RunId) => {
  queue.claimed.delete(runId)
  queue.ours.delete(runId)
  if (queue.claimed.size === 0) void queue.loop.stop()
}

const enter = (queue: Queue, turn: Turn) => {
  const { promise: ended, resolve: settle } = Promise.withResolvers<Run>()
  const mine = { ...turn, stopping: new AbortController(), ended, settle }
  queue.ours.set(turn.run.runId, mine)
  if (turn.run.state !== "queued") begin(queue, mine)
}

const begin = (queue: Queue, mine: Ours) => {
  queue.active = mine
  void mine.perform(mine.run, mine.stopping.signal).then((run) => {
    mine.run = run
    queue.active = undefined
    release(queue, run.runId)
    mine.settle(run)
    void queue.loop.tick()
  })
}

const look = async (queue: Queue) => {
  if (queue.claimed.size === 0) return
  await beat(queue)
  if (queue.active === undefined && !queue.isClosed) await advance(queue)
}

const beat = async (queue: Queue) => {
  const asked = [...queue.claimed]
  const open = await queue.runs.beat(asked, queue.clock())
  for (const runId of asked) {
    const mine = queue.ours.get(runId)
    if (mine === undefined || isFinal(mine.run.state)) continue
    const seen = open.get(runId)
    if (seen?.isStopWanted) mine.stopping.abort()
    if (seen === undefined) await endedElsewhere(queue, mine)
  }
}

const advance = async (queue: Queue) => {
  const { runs, clock } = queue
  await runs.interruptOrphans(clock(), [...queue.claimed])
  for (const mine of queue.ours.values()) {
    if (mine.run.state !== "queued" || !(await runs.advance(mine.run.runId, clock()))) continue
    mine.run = { ...mine.run, state: "preparing" }
    queue.announce(mine.run)
    return begin(queue, mine)
  }
}

/** Another process cancelled the run or declared this one dead. */
const endedElsewhere = async (queue: Queue, mine: Ours) => {
  if (mine.run.state !== "queued") return mine.stopping.abort()
  mine.run = (await queue.runs.lookup(mine.run.runId)) ?? mine.run
  leave(queue, mine)
}

const leave = (queue: Queue, mine: Ours) => {
  release(queue, mine.run.runId)
  queue.announce(mine.run)
  mine.settle(mine.run)
}

const stop = async (queue: Queue, runId: RunId): Promise<Run | undefined> => {
  const mine = queue.ours.get(runId)
  if (mine === undefined) return undefined
  mine.stopping.abort()
  if (mine.run.state === "queued") await endWaiting(queue, mine, "cancelled")
  return mine.ended
}

const endWaiting = async (queue: Queue, mine: Ours, state: Extract<FinalState, "cancelled" | "interrupted">) => {
  const endedAt = queue.clock()
  if (!(await queue.runs.endWaiting(mine.run.runId, state, endedAt))) return
  const failures = state === "interrupted" ? [stoppedWhileWaiting] : mine.run.failures
  mine.run = { ...mine.run, state, endedAt, failures }
  leave(queue, mine)
}

const close = async (queue: Queue) => {
  queue.isClosed = true
  for (const mine of queue.ours.values()) {
    mine.stopping.abort()
    if (mine.run.state === "queued")
      await endWaiting(queue, mine, "interrupted").catch((error: unknown) => {
        queue.log.warn({ error, run_id: mine.run.runId }, "a waiting run stays in the table")
        leave(queue, mine)
      })
  }
  await Promise.all([...queue.ours.values()].map((each) => each.ended))
  await queue.loop.stop()
}
