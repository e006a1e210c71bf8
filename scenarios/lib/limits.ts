import type { Step } from "./metrics.ts"

/** The highest percentile that so many samples show: two of them have to lie above it. */
export const tailOf = (samples: number) => {
  if (samples >= 200) return "p(99)"
  if (samples >= 40) return "p(95)"
  return samples >= 20 ? "p(90)" : "med"
}

/** Answers of a step within so many ms, at the tail that `samples` of them show; that many have to come. */
export const within = (step: Step, ms: number, samples: number): Record<string, string[]> => ({
  [`http_req_duration{step:${step}}`]: [`${tailOf(samples)}<${ms}`],
})

/** The two limits that every scenario has, for a crowd of which only so many join and ask for their place. */
export const queueLimits = (joins: number, polls: number): Record<string, string[]> => ({
  ...within("join", 500, joins),
  "http_req_duration{step:status,phase:steady}": [`${tailOf(polls)}<200`],
})
