import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import { findProgram, type ProgramSearch } from "../programs.ts"
import { seconds, type Millis } from "../units.ts"
import { Refusal } from "../exit.ts"
import { lockData } from "./data-lock.ts"
import type { Program } from "./launch.ts"
import { clearLeftovers } from "./leftovers.ts"
import { giveTo, lookupOwner, type Owner } from "./owner.ts"
import { makeCluster, postgresFor, postgresServer } from "./postgres-server.ts"
import { postgresAnswers, redisAnswers } from "./probe.ts"
import { durableRedis, volatileRedis } from "./redis-server.ts"
import { openSockets, postgresSocket, urlsOf } from "./sockets.ts"
import { openSupervisor, type StoreState, type Supervisor } from "./supervisor.ts"

export type StoreName = "redis" | "cache" | "postgres"

export type Appliance = {
  redisUrl: string
  cacheUrl: string
  databaseUrl: string
  pids(): Record<StoreName, number | undefined>
  state(): Record<StoreName, StoreState>
  restarts(): Record<StoreName, number>
  stop(): Promise<void>
}

export type ApplianceParts = {
  dataDir: string
  log: Log
  clock: Clock
  /** Between the death of a store that keeps dying and its next start. */
  longestPause?: Millis
} & ProgramSearch

/**
 * Starts two Redis and one Postgres in `dataDir`, on unix sockets, and keeps them running. Resolves when all three answer.
 * @throws Refusal (usage) when another traffic has the directory, (missing) when a program is missing or a store does not start.
 */
export const openAppliance = async ({
  dataDir,
  log,
  clock,
  longestPause,
  ...search
}: ApplianceParts): Promise<Appliance> => {
  const home = resolve(dataDir)
  const server = findProgram("redis-server", search)
  if (server === undefined)
    throw new Refusal("missing", "redis-server is missing: apt-get install redis-server (or brew install redis)")
  const folders = { redis: join(home, "redis"), cache: join(home, "cache"), postgres: join(home, "postgres") }
  const programs = postgresFor(folders.postgres, search)
  const owner = lookupOwner()
  makeFolder(home)
  const lock = lockData(home)
  const sockets = openSockets(home, owner)
  // The folder may have been deleted; what Redis loses by that is rebuilt from the journal.
  const prepareGround = (program: Program, again: boolean) => {
    if (program.name !== "postgres") makeFolder(program.folder, owner)
    return clearGround(program, again, clock)
  }
  const supervise = (program: Program, probe: () => Promise<boolean>) =>
    openSupervisor({
      program,
      owner,
      prepare: (again) => prepareGround(program, again),
      probe,
      log,
      clock,
      longestPause,
    })
  const stores = {
    redis: supervise(durableRedis({ server, folder: folders.redis, socket: sockets.redis }), () =>
      redisAnswers(sockets.redis),
    ),
    cache: supervise(volatileRedis({ server, folder: folders.cache, socket: sockets.cache }), () =>
      redisAnswers(sockets.cache),
    ),
    postgres: supervise(postgresServer(programs, folders.postgres, sockets.postgres), () =>
      postgresAnswers(join(sockets.postgres, postgresSocket)),
    ),
  }
  const startRedis = async (folder: string, store: Supervisor) => {
    makeFolder(folder, owner)
    await store.start()
  }
  const startPostgres = async () => {
    await makeCluster(programs, folders.postgres, owner, clock)
    if (owner) giveTo(folders.postgres, owner)
    await stores.postgres.start()
  }
  const ofEach = <T>(read: (store: Supervisor) => T): Record<StoreName, T> => ({
    redis: read(stores.redis),
    cache: read(stores.cache),
    postgres: read(stores.postgres),
  })
  const stop = async () => {
    await Promise.all(Object.values(stores).map((each) => each.stop()))
    sockets.remove()
    lock.release()
  }
  // All are awaited, also when one fails, so that nothing starts afterwards.
  const started = await Promise.allSettled([
    startRedis(folders.redis, stores.redis),
    startRedis(folders.cache, stores.cache),
    startPostgres(),
  ])
  const failed = started.find((each) => each.status === "rejected")
  if (failed) {
    await stop()
    throw failed.reason
  }
  return {
    ...urlsOf(sockets),
    pids: () => ofEach((store) => store.state().pid),
    state: () => ofEach((store) => store.state()),
    restarts: () => ofEach((store) => store.state().restarts),
    stop,
  }
}

const makeFolder = (folder: string, owner?: Owner) => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (owner) giveTo(folder, owner)
  } catch (error) {
    throw new Refusal("usage", `${folder} cannot be used as a data directory: ${String(error)}`, { cause: error })
  }
}

/**
 * Ends what is left of an earlier start. Stores of a killed traffic are stopping already and get time; children of a store that
 * died have nothing to save.
 */
const clearGround = async ({ name, folder, stopSignal }: Program, again: boolean, clock: Clock) => {
  if (again) await clearLeftovers(folder, name === "postgres" ? "SIGQUIT" : "SIGKILL", seconds(1), clock)
  else await clearLeftovers(folder, stopSignal, seconds(15), clock)
  forgetPostmaster(folder)
}

/**
 * Postgres refuses to start while the pid in postmaster.pid lives, which in a container soon belongs to another program. Under
 * the lock and without a Postgres in the folder the file is void.
 */
const forgetPostmaster = (folder: string) => {
  const file = join(folder, "postmaster.pid")
  if (existsSync(file) && isRunning(Number.parseInt(readFileSync(file, "utf8"), 10))) rmSync(file)
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
