import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, type RunId, type SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import { millis, seconds, type EpochMs, type Millis } from "../units.ts"
import { version } from "../version.ts"
import { catalog, lookupScenario } from "./scenarios/catalog.ts"
import { drive, type Fan } from "./play/driver.ts"
import { machineName } from "./probe/machine-name.ts"
import type { ProbedStores } from "./probe/probe.ts"
import { pruneFolders } from "./runs/folders.ts"
import { openRunQueue } from "./runs/queue.ts"
import { isFinal, type LiveTruth, type Run } from "./model/run.ts"
import { defaultLimits, type RunLimits, type RunSettings } from "./model/settings.ts"
import { parseRunSettings } from "./scenarios/run-settings.ts"
import { otherSale } from "./scenarios/other-sale.ts"
import { openRuns, type NewRun, type RunFilter } from "./runs/runs.ts"
import type { SaleMaking } from "./play/second-sale.ts"
import { saleExists } from "./audit/truth-reader.ts"
import type { ServerTruth } from "./model/truth.ts"

export type LabParts = {
  sql: Pool
  clock: Clock
  log: Log
  /** One folder below it for each run. */
  runsDir: string
  /** What this process is called in the table of runs: its host and its number, unless given. */
  node?: string
  findK6: () => Promise<{ path: string; version: string } | { missing: string }>
  /** Where the server under test answers, known only once it listens. */
  baseUrl: () => string
  sale: {
    /** A fresh sale that is open. */
    prepare(settings: {
      admitPerMinute: number
      waitingRoomCap: number
      totalSeats: number
      shopperCapacity?: number
      admissionLength?: Millis
    }): Promise<SaleId>
    fans(count: number): Promise<Fan[]>
    /** Resolves when every acknowledged join is in the journal. */
    drain(saleId: SaleId): Promise<unknown>
    truth(saleId: SaleId): Promise<ServerTruth>
    /** The server's figures at this moment, at no cost. */
    live?(saleId: SaleId): LiveTruth | undefined
    /** What the figures of every second are asked of; without them the series tells of the machine alone. */
    stores?: ProbedStores
  } & SaleMaking
  /** Starts the server anew in the middle of a run; absent where it is not the lab's own. */
  restart?: () => Promise<void>
  /** @throws Fault when no run may start at this moment. */
  mayStart?: () => void
  limits?: Partial<
    RunLimits & { /** Folders of ended runs that stay; a private run leaves none. */ foldersKept: number }
  >
}

export type Lab = ReturnType<typeof openLab>

/** One run at a time, driven by the process that took it and written down in Postgres; three more may wait. */
export const openLab = (parts: LabParts) => {
  const { sql, clock, log, runsDir, findK6, sale } = parts
  const limits = { ...defaultLimits, foldersKept: 20, ...parts.limits }
  const runs = openRuns(sql, parts.node)
  const ready = runs
    .interruptOrphans(clock())
    .catch((error: unknown) => log.warn({ error }, "runs of an earlier process stay open"))
  const listeners = new Set<(run: Run) => void>()
  const announce = (run: Run) => {
    for (const listener of listeners) listener(run)
  }
  const queue = openRunQueue({ runs, clock, log, announce })

  const start = async (request: Record<string, unknown>): Promise<Run> => {
    const settings = parseRunSettings(request, limits, Math.floor(Math.random() * 2 ** 31))
    parts.mayStart?.()
    await ready
    const k6 = await findK6()
    if ("missing" in k6) throw new Fault("lab_unavailable", k6.missing, { headers: { "retry-after": "30" } })
    if (settings.saleId !== undefined && !(await saleExists(sql, settings.saleId)))
      throw new Fault("sale_not_found", `No sale is called ${settings.saleId}`)
    const now = clock()
    const asked = newRun(settings, k6.version, now)
    await runs.interruptOrphans(now, queue.claimed())
    queue.claim(asked.runId)
    try {
      const state = await runs.insert(asked, now)
      const { saleId, otherSaleId } = await salesFor(asked)
      const run: Run = { ...asked, state, saleId }
      queue.enter({ run, perform: (stop) => perform(run, k6.path, otherSaleId, stop) })
      return run
    } catch (error) {
      queue.release(asked.runId)
      throw error
    }
  }

  /** The sale is made before the run's turn comes, for the answer names it. A run without a sale is given up. */
  const salesFor = async ({ runId, settings }: NewRun) => {
    try {
      const scenario = lookupScenario(settings.scenario)!
      // Before the sale on trial, for visitors of the demo meet the newest one.
      const otherSaleId = scenario.needsOtherSale
        ? await sale.prepare({ ...otherSale(settings), admissionLength: scenario.stages?.otherAdmission })
        : undefined
      const saleId =
        settings.saleId ??
        (await sale.prepare({ ...settings, shopperCapacity: scenario.shoppersOf?.(settings.vusMax) }))
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

  const perform = async (run: Run, k6: string, otherSaleId: SaleId | undefined, stop: AbortSignal) => {
    await drive(run, {
      k6,
      folder: folderOf(run.runId),
      baseUrl: parts.baseUrl(),
      otherSaleId,
      clock,
      log,
      sale,
      restart: parts.restart,
      keep: (changed) => {
        announce(changed)
        return runs.update(changed, clock())
      },
      announce,
      stop,
    })
    await tidy().catch((error: unknown) => log.warn({ error }, "folders of old runs stay"))
  }

  /** What k6 recorded of a baseline stays as long as its star. */
  const tidy = async () => {
    if (limits.foldersKept === 0) return rm(runsDir, { recursive: true, force: true })
    return pruneFolders(runsDir, limits.foldersKept, await runs.starred())
  }

  const folderOf = (runId: RunId) => join(runsDir, runId)

  /** @throws Fault run_not_found */
  const find = async (runId: RunId): Promise<Run> => {
    const ours = queue.lookup(runId)
    if (ours !== undefined) return ours
    await ready
    const run = await runs.lookup(runId)
    if (run === undefined) throw new Fault("run_not_found", `No run is called ${runId}`)
    return run
  }

  /** Through the table: the process that drives the run looks there once a second. */
  const stopElsewhere = async (runId: RunId): Promise<Run> => {
    if (!(await runs.endWaiting(runId, "cancelled", clock()))) await runs.requestStop(runId, clock())
    for (let waited = 0; waited < stoppingTime; waited += askEvery) {
      const run = await find(runId)
      if (isFinal(run.state)) return run
      await Bun.sleep(askEvery)
    }
    throw new Fault(
      "lab_unavailable",
      "The process that drives this run was asked to stop it and has not done so yet",
      {
        headers: { "retry-after": "5" },
      },
    )
  }

  return {
    catalog,
    limits,
    /** The load generator, or what to do to have it. */
    k6: () => findK6(),
    /**
     * Checks the request, takes a place and prepares the sale. The run begins at once when nobody else has the machine.
     * @throws Fault invalid_scenario, sale_not_found, loadtest_busy, lab_unavailable
     */
    start,
    find,
    /** Newest first, without their series. */
    list: async (limit = 50, filter: RunFilter = {}): Promise<Run[]> => {
      await ready
      const stored = await runs.list(limit, filter)
      return stored.map((each) => queue.lookup(each.runId) ?? each)
    },
    /** Ends a run early; resolves when k6 is gone. One that waits is cancelled at once, one that has ended stays as it is. */
    stop: async (runId: RunId): Promise<Run> => {
      const stopped = await queue.stop(runId)
      if (stopped !== undefined) return stopped
      const run = await find(runId)
      return isFinal(run.state) ? run : stopElsewhere(runId)
    },
    /** Stars the run as the baseline of its scenario, instead of an earlier one, or takes the star away. @throws Fault run_not_found, run_state */
    star: async (runId: RunId, starred: boolean): Promise<Run> => {
      const run = await find(runId)
      await runs.star(runId, starred)
      return { ...run, starred }
    },
    /** Deletes a run that is over, and its folder; answers it as it was. @throws Fault run_not_found, run_state, run_starred */
    forget: async (runId: RunId): Promise<Run> => {
      const run = await find(runId)
      if (!(await runs.forget(runId))) {
        const { state } = await find(runId)
        if (!isFinal(state)) throw new Fault("run_state", "The run is not over: stop it first, then delete it")
        throw new Fault("run_starred", "The run is the baseline of its scenario: take its star away first")
      }
      await rm(folderOf(runId), { recursive: true, force: true })
      return run
    },
    /** Where k6's own record of a run lies, as long as it is kept: of the latest runs and of those with a star. */
    folderOf,
    /** The run at its end. */
    ended: async (runId: RunId): Promise<Run> => queue.ended(runId) ?? find(runId),
    /** The run that this process drives at this moment. */
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

/** k6 gets ten seconds to end. */
const stoppingTime = seconds(15)
const askEvery = millis(200)

const newRun = (settings: RunSettings, k6Version: string, now: EpochMs): NewRun => ({
  runId: newId<RunId>(now),
  scenario: settings.scenario,
  state: "queued",
  settings,
  trafficVersion: version,
  k6Version,
  scriptHash: new Bun.CryptoHasher("sha256").update(lookupScenario(settings.scenario)!.script).digest("hex"),
  machine: machineName(),
  ...(settings.preset === undefined ? {} : { preset: settings.preset }),
  failures: [],
  checks: [],
  metrics: {},
  live: [],
  createdAt: now,
})
