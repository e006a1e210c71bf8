import { Refusal } from "../../exit.ts"
import { trustedId, type RunId } from "../../ids.ts"
import { epochMs, later, type EpochMs } from "../../units.ts"
import { audit } from "../audit/audit.ts"
import { lookupScenario } from "../scenarios/catalog.ts"
import { fails } from "../model/check.ts"
import type { ClockOffset } from "./clock-offset.ts"
import { joinHistories, type History } from "../model/history.ts"
import { metricsOf } from "../k6/summary.ts"
import { mergeLive } from "./merge-live.ts"
import { mergeSummaries, type Undecided } from "./merge-summaries.ts"
import type { Part } from "./part.ts"
import type { Plan } from "./plan.ts"
import { runLength } from "../model/settings.ts"
import { finalStateOf, type Run } from "../model/run.ts"
import { segmentText, shareOf } from "./segment.ts"
import { boundsOf } from "../k6/summary.ts"
import { countsOf, type ServerTruth } from "../model/truth.ts"
import { percentsOf, type Conditions } from "../model/conditions.ts"
import { judge, type Judgement } from "../verdict/verdict.ts"

/**
 * Counts, histories and invariants are exact. The overall percentile lies between the lowest and the highest of the
 * machines; the highest is shown, and a limit on which machines disagree is not judged.
 */
export const mergeParts = (plan: Plan, parts: Part[], truth: ServerTruth): Run => {
  const history = joinHistories(...parts.map((each) => onServerClock(each.history, each.clock)))
  const { summary, undecided } = mergeSummaries(parts.map((each) => each.summary))
  const conditions = worstOf(parts, plan.settings.vusMax)
  const { judge: judgeStory } = lookupScenario(plan.settings.scenario)!
  // The server's own figures of each second are not available outside of it.
  const invariants = [...audit(history, truth), ...(judgeStory?.([], history) ?? [])]
  const judged = judge(summary, invariants, conditions, history.failures)
  const judgement = withDoubts(judged, undecided, parts)
  return {
    runId: trustedId<RunId>(plan.planId),
    scenario: plan.settings.scenario,
    state: finalStateOf[judgement.verdict],
    settings: plan.settings,
    saleId: plan.settings.saleId,
    trafficVersion: plan.trafficVersion,
    k6Version: parts[0]!.k6Version,
    scriptHash: plan.scriptHash,
    machine: parts.map((each) => each.machine).join(" + "),
    verdict: judgement.verdict,
    failures: judgement.failures,
    checks: judgement.checks,
    metrics: {
      ...metricsOf(summary),
      ...percentsOf(conditions),
      segments: parts.length,
      clock_uncertainty_ms: Math.ceil(doubtOf(parts).uncertaintyMs),
      ...countsOf(truth),
    },
    thresholds: boundsOf(summary),
    live: mergeLive(parts.map(({ live, clock }) => ({ points: live, offsetMs: clock.offsetMs }))),
    createdAt: plan.startsAt,
    startedAt: plan.startsAt,
    endedAt: later(plan.startsAt, runLength(plan.settings)),
  }
}

/**
 * Sorts by segment.
 * @throws Refusal unless the parts are those of this plan, each once; it names the file and what to do.
 */
export const checkParts = (plan: Plan, planName: string, parts: Part[]): Part[] => {
  const known = new Map<number, Part>()
  for (const part of parts) {
    checkOrigin(plan, planName, part)
    const [first = part] = parts
    if (part.segment.of !== first.segment.of)
      throw wrong(
        `${part.name} is segment ${segmentText(part.segment)} and ${first.name} is ${segmentText(first.segment)}: they are not of one test, so leave out those of the other`,
      )
    const twin = known.get(part.segment.index)
    if (twin !== undefined)
      throw wrong(`${twin.name} and ${part.name} are both segment ${segmentText(part.segment)}: leave out one of them`)
    if (part.k6Version !== first.k6Version)
      throw wrong(
        `${part.name} was made with k6 ${part.k6Version} and ${first.name} with ${first.k6Version}: use one k6 on all machines, prepare a new plan and run all segments again`,
      )
    known.set(part.segment.index, part)
  }
  const of = parts[0]?.segment.of ?? 1
  for (let index = 1; index <= of; index++)
    if (!known.has(index))
      throw wrong(
        `segment ${segmentText({ index, of })} is missing: name its file too; when it never ran, prepare a new plan and run all segments again, for they start together`,
      )
  return [...known.values()].toSorted((a, b) => a.segment.index - b.segment.index)
}

const checkOrigin = (plan: Plan, planName: string, part: Part) => {
  if (part.trafficVersion !== plan.trafficVersion)
    throw wrong(
      `${part.name} was made by traffic ${part.trafficVersion} and ${planName} by ${plan.trafficVersion}: use one version on all machines, prepare a new plan and run all segments again`,
    )
  if (part.planHash !== plan.hash)
    throw wrong(
      part.planId === plan.planId
        ? `${part.name} was made with another copy of ${planName} in which something was changed: run its segment with the plan as it was made`
        : `${part.name} belongs to plan ${part.planId} and ${planName} is plan ${plan.planId}: name the files of one plan`,
    )
  const { count } = shareOf(plan.settings.vusMax, part.segment)
  if (part.people !== count)
    throw wrong(
      `${part.name} played ${part.people} people and segment ${segmentText(part.segment)} has ${count}: prepare a new plan and run all segments again`,
    )
}

const wrong = (sentence: string) => new Refusal("usage", sentence)

/**
 * The uncertainty of the clock widens every request, so that one machine's request precedes another's only when it
 * certainly did.
 */
export const onServerClock = (history: History, { offsetMs, uncertaintyMs }: ClockOffset): History => {
  const moves: Record<string, (at: number) => EpochMs> = {
    sent: (at) => epochMs(Math.floor(at + offsetMs - uncertaintyMs)),
    waitingSent: (at) => epochMs(Math.floor(at + offsetMs - uncertaintyMs)),
    received: (at) => epochMs(Math.ceil(at + offsetMs + uncertaintyMs)),
    at: (at) => epochMs(Math.round(at + offsetMs)),
  }
  const moved = (record: object | string) =>
    typeof record === "string"
      ? record
      : Object.fromEntries(
          Object.entries(record).map(([name, value]) => [
            name,
            typeof value === "number" ? (moves[name]?.(value) ?? value) : value,
          ]),
        )
  return Object.fromEntries(
    Object.entries(history).map(([name, list]) => [name, (list as (object | string)[]).map(moved)]),
  ) as History
}

const worstOf = (parts: Part[], people: number): Conditions => {
  const worst: Record<string, number> = {}
  for (const { conditions } of parts)
    for (const [name, value] of Object.entries(conditions))
      if (typeof value === "number") worst[name] = Math.max(worst[name] ?? 0, value)
  return { ...worst, people }
}

const doubtOf = (parts: Part[]) =>
  parts.reduce(
    (most, { clock, segment }) => (clock.uncertaintyMs > most.uncertaintyMs ? { ...clock, segment } : most),
    { ...parts[0]!.clock, segment: parts[0]!.segment },
  )

/** Above this uncertainty the checks of order would miss what they look for. */
const doubtMostMs = 250

type Judged = Pick<Judgement, "verdict" | "failures" | "checks">

const withDoubts = (judgement: Judged, undecided: Undecided[], parts: Part[]): Judged => {
  const open = undecided.map(({ metric, expression, seen }) => {
    const told = seen.map((each, index) => `${each} on segment ${segmentText(parts[index]!.segment)}`).join(", ")
    return { metric, expression, told }
  })
  const reasons = open.map(
    ({ metric, expression, told }) =>
      `k6 ${metric} ${expression}: ${told}; percentiles of machines do not add up, so it is not known for everybody`,
  )
  const doubt = doubtOf(parts)
  if (doubt.uncertaintyMs > doubtMostMs)
    reasons.push(
      `the clock of segment ${segmentText(doubt.segment)} is known within ${Math.ceil(doubt.uncertaintyMs)} ms only, more than ${doubtMostMs}: who came first on different machines cannot be judged`,
    )
  const checks = [
    ...judgement.checks.map((each) => highestOf(each, parts.length)),
    ...open.map(({ metric, expression, told }) => ({
      ...fails(`k6 ${metric}`, expression, told, `${metric} has ${told}`),
      judged: false,
    })),
  ]
  if (reasons.length === 0 || judgement.verdict === "FAIL") return { ...judgement, checks }
  return { verdict: "INCONCLUSIVE", failures: [...judgement.failures, ...reasons], checks }
}

const highestOf = (check: Judgement["checks"][number], machines: number) =>
  machines > 1 && check.name.startsWith("k6 ") && /^(p\(|med)/.test(check.seen)
    ? { ...check, seen: `${check.seen} (highest of ${machines} machines)` }
    : check
