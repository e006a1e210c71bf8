import type { Clock } from "../../clock.ts"
import type { SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { millis } from "../../units.ts"
import { judgeRun } from "../verdict/judgement.ts"
import { metricsOf } from "../k6/summary.ts"
import { limiterOf } from "../verdict/limiter.ts"
import type { ProbedStores } from "../probe/probe.ts"
import { stepMetrics } from "../k6/steps.ts"
import { finalStateOf, type FinalState, type LiveTruth, type Run, type RunState } from "../model/run.ts"
import type { SaleMaking } from "./second-sale.ts"
import { openStage, type Stage } from "./stage.ts"
import { boundsOf } from "../k6/summary.ts"
import type { ServerTruth } from "../model/truth.ts"
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
    /** What the figures of every second are asked of; without them the series tells of the machine alone. */
    stores?: ProbedStores
  } & SaleMaking
  /** Starts the server anew in the middle of a run; absent where it is not the lab's own. */
  restart?: () => Promise<void>
  /** Writes the run down. */
  keep: (run: Run) => Promise<void>
  /** Tells those who watch. */
  announce: (run: Run) => void
  stop: AbortSignal
}

/** Takes a prepared run to its end: people, k6, release, watch, audit, verdict. Never throws; what breaks ends the run in `error`. */
export const drive = async (run: Run, parts: Drive): Promise<Run> => {
  let stage: Stage | undefined
  try {
    stage = await openStage(run, parts)
    const performed = await perform(run, stage, parts)
    await conclude(run, performed, stage, parts)
  } catch (error) {
    parts.log.error({ error, run_id: run.runId }, "a run broke")
    run.failures = [error instanceof Error ? error.message : String(error)]
    await end(run, parts, "error")
  }
  await stage?.close()
  return run
}

const perform = async (run: Run, stage: Stage, parts: Drive): Promise<Performed> => {
  const conditions = { people: run.settings.vusMax }
  if (parts.stop.aborted) return { ending: { state: "stopped" }, conditions }
  const k6 = await stage.arm()
  if (!("release" in k6)) return { ending: k6, conditions }
  await move(run, parts, "armed")
  const { live } = parts.sale
  const sale = live === undefined ? parts.sale : { ...parts.sale, live: () => live(stage.saleNow()) }
  const { ending, conditions: watched } = await watch(run, k6, { ...parts, sale })
  const seen = stage.search === undefined ? watched : await stage.search.conditions()
  const starved = watched.starved ?? stage.starved()
  return { ending, conditions: { ...seen, ...(starved === undefined ? {} : { starved }) } }
}

const conclude = async (run: Run, { ending, conditions }: Performed, stage: Stage, parts: Drive) => {
  if (parts.stop.aborted || ending.state === "stopped") return end(run, parts, "cancelled")
  if (ending.state === "broken") {
    run.failures = [ending.why]
    if (ending.starved) run.verdict = "INCONCLUSIVE"
    return end(run, parts, ending.starved ? "inconclusive" : "error")
  }
  await move(run, parts, "auditing")
  const { truth, ...judgement } = await judgeRun(run, ending, conditions, stage, parts)
  run.verdict = judgement.verdict
  run.failures = judgement.failures
  run.checks = judgement.checks
  run.limitedBy = limiterOf(run, conditions)
  run.thresholds = boundsOf(ending.summary)
  run.metrics = {
    ...metricsOf(ending.summary),
    ...(await stepMetrics(parts.folder)),
    ...(conditions.stolen === undefined ? {} : { steal_pct: toPercent(conditions.stolen) }),
    ...(conditions.k6Cpu === undefined ? {} : { k6_cpu_pct: toPercent(conditions.k6Cpu) }),
    ...(conditions.others === undefined ? {} : { other_programs_cpu_pct: toPercent(conditions.others) }),
    ...(run.capacity === undefined ? {} : { capacity_per_second: run.capacity.perSecond }),
    joined: truth.entries.length,
    admissions: truth.admissions.length,
    tickets_sold: truth.tickets.length,
  }
  return end(run, parts, finalStateOf[judgement.verdict])
}

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
      parts.log.warn({ error, run_id: run.runId }, "the end of a run is not written down yet")
      await Bun.sleep(millis(200 * attempt))
    }
  }
}
/** A scenario may have taken Postgres away; it is back within seconds. */
const storingAttempts = 10
