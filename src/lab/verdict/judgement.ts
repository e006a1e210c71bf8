import { readFile } from "node:fs/promises"
import type { SaleId } from "../../ids.ts"
import { audit } from "../audit/audit.ts"
import { lookupScenario } from "../scenarios/catalog.ts"
import type { Check } from "../model/check.ts"
import type { Drive } from "../play/driver.ts"
import { joinHistories, parseHistory, type History } from "../model/history.ts"
import { valueOf, type K6Summary } from "../k6/summary.ts"
import { historyFile } from "../k6/k6.ts"
import type { Run } from "../model/run.ts"
import { firstSaleWorthNothing, joinsNoSlower, placesGivenAnew } from "../audit/second-sale.ts"
import type { Stage } from "../play/stage.ts"
import type { ServerTruth } from "../model/truth.ts"
import type { Conditions } from "../model/conditions.ts"
import { judge, type Judgement } from "./verdict.ts"

export type Ended = { summary: K6Summary; more?: K6Summary[] }

/** Reads what people and stores say of all sales of the run, and judges it. */
export const judgeRun = async (
  run: Run,
  { summary, more = [] }: Ended,
  conditions: Conditions,
  stage: Stage,
  parts: Drive,
): Promise<Judgement & { truth: ServerTruth }> => {
  const { judge: judgeStory, stages = {} } = lookupScenario(run.scenario)!
  const text = await said(parts.folder)
  const first = parseHistory(text)
  const second = parseHistory(text, 2)
  checkWhole(summary, first, second)
  const history = joinHistories(
    first,
    ...(stages.network === undefined ? [] : [parseHistory(await said(parts.folder, "network"))]),
  )
  if (history.strange.length > 0)
    parts.log.warn({ run_id: run.runId, detail: history.strange[0] }, "the script said something unexpected")
  const truth = await truthOf(run.saleId, parts)
  const invariants = [
    ...audit(history, truth),
    ...(judgeStory?.(run.live, history) ?? []),
    ...(stage.restart?.checks() ?? []),
  ]
  const latencies: Check[] = []
  if (stage.secondSale !== undefined) {
    const secondTruth = await truthOf(stage.secondSale.saleId, parts)
    invariants.push(
      ...audit(second, secondTruth).map((each) => ({ ...each, name: `${each.name}, second sale` })),
      placesGivenAnew(history, second),
      firstSaleWorthNothing(second),
    )
    latencies.push(joinsNoSlower(summary))
  }
  const seen: Conditions = { ...conditions, people: conditions.people - stage.networkPeople }
  if (stage.search !== undefined) {
    const { capacity, check } = stage.search.answer(run.live)
    if (capacity !== undefined) run.capacity = capacity
    else if (check.passed) seen.unfinished = check.seen
    seen.seeksLimit = true
    latencies.push(check)
  }
  const ofPublic = judge(summary, invariants, seen, history.failures, latencies)
  const ofNetwork = more.map((each) =>
    judge(each, [], { ...conditions, people: stage.networkPeople }, history.failures),
  )
  return { ...together(ofPublic, ...ofNetwork.map(namedNetwork)), truth }
}

const said = (folder: string, name?: string) => readFile(historyFile(folder, name), "utf8").catch(() => "")

/** @throws Error when people's own record is shorter than k6's count: with half of it everything looks well. */
export const checkWhole = (summary: K6Summary, ...histories: History[]) => {
  const counted = valueOf(summary, "done{step:join}", "count") ?? 0
  const written = histories.flatMap(({ joins }) => joins).filter(({ position }) => position !== undefined).length
  if (written < counted)
    throw new Error(`k6 counted ${counted} joins and wrote ${written} of them down: is the disk full?`)
}

const truthOf = async (saleId: SaleId, { sale }: Drive) => {
  await sale.drain(saleId)
  return sale.truth(saleId)
}

const namedNetwork = (judgement: Judgement): Judgement => {
  const named = (text: string) => (text.startsWith("k6 ") ? `k6 network ${text.slice(3)}` : text)
  return {
    ...judgement,
    failures: judgement.failures.map(named),
    checks: judgement.checks.map((each) => ({ ...each, name: named(each.name) })),
  }
}

/** The gravest verdict with all of its reasons; those of milder ones do not count beside it. */
const together = (...judgements: Judgement[]): Judgement => {
  const verdict = (["FAIL", "INCONCLUSIVE", "PASS"] as const).find((each) =>
    judgements.some((one) => one.verdict === each),
  )!
  const failures = judgements.flatMap((each) => (each.verdict === verdict ? each.failures : []))
  return {
    verdict,
    failures: [...new Set(failures)],
    checks: judgements.flatMap((each) => each.checks),
    limits: judgements.flatMap((each) => each.limits),
  }
}
