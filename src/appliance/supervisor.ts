import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import { later, millis, seconds, type EpochMs, type Millis } from "../units.ts"
import { Refusal } from "../exit.ts"
import { launch, type Child, type Program } from "./launch.ts"
import { openTail } from "./log-tail.ts"
import type { Owner } from "./owner.ts"

export type StoreState = {
  state: "starting" | "running" | "restarting" | "stopped"
  pid?: number
  restarts: number
}

type Parts = {
  program: Program
  owner: Owner | undefined
  /** Before each start; `again` is false the first time. */
  prepare: (again: boolean) => Promise<void>
  probe: () => Promise<boolean>
  log: Log
  clock: Clock
}

export type Supervisor = {
  /** Resolves when the store answers. @throws Refusal (missing) with its last words. */
  start(): Promise<void>
  stop(): Promise<void>
  state(): StoreState
}

const firstPause = millis(50)
const longestPause = seconds(2)
/** A run of this length resets the pause. */
const wellAfter = seconds(10)
/** Only the first start gives up: early on a store that keeps dying, late on one that recovers. */
const giveUpDyingAfter = seconds(20)
const giveUpRecoveringAfter = seconds(300)
const stopWithin = seconds(10)

/** Restarts one store whenever it dies. */
export const openSupervisor = ({ program, owner, prepare, probe, log, clock }: Parts): Supervisor => {
  const tail = openTail()
  let child: Child | undefined
  let state = "stopped" as StoreState["state"]
  let restarts = 0
  let stopping = false
  let loop: Promise<void> = Promise.resolve()
  let wake = () => {}

  const run = async () => {
    let pause = firstPause
    while (!stopping) {
      const startedAt = clock()
      const ending = await once()
      if (stopping) return
      if (clock() > later(startedAt, wellAfter)) pause = firstPause
      state = "restarting"
      restarts++
      log.warn(
        { store: program.name, ending, restarts, again_in_ms: pause, last_lines: tail.lines() },
        "a store died and is started again",
      )
      await interruptible(pause)
      pause = millis(Math.min(pause * 2, longestPause))
    }
  }

  const once = async (): Promise<string> => {
    try {
      await prepare(restarts > 0)
      if (stopping) return "stopped"
      const here = (child = launch(program, owner))
      tail.follow(here.stdout)
      tail.follow(here.stderr)
      void watchReady(here)
      await here.exited
      return here.signalCode === null ? `exit ${here.exitCode}` : `${here.signalCode}`
    } catch (error) {
      tail.add(String(error))
      return "could not start"
    } finally {
      child = undefined
    }
  }

  const watchReady = async (watched: Child) => {
    while (child === watched && !stopping) {
      if (await probe()) {
        if (child === watched && !stopping) state = "running"
        return
      }
      await Bun.sleep(probeEvery)
    }
  }

  const interruptible = (pause: Millis) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const start = async () => {
    state = "starting"
    const startedAt = clock()
    loop = run()
    while (!isRunning()) {
      if (gaveUp(clock(), startedAt)) {
        await stop()
        throw new Refusal(
          "missing",
          `${program.name} does not start; its last words: ${tail.lines().join(" | ") || "none"}`,
        )
      }
      await Bun.sleep(probeEvery)
    }
  }

  const isRunning = () => state === "running"

  const gaveUp = (now: EpochMs, startedAt: EpochMs) =>
    stopping ||
    now > later(startedAt, giveUpRecoveringAfter) ||
    (restarts > 2 && now > later(startedAt, giveUpDyingAfter))

  const stop = async () => {
    stopping = true
    wake()
    const killed = setTimeout(() => {
      log.warn({ store: program.name }, "a store did not stop in time and is killed")
      child?.kill("SIGKILL")
    }, stopWithin)
    child?.kill(program.stopSignal)
    await loop
    clearTimeout(killed)
    state = "stopped"
  }

  return { start, stop, state: () => ({ state, pid: child?.pid, restarts }) }
}

const probeEvery = 15
