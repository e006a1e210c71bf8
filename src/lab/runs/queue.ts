import type { Clock } from "../../clock.ts"
import type { RunId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { openLoop } from "../../loop.ts"
import { isStoreAway } from "../../stores/postgres.ts"
import { seconds } from "../../units.ts"
import { isFinal, type FinalState, type Run } from "../model/run.ts"
import { stoppedWhileWaiting, type openRuns } from "./runs.ts"

/** A run with its way to the end; never rejects. */
export type Turn = { run: Run; perform: (stop: AbortSignal) => Promise<unknown> }

type Ours = Turn & {
  stopping: AbortController
  ended: Promise<Run>
  settle: (run: Run) => void
}

const beatEvery = seconds(1)

/**
 * The runs that this process took: one that it drives, at most three that wait. The table decides whose turn it is;
 * once a second it is told that we live, and asked what other processes want stopped.
 */
export const openRunQueue = ({
  runs,
  clock,
  log,
  announce,
}: {
  runs: ReturnType<typeof openRuns>
  clock: Clock
  log: Log
  announce: (run: Run) => void
}) => {
  /** Those whose place in the table is ours, some before their sale is made. */
  const claimed = new Set<RunId>()
  const ours = new Map<RunId, Ours>()
  let active: Ours | undefined
  let isClosed = false

  const claim = (runId: RunId) => {
    claimed.add(runId)
    loop.start()
  }
  const release = (runId: RunId) => {
    claimed.delete(runId)
    ours.delete(runId)
    if (claimed.size === 0) void loop.stop()
  }

  /** The run waits for its turn, unless it has it already. */
  const enter = (turn: Turn) => {
    const { promise: ended, resolve: settle } = Promise.withResolvers<Run>()
    const mine = { ...turn, stopping: new AbortController(), ended, settle }
    ours.set(turn.run.runId, mine)
    if (turn.run.state !== "queued") begin(mine)
  }

  const begin = (mine: Ours) => {
    active = mine
    void mine.perform(mine.stopping.signal).then(() => {
      active = undefined
      release(mine.run.runId)
      mine.settle(mine.run)
      void loop.tick()
    })
  }

  const turn = async () => {
    if (claimed.size === 0) return
    await beat()
    if (active === undefined && !isClosed) await advance()
  }
  const loop = openLoop({
    name: "run queue",
    every: beatEvery,
    work: turn,
    log,
    first: "pause",
    isAway: isStoreAway,
  })

  const beat = async () => {
    const asked = [...claimed]
    const open = await runs.beat(asked, clock())
    for (const runId of asked) {
      const mine = ours.get(runId)
      if (mine === undefined || isFinal(mine.run.state)) continue
      const seen = open.get(runId)
      if (seen?.isStopWanted) mine.stopping.abort()
      if (seen === undefined) await endedElsewhere(mine)
    }
  }

  const advance = async () => {
    await runs.interruptOrphans(clock(), [...claimed])
    for (const mine of ours.values()) {
      if (mine.run.state !== "queued" || !(await runs.advance(mine.run.runId, clock()))) continue
      mine.run.state = "preparing"
      announce(mine.run)
      return begin(mine)
    }
  }

  /** Another process cancelled it, or took us for dead. */
  const endedElsewhere = async (mine: Ours) => {
    if (mine.run.state !== "queued") return mine.stopping.abort()
    Object.assign(mine.run, await runs.lookup(mine.run.runId))
    leave(mine)
  }

  const leave = (mine: Ours) => {
    release(mine.run.runId)
    announce(mine.run)
    mine.settle(mine.run)
  }

  const endWaiting = async (mine: Ours, state: Extract<FinalState, "cancelled" | "interrupted">) => {
    const now = clock()
    if (!(await runs.endWaiting(mine.run.runId, state, now))) return
    mine.run.state = state
    mine.run.endedAt = now
    if (state === "interrupted") mine.run.failures = [stoppedWhileWaiting]
    leave(mine)
  }

  return {
    claim,
    release,
    enter,
    tick: loop.tick,
    claimed: () => [...claimed],
    lookup: (runId: RunId): Run | undefined => ours.get(runId)?.run,
    active: (): Run | undefined => active?.run,
    ended: (runId: RunId): Promise<Run> | undefined => ours.get(runId)?.ended,
    /** Undefined when the run is not ours. */
    stop: async (runId: RunId): Promise<Run | undefined> => {
      const mine = ours.get(runId)
      if (mine === undefined) return undefined
      mine.stopping.abort()
      if (mine.run.state === "queued") await endWaiting(mine, "cancelled")
      return mine.ended
    },
    isClosed: () => isClosed,
    close: async () => {
      isClosed = true
      for (const mine of ours.values()) {
        mine.stopping.abort()
        if (mine.run.state === "queued")
          await endWaiting(mine, "interrupted").catch((error: unknown) => {
            log.warn({ error, run_id: mine.run.runId }, "a waiting run stays in the table")
            leave(mine)
          })
      }
      await Promise.all([...ours.values()].map((each) => each.ended))
      await loop.stop()
    },
  }
}
