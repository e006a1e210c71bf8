import { fails, passes, type Check } from "../model/check.ts"
import { bearable, type Conditions } from "../model/conditions.ts"
import type { ClientFailure } from "../model/history.ts"
import type { Verdict } from "../model/verdict.ts"
import { percent } from "../model/percent.ts"
import { isUpper, percentileOf, statOf, valueName } from "../model/threshold.ts"
import { exceptionsMetric, kindOf, thresholdsOf, valueOf, type K6Summary, type Judged } from "../k6/summary.ts"

/** What can keep a run from being judged. Each has a seeded defect. */
export const limitKinds = [
  "steal",
  "other programs",
  "generator's CPU",
  "late arrivals",
  "dropped iterations",
  "absent people",
  "starved generator",
  "too few samples",
] as const
export type LimitKind = (typeof limitKinds)[number]

/** `limits`: why the run, or a part of it, could not be judged; they also stand behind a PASS or a FAIL. */
export type Judgement = {
  verdict: Verdict
  failures: string[]
  checks: Check[]
  limits: { kind: LimitKind; reason: string }[]
}

/**
 * PASS needs every threshold and every invariant. A broken invariant, or something that must not happen and did, is a FAIL
 * whatever the machine did; another threshold counts only when the load was really offered, the machine was ours and there was
 * enough to look at, and so do `latencies`, other checks of how quick answers were.
 */
export const judge = (
  summary: K6Summary,
  invariants: Check[],
  conditions: Conditions,
  failures: ClientFailure[] = [],
  latencies: Check[] = [],
): Judgement => {
  const thresholds = thresholdsOf(summary)
  const slow =
    conditions.seeksLimit === true ||
    thresholds.some((each) => kindOf(each) === "latency" && !each.ok) ||
    latencies.some((each) => !each.passed)
  const limits = [...machineLimits(slow, conditions), ...generatorLimits(summary, conditions)]
  const thin = [...thresholds.flatMap(thinnessOf), ...invariants.flatMap(fewnessOf), ...unfinishedOf(conditions)]
  const checks = [
    ...invariants.map(toldOf),
    ...latencies.map((each) => ({ ...each, judged: each.judged && limits.length === 0 })),
    ...thresholds.map((each) => {
      const kind = kindOf(each)
      const spoiled =
        !standsAlways(each, failures) && limits.some(({ spoils }) => spoils === "every threshold" || kind === "latency")
      return thresholdCheck(each, spoiled || thinnessOf(each).length > 0, failures)
    }),
  ]
  const known = [...limits, ...thin].map(({ kind, reason }) => ({ kind, reason }))
  const broken = checks.filter((each) => each.judged && !each.passed)
  if (broken.length > 0) return { verdict: "FAIL", failures: broken.map(sentenceOf), checks, limits: known }
  if (known.length > 0)
    return { verdict: "INCONCLUSIVE", failures: known.map((each) => each.reason), checks, limits: known }
  return { verdict: "PASS", failures: [], checks, limits: known }
}

/** A starved k6 may cut an answer short, which ends the visit in an exception; it cannot cause any other banned answer. */
const standsAlways = (threshold: Judged, failures: ClientFailure[]) =>
  (kindOf(threshold) === "ban" && threshold.metric !== exceptionsMetric) || isServersOwn(threshold, failures)

/** The share of failed answers is too large by those alone that say 500 and the like: late people make none of them. */
const isServersOwn = ({ metric, tags, sign, limit, samples = 0 }: Judged, failures: ClientFailure[]): boolean => {
  const { step: judged, ...others } = tags
  if (metric !== "http_req_failed" || Object.keys(others).length > 0 || sign !== "<") return false
  const own = failures.filter(
    ({ step, status }) => status >= 500 && status !== 503 && (judged === undefined || judged === step),
  )
  return own.length > 0 && own.length >= limit * samples
}

type Limit = { kind: LimitKind; reason: string; spoils: "latency" | "every threshold" }

const machineLimits = (slow: boolean, { stolen, others }: Conditions): Limit[] => {
  const limits: Limit[] = []
  if (stolen !== undefined && stolen > bearable.stolen)
    limits.push({
      kind: "steal",
      spoils: "latency",
      reason: `neighbours stole ${percent(stolen, 1)} of the CPU in the steady phase, more than ${percent(bearable.stolen, 1)}: latency cannot be judged`,
    })
  // Other programs can only make answers slower: what was quick enough beside them stands.
  if (slow && others !== undefined && others > bearable.others)
    limits.push({
      kind: "other programs",
      spoils: "latency",
      reason: `other programs used ${percent(others, 1)} of the machine in the steady phase, more than ${percent(bearable.others, 1)}: latency cannot be judged`,
    })
  return limits
}

const generatorLimits = (summary: K6Summary, { k6Cpu, people, starved }: Conditions): Limit[] => {
  const limits: Limit[] = []
  const add = (kind: LimitKind, reason: string) =>
    limits.push({ kind, spoils: "every threshold", reason: `${reason}: the generator was the limit` })
  if (k6Cpu !== undefined && k6Cpu > bearable.k6Cpu)
    add("generator's CPU", `k6 used ${percent(k6Cpu, 1)} of the machine, more than ${percent(bearable.k6Cpu, 1)}`)
  if (starved !== undefined) add("starved generator", starved)
  const lag = valueOf(summary, "arrival_lag", "p(99)") ?? 0
  if (lag > bearable.lagMs)
    add("late arrivals", `one person in a hundred came ${Math.round(lag)} ms late or more, over ${bearable.lagMs} ms`)
  const dropped = valueOf(summary, "dropped_iterations", "count") ?? 0
  const planned = dropped + (valueOf(summary, "iterations", "count") ?? people)
  if (dropped > planned * missingShareMax)
    add("dropped iterations", `k6 dropped ${dropped} of ${planned} iterations, more than 1 %`)
  const absent = people - (valueOf(summary, "arrivals", "count") ?? people)
  if (absent > people * missingShareMax) add("absent people", `${absent} of ${people} people never came, more than 1 %`)
  return limits
}

const missingShareMax = 0.01

const thresholdCheck = (threshold: Judged, spoiled: boolean, failures: ClientFailure[]): Check => {
  const { name, expression, ok, seen, stat, example } = threshold
  const said = seen === undefined ? "no sample" : `${valueName(stat)} = ${Math.round(seen * 1000) / 1000}`
  if (ok) return { ...passes(`k6 ${name}`, expression, said), judged: !(spoiled && kindOf(threshold) === "latency") }
  return { ...fails(`k6 ${name}`, expression, said, example ?? exampleOf(threshold, said, failures)), judged: !spoiled }
}

/** The first answer that was none of its step's, where answers are on trial. */
const exampleOf = ({ name, metric, tags }: Judged, said: string, failures: ClientFailure[]) => {
  const first = failures.find((each) => tags["step"] === undefined || each.step === tags["step"])
  if (metric !== "http_req_failed" || first === undefined) return `${name} has ${said}`
  return `${first.step} of ${first.account} was answered ${first.status} ${first.why} at ${new Date(first.sent).toISOString()}`
}

/**
 * A percentile means something when a few samples lie above it: 200 for a p99, 40 for a p95. A share that has to be reached
 * means something when one sample more or less does not decide: 20 for 95 %.
 */
const thinnessOf = (threshold: Judged): { kind: "too few samples"; reason: string }[] => {
  const { name, type, stat, sign, limit, ok, samples = 0 } = threshold
  const thin = (why: string) => [
    {
      kind: "too few samples" as const,
      reason: `${name} has ${samples} samples and ${why}: more people or a longer run`,
    },
  ]
  if (type === "rate" && sign.startsWith(">")) {
    const least = Math.ceil(1 / (1 - limit) - 1e-6)
    return ok && samples < least ? thin(`a share of ${percent(limit, 1)} needs ${least}`) : []
  }
  const percentile = percentileOf(stat)
  if (percentile === undefined) return []
  const needed = Math.ceil(2 / (1 - percentile / 100) - 1e-6)
  const why = samples < needed ? `its ${stat} needs ${needed}` : borderlineOf(threshold, percentile / 100)
  return why === undefined ? [] : thin(why)
}

/**
 * So many samples tell a percentile only within a band of ranks, in 95 of 100 cases. Whatever has a limit inside of that band, and
 * was seen over it, may be under it as well.
 */
const borderlineOf = (threshold: Judged, share: number): string | undefined => {
  const { stat, limit, ok, seen = 0, samples = 0, values } = threshold
  if (ok || !isUpper(threshold)) return undefined
  const reach = 1.96 * Math.sqrt((share * (1 - share)) / samples)
  const lowest = Object.keys(values)
    .flatMap((name) => percentileOf(statOf(name)) ?? [])
    .filter((each) => each / 100 <= share - reach && each / 100 >= share - 2 * reach)
    .toSorted((a, b) => b - a)[0]
  if (lowest === undefined || values[`p(${lowest})`]! > limit) return undefined
  return `its ${stat} of ${Math.round(seen)} is too close to ${limit} to tell`
}

const toldOf = (check: Check): Check => {
  const { tooFew, ...told } = check
  return tooFew ? told : check
}

const fewnessOf = ({ name, seen, tooFew }: Check): { kind: "too few samples"; reason: string }[] =>
  tooFew ? [{ kind: "too few samples", reason: `${name} was not judged: ${seen}` }] : []

const unfinishedOf = ({ unfinished }: Conditions): { kind: "too few samples"; reason: string }[] =>
  unfinished === undefined ? [] : [{ kind: "too few samples", reason: `${unfinished}: a longer run is needed` }]

const sentenceOf = ({ name, expected, seen, counterExample }: Check) =>
  `${name}: expected ${expected}; seen ${seen}${counterExample === undefined ? "" : `; first: ${counterExample}`}`
