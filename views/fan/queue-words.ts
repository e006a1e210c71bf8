import { whole } from "../shared/words.ts"

/** waiting.js says these two in the same words. */
export const waitText = (p50Ms: number, p90Ms: number) => {
  if (p90Ms < 60_000) return "less than a minute"
  const [unitMs, unit] = p90Ms < 7_200_000 ? [60_000, "min"] : [3_600_000, "h"]
  const [least, most] = [Math.max(1, Math.round(p50Ms / unitMs)), Math.max(1, Math.ceil(p90Ms / unitMs))]
  return least >= most ? `about ${most} ${unit}` : `about ${least} to ${most} ${unit}`
}

export const aheadText = (ahead: number) => {
  if (ahead === 0) return "You are next"
  return ahead === 1 ? "1 person ahead of you" : `${whole(ahead)} people ahead of you`
}
