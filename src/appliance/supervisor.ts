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
  /** Between the death of a store that keeps dying and its next start. */
  longestPause?: Millis
}

export type Supervisor = {
  /** Resolves when the store answers. @throws Refusal (missing) with its last words. */
  start(): Promise<void>
  stop(): Promise<void>
  state(): StoreState
}

const firstPause = millis(50)
const usualLongestPause = seconds(2)
const wellAfter = seconds(10)
/** Only the first start gives up: early on a store that keeps dying, late on one that recovers. */
const giveUpDyingAfter = seconds(20)
const giveUpRecoveringAfter = seconds(300)
const stopWithin = seconds(10)

type Supervised = Parts & {
  tail: ReturnType<typeof openTail>
  child: Child | undefined
  state: StoreState["state"]
  restarts: number
  stopping: AbortController
  running: Promise<void>
}

export const openSupervisor = (parts: Parts): Supervisor => {
  const store: Supervised = {
    ...parts,
    tail: openTail(),
    child: undefined,
    state: "stopped",
    restarts: 0,
    stopping: new AbortController(),
    running: Promise.resolve(),
  }
  return {
    start: () => start(store),
    stop: () => stop(store),
    state: () => ({ state: store.state, pid: store.child?.pid, restarts: store.restarts }),
  }
}

const start = async (store: Supervised) => {
  store.state = "starting"
  const startedAt = store.clock()
  store.running = keepRunning(store)
  while (!isRunning(store)) {
    if (hasFailed(store, startedAt)) {
      await stop(store)
      const lastWords = store.tail.lines().join(" | ") || "none"
      throw new Refusal("missing", `${store.program.name} does not start; its last words: ${lastWords}`)
    }
    await Bun.sleep(probeEvery)
  }
}

const isRunning = (store: Supervised) => store.state === "running"

const isStopping = (store: Supervised) => store.stopping.signal.aborted

const hasFailed = (store: Supervised, startedAt: EpochMs) =>
  isStopping(store) ||
  store.clock() > later(startedAt, giveUpRecoveringAfter) ||
  (store.restarts > 2 && store.clock() > later(startedAt, giveUpDyingAfter))

const keepRunning = async (store: Supervised) => {
  const { clock, log, program, tail, longestPause = usualLongestPause } = store
  let pause = firstPause
  while (!isStopping(store)) {
    const startedAt = clock()
    const ending = await runOnce(store)
    if (isStopping(store)) return
    if (clock() > later(startedAt, wellAfter)) pause = firstPause
    store.state = "restarting"
    store.restarts++
    log.warn(
      { store: program.name, ending, restarts: store.restarts, again_in_ms: pause, last_lines: tail.lines() },
      "a store died and is started again",
    )
    await pauseFor(pause, store.stopping.signal)
    pause = millis(Math.min(pause * 2, longestPause))
  }
}

const runOnce = async (store: Supervised): Promise<string> => {
  const { prepare, program, owner, tail } = store
  try {
    await prepare(store.restarts > 0)
    if (isStopping(store)) return "stopped"
    const child = (store.child = launch(program, owner))
    tail.follow(child.stdout)
    tail.follow(child.stderr)
    void watchReady(store, child)
    await child.exited
    return child.signalCode === null ? `exit ${child.exitCode}` : `${child.signalCode}`
  } catch (error) {
    store.log.warn({ error, store: program.name }, "a store could not be started")
    tail.add(String(error))
    return "could not start"
  } finally {
    store.child = undefined
  }
}

const watchReady = async (store: Supervised, child: Child) => {
  const isOurs = () => store.child === child && !isStopping(store)
  while (isOurs()) {
    if (await store.probe()) {
      if (isOurs()) store.state = "running"
      return
    }
    await Bun.sleep(probeEvery)
  }
}

const pauseFor = (pause: Millis, stopping: AbortSignal) =>
  new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stopping.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, pause)
    stopping.addEventListener("abort", end)
  })

const stop = async (store: Supervised) => {
  const { program, log } = store
  store.stopping.abort()
  const killing = setTimeout(() => {
    log.warn({ store: program.name }, "a store did not stop in time and is killed")
    store.child?.kill("SIGKILL")
  }, stopWithin)
  store.child?.kill(program.stopSignal)
  await store.running
  clearTimeout(killing)
  store.state = "stopped"
}

const probeEvery = 15
