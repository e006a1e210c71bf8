import { fails, passes, type Check } from "../model/check.ts"
import type { Conditions } from "../model/conditions.ts"
import type { ClientFailure } from "../model/history.ts"
import type { Verdict } from "../model/verdict.ts"
import { exceptionsMetric, kindOf, thresholdsOf, valueOf, type K6Summary, type Threshold } from "../k6/summary.ts"

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

/** A starved k6 may cut an answer short, and the visit then ends in an exception; nothing else that is banned can come of it. */
const standsAlways = (threshold: Threshold, failures: ClientFailure[]) =>
  (kindOf(threshold) === "ban" && threshold.metric !== exceptionsMetric) || isServersOwn(threshold, failures)

/** The share of failed answers is too large by those alone that say 500 and the like: late people make none of them. */
const isServersOwn = ({ metric, expression, samples = 0 }: Threshold, failures: ClientFailure[]): boolean => {
  const share = /^http_req_failed(?:\{step:([a-z_]+)\})?$/.exec(metric)
  const limit = /^rate<(0?\.\d+)$/.exec(expression)?.[1]
  if (share === null || limit === undefined) return false
  const own = failures.filter(
    ({ step, status }) => status >= 500 && status !== 503 && (share[1] === undefined || share[1] === step),
  )
  return own.length > 0 && own.length >= Number(limit) * samples
}

type Limit = { kind: LimitKind; reason: string; spoils: "latency" | "every threshold" }

const machineLimits = (slow: boolean, { stolen, others }: Conditions): Limit[] => {
  const limits: Limit[] = []
  if (stolen !== undefined && stolen > stolenMax)
    limits.push({
      kind: "steal",
      spoils: "latency",
      reason: `neighbours stole ${percent(stolen)} of the CPU in the steady phase, more than 10 %: latency cannot be judged`,
    })
  // Other programs can only make answers slower: what was quick enough beside them stands.
  if (slow && others !== undefined && others > othersMax)
    limits.push({
      kind: "other programs",
      spoils: "latency",
      reason: `other programs used ${percent(others)} of the machine in the steady phase, more than 20 %: latency cannot be judged`,
    })
  return limits
}

const stolenMax = 0.1
const othersMax = 0.2

const generatorLimits = (summary: K6Summary, { k6Cpu, people, starved }: Conditions): Limit[] => {
  const limits: Limit[] = []
  const add = (kind: LimitKind, reason: string) =>
    limits.push({ kind, spoils: "every threshold", reason: `${reason}: the generator was the limit` })
  if (k6Cpu !== undefined && k6Cpu > k6CpuMax)
    add("generator's CPU", `k6 used ${percent(k6Cpu)} of the machine, more than 80 %`)
  if (starved !== undefined) add("starved generator", starved)
  const lag = valueOf(summary, "arrival_lag", "p(99)") ?? 0
  if (lag > lagMsMax)
    add("late arrivals", `one person in a hundred came ${Math.round(lag)} ms late or more, over 250 ms`)
  const dropped = valueOf(summary, "dropped_iterations", "count") ?? 0
  const planned = dropped + (valueOf(summary, "iterations", "count") ?? people)
  if (dropped > planned * missingShareMax)
    add("dropped iterations", `k6 dropped ${dropped} of ${planned} iterations, more than 1 %`)
  const absent = people - (valueOf(summary, "arrivals", "count") ?? people)
  if (absent > people * missingShareMax) add("absent people", `${absent} of ${people} people never came, more than 1 %`)
  return limits
}

const k6CpuMax = 0.8
const lagMsMax = 250
const missingShareMax = 0.01

const thresholdCheck = (threshold: Threshold, spoiled: boolean, failures: ClientFailure[]): Check => {
  const { metric, expression, ok, seen } = threshold
  const name = `k6 ${metric}` as const
  const said =
    seen === undefined ? "no sample" : `${expression.split(/[<>=!]/)[0]!.trim()} = ${Math.round(seen * 1000) / 1000}`
  if (ok) return { ...passes(name, expression, said), judged: !(spoiled && kindOf(threshold) === "latency") }
  return { ...fails(name, expression, said, threshold.example ?? exampleOf(metric, said, failures)), judged: !spoiled }
}

/** The first answer that was none of its step's, where answers are on trial. */
const exampleOf = (metric: string, said: string, failures: ClientFailure[]) => {
  const step = /^http_req_failed\{.*\bstep:([a-z_]+)/.exec(metric)?.[1]
  const first = failures.find((each) => step === undefined || each.step === step)
  if (!metric.startsWith("http_req_failed") || first === undefined) return `${metric} has ${said}`
  return `${first.step} of ${first.account} was answered ${first.status} ${first.why} at ${new Date(first.sent).toISOString()}`
}

/**
 * A percentile means something when a few samples lie above it: 200 for a p99, 40 for a p95. A share that has to be reached
 * means something when one sample more or less does not decide: 20 for 95 %.
 */
const thinnessOf = (threshold: Threshold): { kind: "too few samples"; reason: string }[] => {
  const { metric, expression, samples = 0 } = threshold
  const share = threshold.type === "rate" ? /^rate>=?(0?\.\d+)$/.exec(expression)?.[1] : undefined
  if (share !== undefined) {
    const least = Math.ceil(1 / (1 - Number(share)) - 1e-6)
    if (!threshold.ok || samples >= least) return []
    const reason = `${metric} has ${samples} samples and a share of ${percent(Number(share))} needs ${least}`
    return [{ kind: "too few samples", reason: `${reason}: more people or a longer run` }]
  }
  const percentile = /^p\((\d+(?:\.\d+)?)\)/.exec(expression)?.[1]
  if (percentile === undefined) return []
  const needed = Math.ceil(2 / (1 - Number(percentile) / 100) - 1e-6)
  const why = samples < needed ? `its p${percentile} needs ${needed}` : borderlineOf(threshold)
  if (why === undefined) return []
  return [
    { kind: "too few samples", reason: `${metric} has ${samples} samples and ${why}: more people or a longer run` },
  ]
}

/**
 * So many samples tell a percentile only within a band of ranks, in 95 of 100 cases. Whatever has a limit inside of that band, and
 * was seen over it, may be under it as well.
 */
const borderlineOf = ({ expression, ok, seen = 0, samples = 0, values }: Threshold): string | undefined => {
  const [, percentile, limit] = /^p\((\d+(?:\.\d+)?)\)<=?(\d+(?:\.\d+)?)$/.exec(expression) ?? []
  if (ok || limit === undefined) return undefined
  const share = Number(percentile) / 100
  const reach = 1.96 * Math.sqrt((share * (1 - share)) / samples)
  const lowest = Object.keys(values)
    .map((name) => Number(/^p\((\d+(?:\.\d+)?)\)$/.exec(name)?.[1] ?? Number.NaN))
    .filter((each) => each / 100 <= share - reach && each / 100 >= share - 2 * reach)
    .toSorted((a, b) => b - a)[0]
  if (lowest === undefined || values[`p(${lowest})`]! > Number(limit)) return undefined
  return `its p${percentile} of ${Math.round(seen)} is too close to ${limit} to tell`
}

/** As it goes into the report. */
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

/** Such as 10.1 %, so that what is just over a limit reads so. */
const percent = (share: number) => `${Math.round(share * 1000) / 10} %`
