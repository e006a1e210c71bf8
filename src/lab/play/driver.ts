import type { Clock } from "../../clock.ts"
import type { SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { openLoop } from "../../loop.ts"
import { millis, seconds } from "../../units.ts"
import type { K6Ending } from "../k6/k6.ts"
import { openLiveSeries } from "../k6/live-series.ts"
import { stepMetrics } from "../k6/steps.ts"
import { boundsOf, metricsOf } from "../k6/summary.ts"
import { percentsOf, type Conditions } from "../model/conditions.ts"
import { finalStateOf, type FinalState, type LiveTruth, type Run, type RunState } from "../model/run.ts"
import { countsOf } from "../model/truth.ts"
import { lookupScenario } from "../scenarios/catalog.ts"
import { judgeRun } from "../verdict/judgement.ts"
import { limiterOf } from "../verdict/limiter.ts"
import { gatherEvidence, type EvidenceParts } from "./evidence.ts"
import { openStage, type Stage, type StageParts } from "./stage.ts"
import { watch, type Performed } from "./watch.ts"

export type Drive = StageParts &
  EvidenceParts & {
    clock: Clock
    log: Log
    sale: { live?(saleId: SaleId): LiveTruth | undefined }
    keep: (run: Run) => Promise<void>
    announce: (run: Run) => void
    stop: AbortSignal
  }

/** Never rejects: a failure ends the run in `error`. */
export const drive = async (prepared: Run, parts: Drive): Promise<Run> => {
  const record = openRecord(prepared, parts)
  let stage: Stage | undefined
  try {
    stage = await openStage(prepared, parts)
    const performed = await perform(record, stage, parts)
    await conclude(record, performed, stage, parts)
  } catch (error) {
    parts.log.error({ error, run_id: prepared.runId }, "a run broke")
    await record.end("error", { failures: [error instanceof Error ? error.message : String(error)] })
  }
  await stage?.close()
  return record.run()
}

type RunRecord = ReturnType<typeof openRecord>

const openRecord = (prepared: Run, { keep, announce, clock, log }: Drive) => {
  let run = prepared
  const change = (changes: Partial<Run>) => {
    run = { ...run, ...changes }
  }
  return {
    run: () => run,
    change,
    keep: () => keep(run),
    announce: () => announce(run),
    move: (state: RunState, changes: Partial<Run> = {}) => {
      change({ ...changes, state })
      return keep(run)
    },
    end: async (state: FinalState, found: Partial<Run> = {}) => {
      change({ ...found, state, endedAt: clock() })
      for (let attempt = 1; attempt <= storingAttempts; attempt++) {
        try {
          return await keep(run)
        } catch (error) {
          log.warn({ error, run_id: run.runId }, "the end of a run is not written down yet")
          await Bun.sleep(millis(200 * attempt))
        }
      }
    },
  }
}
/** A scenario may have stopped Postgres, which is back within seconds. */
const storingAttempts = 10

const perform = async (record: RunRecord, stage: Stage, parts: Drive): Promise<Performed> => {
  const conditions = { people: record.run().settings.vusMax }
  if (parts.stop.aborted) return { ending: { state: "stopped" }, conditions }
  const k6 = await stage.arm()
  if (!("release" in k6)) return { ending: k6, conditions }
  await record.move("armed")
  const { live, stores } = parts.sale
  const series = [...record.run().live]
  const add = openLiveSeries(series)
  record.change({ live: series })
  const heart = openHeart(record, parts.log)
  const { ending, conditions: watched } = await watch(record.run(), k6, {
    clock: parts.clock,
    log: parts.log,
    live: live && (() => live(stage.saleNow())),
    stores,
    onReleased: async () => {
      await record.move("running", { startedAt: parts.clock() })
      heart.start()
    },
    onPoint: (point) => {
      add(point)
      record.announce()
    },
    onThresholds: (thresholds) => record.change({ thresholds }),
    stop: parts.stop,
  }).finally(heart.stop)
  const seen = stage.search === undefined ? watched : await stage.search.conditions()
  return { ending, conditions: { ...seen, starved: watched.starved ?? stage.starved() } }
}

const openHeart = ({ keep, run }: RunRecord, log: Log) =>
  openLoop({
    name: "heartbeat of a run",
    every: heartbeat,
    work: () =>
      keep().catch((error: unknown) => log.warn({ error, run_id: run().runId }, "a run is not written down yet")),
    log,
    first: "pause",
  })
/** Far below the silence after which another process treats the run as an orphan. */
const heartbeat = seconds(12)

const conclude = async (record: RunRecord, { ending, conditions }: Performed, stage: Stage, parts: Drive) => {
  if (parts.stop.aborted || ending.state === "stopped") return record.end("cancelled")
  if (ending.state === "broken") {
    const failures = [ending.why]
    if (ending.starved) return record.end("inconclusive", { failures, verdict: "INCONCLUSIVE" })
    return record.end("error", { failures })
  }
  await record.move("auditing")
  const found = await findingsOf(record.run(), ending, conditions, stage, parts)
  return record.end(finalStateOf[found.verdict], found)
}

const findingsOf = async (
  run: Run,
  { summary, more }: Extract<K6Ending, { state: "finished" }>,
  conditions: Conditions,
  { networkPeople, secondSale, restart, search }: Stage,
  parts: Drive,
) => {
  const asked = { ...run, secondSaleId: secondSale?.saleId, hasNetwork: networkPeople > 0 }
  const evidence = await gatherEvidence(asked, summary, parts)
  const { judge } = lookupScenario(run.scenario)!
  const story = [...(judge?.(run.live, evidence.history) ?? []), ...(restart?.checks() ?? [])]
  const searched = search?.answer(run.live)
  const capacity = searched?.capacity
  const judgement = judgeRun({ summary, more, evidence, conditions, networkPeople, story, search: searched })
  const { verdict, failures, checks } = judgement
  return {
    verdict,
    failures,
    checks,
    capacity,
    limitedBy: limiterOf({ ...run, capacity }, conditions),
    thresholds: boundsOf(summary),
    metrics: {
      ...metricsOf(summary),
      ...(await stepMetrics(parts.folder)),
      ...percentsOf(conditions),
      ...(capacity === undefined ? {} : { capacity_per_second: capacity.perSecond }),
      ...countsOf(evidence.truth),
    },
  }
}
