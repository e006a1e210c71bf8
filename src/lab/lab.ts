import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { Fan } from "../../scenarios/lib/settings.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, type RunId, type SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import { millis, seconds, type EpochMs, type Millis } from "../units.ts"
import { version } from "../version.ts"
import { catalog, lookupScenario, scriptHashOf } from "./scenarios/catalog.ts"
import { drive } from "./play/driver.ts"
import { machineName } from "./probe/machine-name.ts"
import type { ProbedStores } from "./probe/probe.ts"
import { pruneFolders } from "./runs/folders.ts"
import { openRunQueue, type RunQueue } from "./runs/queue.ts"
import { isFinal, type LiveTruth, type Run } from "./model/run.ts"
import { defaultLimits, type RunLimits, type RunSettings } from "./model/settings.ts"
import { otherSale } from "./scenarios/other-sale.ts"
import { parseRunSettings } from "./scenarios/run-settings.ts"
import { openRuns, type NewRun, type RunFilter, type Runs } from "./runs/runs.ts"
import type { SaleMaking } from "./play/second-sale.ts"
import { saleExists } from "./audit/truth-reader.ts"
import type { ServerTruth } from "./model/truth.ts"

export type LabParts = {
  sql: Pool
  clock: Clock
  log: Log
  runsDir: string
  /** What this process is called in the table of runs: its host and its number, unless given. */
  node?: string
  findK6: () => Promise<{ path: string; version: string } | { missing: string }>
  baseUrl: () => string
  sale: {
    prepare(settings: {
      admitPerMinute: number
      waitingRoomCap: number
      totalSeats: number
      shopperCapacity?: number
      admissionLength?: Millis
    }): Promise<SaleId>
    fans(count: number): Promise<Fan[]>
    drain(saleId: SaleId): Promise<unknown>
    truth(saleId: SaleId): Promise<ServerTruth>
    live?(saleId: SaleId): LiveTruth | undefined
    /** What the figures of every second are asked of; without them the series tells of the machine alone. */
    stores?: ProbedStores
  } & SaleMaking
  /** Starts the server anew in the middle of a run; absent where it is not the lab's own. */
  restart?: () => Promise<void>
  mayStart?: () => void
  limits?: Partial<
    RunLimits & { /** Folders of ended runs that stay; a private run leaves none. */ foldersKept: number }
  >
}

export type Lab = ReturnType<typeof openLab>

/** One run at a time, driven by the process that took it and written down in Postgres; three more may wait. */
export const openLab = (parts: LabParts) => {
  const { sql, clock, log } = parts
  const limits = { ...defaultLimits, foldersKept: 20, ...parts.limits }
  const listeners = new Set<(run: Run) => void>()
  const announce = (run: Run) => {
    for (const listener of listeners) listener(run)
  }
  const runs = openRuns(sql, parts.node)
  const queue = openRunQueue({ runs, clock, log, announce })
  const ready = runs
    .interruptOrphans(clock())
    .catch((error: unknown) => log.warn({ error }, "runs of an earlier process stay open"))
  const rooms: Rooms = { ...parts, limits, runs, queue, ready, announce }
  return {
    catalog,
    limits,
    k6: () => parts.findK6(),
    /**
     * Checks the request, takes a place and prepares the sale. The run begins at once when nobody else has the machine.
     * @throws Fault invalid_scenario, sale_not_found, loadtest_busy, lab_unavailable
     */
    start: (request: Record<string, unknown>) => start(rooms, request),
    find: (runId: RunId) => find(rooms, runId),
    list: (limit = 50, filter: RunFilter = {}) => list(rooms, limit, filter),
    /** Ends a run early; resolves when k6 is gone. One that waits is cancelled at once, one that has ended stays as it is. */
    stop: (runId: RunId) => stop(rooms, runId),
    /** Stars the run as the baseline of its scenario, instead of an earlier one, or takes the star away. @throws Fault run_not_found, run_state */
    star: (runId: RunId, starred: boolean) => star(rooms, runId, starred),
    /** Deletes a run that is over, and its folder; answers it as it was. @throws Fault run_not_found, run_state, run_starred */
    forget: (runId: RunId) => forget(rooms, runId),
    /** Where k6's own record of a run lies, as long as it is kept: of the latest runs and of those with a star. */
    folderOf: (runId: RunId) => folderOf(rooms, runId),
    ended: async (runId: RunId): Promise<Run> => queue.ended(runId) ?? find(rooms, runId),
    active: (): Run | undefined => queue.active(),
    /** Called after every change of state and once a second while k6 runs. Returns a way to stop listening. */
    onProgress: (listener: (run: Run) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      await queue.close()
      listeners.clear()
    },
  }
}

type Rooms = Omit<LabParts, "limits"> & {
  limits: RunLimits & { foldersKept: number }
  runs: Runs
  queue: RunQueue
  ready: Promise<unknown>
  announce: (run: Run) => void
}

const start = async (rooms: Rooms, request: Record<string, unknown>): Promise<Run> => {
  const { sql, clock, runs, queue } = rooms
  const settings = parseRunSettings(request, rooms.limits, Math.floor(Math.random() * 2 ** 31))
  rooms.mayStart?.()
  await rooms.ready
  const k6 = await rooms.findK6()
  if ("missing" in k6) throw new Fault("lab_unavailable", k6.missing, { headers: { "retry-after": "30" } })
  if (settings.saleId !== undefined && !(await saleExists(sql, settings.saleId)))
    throw new Fault("sale_not_found", `No sale is called ${settings.saleId}`)
  const now = clock()
  const asked = newRun(settings, k6.version, now)
  await runs.interruptOrphans(now, queue.claimed())
  queue.claim(asked.runId)
  try {
    const state = await runs.insert(asked, now)
    const { saleId, otherSaleId } = await salesFor(rooms, asked)
    const run: Run = { ...asked, state, saleId }
    queue.enter({ run, perform: (mine, stop) => perform(rooms, mine, { k6: k6.path, otherSaleId, stop }) })
    return run
  } catch (error) {
    queue.release(asked.runId)
    throw error
  }
}

/** The sale is made before the run's turn comes, for the answer names it. A run without a sale is given up. */
const salesFor = async ({ sale, runs, queue, log }: Rooms, { runId, settings }: NewRun) => {
  try {
    const scenario = lookupScenario(settings.scenario)!
    // Before the sale on trial, for visitors of the demo meet the newest one.
    const otherSaleId = scenario.needsOtherSale
      ? await sale.prepare({ ...otherSale(settings), admissionLength: scenario.stages?.otherAdmission })
      : undefined
    const saleId =
      settings.saleId ?? (await sale.prepare({ ...settings, shopperCapacity: scenario.shoppersOf?.(settings.vusMax) }))
    if (queue.isClosed()) throw new Fault("draining", "The server stops; start the run again when it is back")
    await runs.name(runId, saleId)
    return { saleId, otherSaleId }
  } catch (error) {
    await runs
      .withdraw(runId)
      .catch((failure: unknown) => log.warn({ error: failure, run_id: runId }, "a run without a sale stays"))
    throw error
  }
}

const perform = async (rooms: Rooms, run: Run, turn: { k6: string; otherSaleId?: SaleId; stop: AbortSignal }) => {
  const { clock, log, sale, restart, runs, queue } = rooms
  const announce = (changed: Run) => {
    queue.know(changed)
    rooms.announce(changed)
  }
  const ended = await drive(run, {
    ...turn,
    folder: folderOf(rooms, run.runId),
    baseUrl: rooms.baseUrl(),
    clock,
    log,
    sale,
    restart,
    keep: (changed) => {
      announce(changed)
      return runs.update(changed, clock())
    },
    announce,
  })
  await tidy(rooms).catch((error: unknown) => log.warn({ error }, "folders of old runs stay"))
  return ended
}

/** What k6 recorded of a baseline stays as long as its star. */
const tidy = async ({ runsDir, limits, runs }: Rooms) => {
  if (limits.foldersKept === 0) return rm(runsDir, { recursive: true, force: true })
  return pruneFolders(runsDir, limits.foldersKept, await runs.starred())
}

const folderOf = ({ runsDir }: Rooms, runId: RunId) => join(runsDir, runId)

const find = async ({ queue, ready, runs }: Rooms, runId: RunId): Promise<Run> => {
  const ours = queue.lookup(runId)
  if (ours !== undefined) return ours
  await ready
  const run = await runs.lookup(runId)
  if (run === undefined) throw new Fault("run_not_found", `No run is called ${runId}`)
  return run
}

const list = async ({ queue, ready, runs }: Rooms, limit: number, filter: RunFilter): Promise<Run[]> => {
  await ready
  const stored = await runs.list(limit, filter)
  return stored.map((each) => queue.lookup(each.runId) ?? each)
}

const stop = async (rooms: Rooms, runId: RunId): Promise<Run> => {
  const stopped = await rooms.queue.stop(runId)
  if (stopped !== undefined) return stopped
  const run = await find(rooms, runId)
  return isFinal(run.state) ? run : stopElsewhere(rooms, runId)
}

/** Through the table: the process that drives the run looks there once a second. */
const stopElsewhere = async (rooms: Rooms, runId: RunId): Promise<Run> => {
  const { runs, clock } = rooms
  if (!(await runs.endWaiting(runId, "cancelled", clock()))) await runs.requestStop(runId, clock())
  for (let waited = 0; waited < stoppingTime; waited += askEvery) {
    const run = await find(rooms, runId)
    if (isFinal(run.state)) return run
    await Bun.sleep(askEvery)
  }
  throw new Fault("lab_unavailable", "The process that drives this run was asked to stop it and has not done so yet", {
    headers: { "retry-after": "5" },
  })
}

const stoppingTime = seconds(15)
const askEvery = millis(200)

const star = async (rooms: Rooms, runId: RunId, starred: boolean): Promise<Run> => {
  const run = await find(rooms, runId)
  await rooms.runs.star(runId, starred)
  return { ...run, starred }
}

const forget = async (rooms: Rooms, runId: RunId): Promise<Run> => {
  const run = await find(rooms, runId)
  if (!(await rooms.runs.forget(runId))) {
    const { state } = await find(rooms, runId)
    if (!isFinal(state)) throw new Fault("run_state", "The run is not over: stop it first, then delete it")
    throw new Fault("run_starred", "The run is the baseline of its scenario: take its star away first")
  }
  await rm(folderOf(rooms, runId), { recursive: true, force: true })
  return run
}

const newRun = (settings: RunSettings, k6Version: string, now: EpochMs): NewRun => ({
  runId: newId<RunId>(now),
  scenario: settings.scenario,
  state: "queued",
  settings,
  trafficVersion: version,
  k6Version,
  scriptHash: scriptHashOf(lookupScenario(settings.scenario)!),
  machine: machineName(),
  preset: settings.preset,
  failures: [],
  checks: [],
  metrics: {},
  live: [],
  createdAt: now,
})
