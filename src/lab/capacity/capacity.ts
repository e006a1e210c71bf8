import { percent } from "../model/percent.ts"

/** One rate that was held for a while, and what came of it. Times in ms. */
export type Step = {
  rate: number
  answeredPerSecond: number
  failedShare: number
  /** From the planned moment of a request to its answer. */
  p95Ms: number
  /** How much later than planned the generator itself sent, of those that had nothing else to wait for. */
  lateP95Ms: number
  from: number
  until: number
}

export const breachOf = ({ rate, answeredPerSecond, failedShare, p95Ms }: Step): string | undefined => {
  if (failedShare > limits.failedShare) return `${percent(failedShare)} of the requests failed`
  if (p95Ms > limits.p95Ms) return `the p95 was ${Math.round(p95Ms)} ms`
  if (answeredPerSecond < rate * limits.answeredShare)
    return `only ${Math.round(answeredPerSecond)} of ${Math.round(rate)} requests per second were answered`
  return undefined
}

const limits = { failedShare: 0.01, p95Ms: 200, answeredShare: 0.9 } as const

/**
 * The rate to try next: doubled until it breaks, then between the highest that held and the lowest that broke, until the two are close.
 * A rate breaks when it broke twice, for one hiccup proves nothing. Undefined when there is nothing left to learn below `most`.
 */
export const nextRate = (steps: Step[], most: number): number | undefined => {
  const { held, broke } = boundsOf(steps)
  const last = steps.at(-1)
  if (last !== undefined && breachOf(last) !== undefined && last.rate !== broke?.rate) return last.rate
  if (broke === undefined) {
    if (held === undefined) return Math.min(firstRate, most)
    return held.rate < most ? Math.min(held.rate * 2, most) : undefined
  }
  if (held === undefined) return broke.rate / 2 >= leastRate ? broke.rate / 2 : undefined
  return broke.rate / held.rate <= closeEnough ? undefined : Math.sqrt(held.rate * broke.rate)
}

const firstRate = 400
const leastRate = 10
const closeEnough = 1.12

export const boundsOf = (steps: Step[]): { held?: Step; broke?: Step } => {
  const broken = steps.filter((each) => breachOf(each) !== undefined)
  const broke = broken
    .filter((each, index) => broken.findIndex(({ rate }) => rate === each.rate) < index)
    .toSorted((a, b) => a.rate - b.rate)[0]
  const held = steps
    .filter((each) => breachOf(each) === undefined && (broke === undefined || each.rate < broke.rate))
    .toSorted((a, b) => b.rate - a.rate)[0]
  return { held, broke }
}
