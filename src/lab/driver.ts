import { readFile, rm, writeFile, mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { millis } from "../units.ts"
import { audit } from "./audit.ts"
import { lookupScenario } from "./catalog.ts"
import { parseHistory } from "./history.ts"
import { metricsOf } from "./k6-summary.ts"
import { armK6, historyFile } from "./k6.ts"
import type { FinalState, LiveTruth, Run, RunState } from "./run.ts"
import type { ServerTruth } from "./truth.ts"
import { judge, type Verdict } from "./verdict.ts"
import { watch, type Performed } from "./watch.ts"

/** An account of a run, as the wire names it. */
export type Fan = { user_id: string; token: string }

export type Drive = {
  k6: string
  folder: string
  baseUrl: string
  /** Where the scenario needs a second sale. */
  otherSaleId?: SaleId
  clock: Clock
  log: Log
  sale: {
    fans(count: number): Promise<Fan[]>
    drain(saleId: SaleId): Promise<unknown>
    truth(saleId: SaleId): Promise<ServerTruth>
    live?(saleId: SaleId): LiveTruth | undefined
  }
  /** Writes the run down. */
  keep: (run: Run) => Promise<void>
  /** Tells those who watch. */
  announce: (run: Run) => void
  stop: AbortSignal
}

/** Takes a prepared run to its end: people, k6, release, watch, audit, verdict. Never throws; what breaks ends the run in `error`. */
export const drive = async (run: Run, parts: Drive): Promise<Run> => {
  try {
    const ending = await perform(run, parts)
    await conclude(run, ending, parts)
  } catch (error) {
    parts.log.error({ err: error, run_id: run.runId }, "a run broke")
    run.failures = [error instanceof Error ? error.message : String(error)]
    await end(run, parts, "error")
  }
  await rm(fansFile(parts.folder), { force: true })
  return run
}

const perform = async (run: Run, parts: Drive): Promise<Performed> => {
  const { settings, saleId, runId } = run
  const conditions = { people: settings.vusMax }
  await mkdir(parts.folder, { recursive: true, mode: 0o700 })
  await writeFile(fansFile(parts.folder), JSON.stringify(await parts.sale.fans(settings.vusMax)), { mode: 0o600 })
  if (parts.stop.aborted) return { ending: { state: "stopped" }, conditions }
  const k6 = await armK6({
    k6: parts.k6,
    runId,
    folder: parts.folder,
    script: lookupScenario(run.scenario)!.script,
    settings: {
      base_url: parts.baseUrl,
      sale_id: saleId,
      other_sale_id: parts.otherSaleId ?? "",
      fans_file: fansFile(parts.folder),
      people: settings.vusMax,
      ramp_ms: settings.rampUp,
      steady_ms: settings.steady,
      down_ms: settings.rampDown,
      seed: settings.seed,
      room_too_small: settings.waitingRoomCap < settings.vusMax,
    },
  })
  if (!("release" in k6)) return { ending: k6, conditions }
  await move(run, parts, "armed")
  return watch(run, k6, parts)
}

const conclude = async (run: Run, { ending, conditions }: Performed, parts: Drive) => {
  if (parts.stop.aborted || ending.state === "stopped") return end(run, parts, "cancelled")
  if (ending.state === "broken") {
    run.failures = [ending.why]
    return end(run, parts, "error")
  }
  await move(run, parts, "auditing")
  await parts.sale.drain(run.saleId)
  const history = parseHistory(await readFile(historyFile(parts.folder), "utf8").catch(() => ""))
  if (history.strange.length > 0)
    parts.log.warn({ run_id: run.runId, first: history.strange[0] }, "the script said something unexpected")
  const truth = await parts.sale.truth(run.saleId)
  const judgement = judge(ending.summary, audit(history, truth), conditions, history.failures)
  run.verdict = judgement.verdict
  run.failures = judgement.failures
  run.checks = judgement.checks
  run.metrics = {
    ...metricsOf(ending.summary),
    ...(conditions.stolen === undefined ? {} : { steal_pct: toPercent(conditions.stolen) }),
    ...(conditions.k6Cpu === undefined ? {} : { k6_cpu_pct: toPercent(conditions.k6Cpu) }),
    ...(conditions.others === undefined ? {} : { other_programs_cpu_pct: toPercent(conditions.others) }),
    joined: truth.entries.length,
    admissions: truth.admissions.length,
    tickets_sold: truth.tickets.length,
  }
  return end(run, parts, stateOf[judgement.verdict])
}

const stateOf: Record<Verdict, FinalState> = { PASS: "passed", FAIL: "failed", INCONCLUSIVE: "inconclusive" }
const toPercent = (share: number) => Math.round(share * 1000) / 10

const move = (run: Run, parts: Drive, state: RunState) => {
  run.state = state
  return parts.keep(run)
}

const end = async (run: Run, parts: Drive, state: FinalState) => {
  run.endedAt = parts.clock()
  run.state = state
  for (let attempt = 1; attempt <= storingAttempts; attempt++) {
    try {
      return await parts.keep(run)
    } catch (error) {
      parts.log.warn({ err: error, run_id: run.runId }, "the end of a run is not written down yet")
      await Bun.sleep(millis(200 * attempt))
    }
  }
}
/** A scenario may have taken Postgres away; it is back within seconds. */
const storingAttempts = 10

const fansFile = (folder: string) => join(folder, "fans.json")
