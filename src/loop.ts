import type { Log } from "./log.ts"
import type { Millis } from "./units.ts"

export type LoopParts = {
  name: string
  /** From the end of a tick to the start of the next. */
  every: Millis
  work: () => unknown
  log: Log
  first?: "tick" | "pause"
  isAway?: (error: unknown) => boolean
}

export type Loop = {
  start(): void
  stop(): Promise<void>
  /** Joins the tick under way. Errors are logged, never thrown. */
  tick(): Promise<void>
}

/** Periodic work in the background. Ticks never overlap, an error does not end the loop, and its timer keeps no process alive. */
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
