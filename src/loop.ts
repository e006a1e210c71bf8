import type { Log } from "./log.ts"
import type { Millis } from "./units.ts"

export type LoopParts = {
  /** As the log names it. */
  name: string
  /** Between the end of a tick and the begin of the next. */
  every: Millis
  work: () => unknown
  log: Log
  /** Whether `start` begins with a tick or with a pause. */
  first?: "tick" | "pause"
  /** Failures that pass without anybody's help: they are logged as a warning. */
  isAway?: (error: unknown) => boolean
}

export type Loop = {
  start(): void
  /** Returns when the tick under way has ended. */
  stop(): Promise<void>
  /** One tick now, or the one that is under way. A failure is logged, never thrown. */
  tick(): Promise<void>
}

/** Work in the background, again and again. Ticks never overlap, a failed one ends nothing, and the process may exit between two. */
export const openLoop = ({ name, every, work, log, first = "tick", isAway = () => false }: LoopParts): Loop => {
  let isStarted = false
  let timer: Timer | undefined
  let underWay: Promise<void> | undefined

  const attempt = async () => {
    try {
      await work()
    } catch (error) {
      log[isAway(error) ? "warn" : "error"]({ error, loop: name }, "a tick failed; the next one tries again")
    }
  }
  const tick = () => (underWay ??= attempt().finally(() => (underWay = undefined)))
  const pause = () => {
    clearTimeout(timer)
    if (isStarted) timer = setTimeout(round, every).unref()
  }
  const round = () => void tick().then(pause)

  return {
    tick,
    start: () => {
      if (isStarted) return
      isStarted = true
      if (first === "tick") round()
      else pause()
    },
    stop: async () => {
      isStarted = false
      clearTimeout(timer)
      await underWay
    },
  }
}
