import { fails, passes, type Check } from "./check.ts"
import type { ClientFailure } from "./history.ts"
import { thresholdsOf, valueOf, type K6Summary, type Threshold } from "./k6-summary.ts"

export type Verdict = "PASS" | "FAIL" | "INCONCLUSIVE"

/** How the machine and the generator did. A reading that the system does not offer is absent. */
export type Conditions = {
  /** Share of the CPU that neighbours of the machine took in the steady phase, 0..1. */
  stolen?: number
  /** Share of the whole machine that k6 used in the steady phase, 0..1. */
  k6Cpu?: number
  /** Share of the whole machine that programs outside the test used in the steady phase, 0..1. */
  others?: number
  /** People who were to come. */
  people: number
}

export type Judgement = { verdict: Verdict; failures: string[]; checks: Check[] }

/**
 * PASS needs every threshold and every invariant. A broken invariant is a FAIL whatever the machine did;
 * a threshold counts only when the load was really offered and the machine was ours.
 */
export const judge = (
  summary: K6Summary,
  invariants: Check[],
  conditions: Conditions,
  failures: ClientFailure[] = [],
): Judgement => {
  const limits = limitsOf(summary, conditions)
  const thresholds = thresholdsOf(summary).map((each) => thresholdCheck(each, limits, failures))
  const checks = [...invariants, ...thresholds]
  const broken = checks.filter((each) => each.judged && !each.passed)
  if (broken.length > 0) return { verdict: "FAIL", failures: broken.map(sentenceOf), checks }
  const reasons = [...limits.map((each) => each.reason), ...thinSamples(summary)]
  if (reasons.length > 0) return { verdict: "INCONCLUSIVE", failures: reasons, checks }
  return { verdict: "PASS", failures: [], checks }
}

type Limit = { reason: string; spoils: "latency" | "every threshold" }

const limitsOf = (summary: K6Summary, { stolen, k6Cpu, others, people }: Conditions): Limit[] => {
  const limits: Limit[] = []
  const add = (spoils: Limit["spoils"], reason: string) => limits.push({ spoils, reason })
  if (stolen !== undefined && stolen > 0.1)
    add(
      "latency",
      `neighbours stole ${percent(stolen)} of the CPU in the steady phase, more than 10 %: latency cannot be judged`,
    )
  // Other programs can only make answers slower: what was quick enough beside them stands.
  const slow = thresholdsOf(summary).some(({ metric, ok }) => isLatency(metric) && !ok)
  if (slow && others !== undefined && others > 0.2)
    add(
      "latency",
      `other programs used ${percent(others)} of the machine in the steady phase, more than 20 %: latency cannot be judged`,
    )
  if (k6Cpu !== undefined && k6Cpu > 0.8)
    add("every threshold", `k6 used ${percent(k6Cpu)} of the machine, more than 80 %: the generator was the limit`)
  const lag = valueOf(summary, "arrival_lag", "p(99)") ?? 0
  if (lag > 250)
    add(
      "every threshold",
      `one person in a hundred came ${Math.round(lag)} ms late or more, over 250 ms: the generator was the limit`,
    )
  const absent =
    people - (valueOf(summary, "arrivals", "count") ?? 0) + (valueOf(summary, "dropped_iterations", "count") ?? 0)
  if (absent > people / 100)
    add("every threshold", `${absent} of ${people} people never came, more than 1 %: the generator was the limit`)
  return limits
}

const thresholdCheck = (
  { metric, expression, ok, seen }: Threshold,
  limits: Limit[],
  failures: ClientFailure[],
): Check => {
  const name = `k6 ${metric}`
  const said =
    seen === undefined ? "no sample" : `${expression.split(/[<>=!]/)[0]!.trim()} = ${Math.round(seen * 1000) / 1000}`
  const spoiled = limits.some((each) => each.spoils === "every threshold" || isLatency(metric))
  if (ok) return { ...passes(name, expression, said), judged: !(spoiled && isLatency(metric)) }
  return { ...fails(name, expression, said, exampleOf(metric, said, failures)), judged: !spoiled }
}

const exampleOf = (metric: string, said: string, failures: ClientFailure[]) => {
  const first = failures[0]
  if (metric !== "http_req_failed" || first === undefined) return `${metric} has ${said}`
  return `${first.step} of ${first.account} was answered ${first.status} ${first.why} at ${new Date(first.sent).toISOString()}`
}

const isLatency = (metric: string) => metric.startsWith("http_req_duration")

/** A percentile means something when a few samples lie above it: 200 for a p99, 40 for a p95. */
const thinSamples = (summary: K6Summary): string[] =>
  thresholdsOf(summary).flatMap(({ metric, expression, samples = 0 }) => {
    const percentile = /^p\((\d+(?:\.\d+)?)\)/.exec(expression)?.[1]
    if (percentile === undefined) return []
    const needed = Math.ceil(2 / (1 - Number(percentile) / 100) - 1e-6)
    return samples >= needed
      ? []
      : [`${metric} has ${samples} samples and its p${percentile} needs ${needed}: more people or a longer run`]
  })

const sentenceOf = ({ name, expected, seen, counterExample }: Check) =>
  `${name}: expected ${expected}; seen ${seen}${counterExample === undefined ? "" : `; first: ${counterExample}`}`

const percent = (share: number) => `${Math.round(share * 100)} %`
