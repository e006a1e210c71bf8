import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, type RunId, type SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Pool } from "../stores/postgres.ts"
import { version } from "../version.ts"
import { catalog, lookupScenario } from "./catalog.ts"
import { pruneFolders } from "./run-folders.ts"
import { isFinal, type LiveTruth, type Run } from "./run.ts"
import { defaultLimits, parseRunSettings, type RunLimits, type RunSettings } from "./run-settings.ts"
import { drive, type Fan } from "./driver.ts"
import { busy, openRuns } from "./runs.ts"
import { saleExists } from "./truth-reader.ts"
import type { ServerTruth } from "./truth.ts"

export type LabParts = {
  sql: Pool
  clock: Clock
  log: Log
  /** One folder below it for each run. */
  runsDir: string
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
    }): Promise<SaleId>
    fans(count: number): Promise<Fan[]>
    /** Resolves when every acknowledged join is in the journal. */
    drain(saleId: SaleId): Promise<unknown>
    truth(saleId: SaleId): Promise<ServerTruth>
    /** The server's figures at this moment, at no cost. */
    live?(saleId: SaleId): LiveTruth | undefined
  }
  limits?: Partial<
    RunLimits & { /** Folders of ended runs that stay; a private run leaves none. */ foldersKept: number }
  >
}

export type Lab = ReturnType<typeof openLab>

/** One run at a time, driven by this process and written down in Postgres. */
export const openLab = (parts: LabParts) => {
  const { sql, clock, log, runsDir, findK6, sale } = parts
  const limits = { ...defaultLimits, foldersKept: 20, ...parts.limits }
  const runs = openRuns(sql)
  const ready = runs
    .interruptOrphans(clock())
    .catch((error: unknown) => log.warn({ err: error }, "runs of an earlier process stay open"))
  const listeners = new Set<(run: Run) => void>()
  let active: { run: Run; stopping: AbortController; ended: Promise<Run> } | undefined
  let starting = false

  const announce = (run: Run) => {
    for (const listener of listeners) listener(run)
  }

  const start = async (request: Record<string, unknown>): Promise<Run> => {
    const settings = parseRunSettings(request, limits, Math.floor(Math.random() * 2 ** 31))
    if (starting || active !== undefined) throw busy()
    starting = true
    try {
      return await begin(settings)
    } finally {
      starting = false
    }
  }

  const begin = async (settings: RunSettings): Promise<Run> => {
    await ready
    const k6 = await findK6()
    if ("missing" in k6) throw new Fault("lab_unavailable", k6.missing, { headers: { "retry-after": "30" } })
    if (settings.saleId !== undefined && !(await saleExists(sql, settings.saleId)))
      throw new Fault("sale_not_found", `No sale is called ${settings.saleId}`)
    await runs.interruptOrphans(clock())
    const scenario = lookupScenario(settings.scenario)!
    // Before the sale on trial, for visitors of the demo meet the newest one.
    const otherSaleId = scenario.needsOtherSale ? await sale.prepare(otherSale(settings)) : undefined
    const saleId =
      settings.saleId ?? (await sale.prepare({ ...settings, shopperCapacity: scenario.shoppersOf?.(settings.vusMax) }))
    const now = clock()
    const run: Run = {
      runId: newId<RunId>(now),
      scenario: settings.scenario,
      state: "preparing",
      settings,
      saleId,
      trafficVersion: version,
      k6Version: k6.version,
      failures: [],
      checks: [],
      metrics: {},
      live: [],
      createdAt: now,
    }
    await runs.insert(run, now)
    const stopping = new AbortController()
    const folder = join(runsDir, run.runId)
    const keep = (changed: Run) => {
      announce(changed)
      return runs.update(changed, clock())
    }
    const ended = drive(run, {
      k6: k6.path,
      folder,
      baseUrl: parts.baseUrl(),
      otherSaleId,
      clock,
      log,
      sale,
      keep,
      announce,
      stop: stopping.signal,
    }).finally(async () => {
      active = undefined
      await pruneFolders(runsDir, limits.foldersKept).catch((error: unknown) =>
        log.warn({ err: error }, "folders of old runs stay"),
      )
      if (limits.foldersKept === 0) await rm(runsDir, { recursive: true, force: true })
    })
    active = { run, stopping, ended }
    return run
  }

  /** @throws Fault run_not_found */
  const find = async (runId: RunId): Promise<Run> => {
    if (active?.run.runId === runId) return active.run
    await ready
    const run = await runs.lookup(runId)
    if (run === undefined) throw new Fault("run_not_found", `No run is called ${runId}`)
    return run
  }

  return {
    catalog,
    limits,
    /** The load generator, or what to do to have it. */
    k6: () => findK6(),
    /** Checks the request, prepares the sale and sets the run going. @throws Fault invalid_scenario, loadtest_busy, lab_unavailable */
    start,
    find,
    /** Newest first. */
    list: async (limit = 50): Promise<Run[]> => {
      await ready
      const stored = await runs.list(limit)
      return stored.map((each) => (each.runId === active?.run.runId ? active.run : each))
    },
    /** Ends a run early; resolves when k6 is gone. A run that has ended stays as it is. */
    stop: async (runId: RunId): Promise<Run> => {
      if (active?.run.runId === runId) {
        active.stopping.abort()
        return active.ended
      }
      const run = await find(runId)
      if (!isFinal(run.state))
        throw new Fault("lab_unavailable", "Another traffic process drives this run; stop it there")
      return run
    },
    /** The run at its end. */
    ended: async (runId: RunId): Promise<Run> => (active?.run.runId === runId ? active.ended : find(runId)),
    active: (): Run | undefined => active?.run,
    /** Called after every change of state and once a second while k6 runs. Returns a way to stop listening. */
    onProgress: (listener: (run: Run) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      active?.stopping.abort()
      await active?.ended
      listeners.clear()
    },
  }
}

/** Lets everybody in at once and sells next to nothing. */
const otherSale = ({ vusMax }: RunSettings) => ({
  admitPerMinute: 60_000,
  waitingRoomCap: vusMax,
  totalSeats: 1,
  shopperCapacity: vusMax,
})
