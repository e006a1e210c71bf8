import { millis, type Millis } from "../../units.ts"

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** "10s", "1m30s", "500ms", "2h"; anything else gives undefined. */
export const lookupDuration = (text: string): Millis | undefined => {
  if (!/^(\d{1,6}(\.\d{1,3})?(ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    total += Number(count) * unitMs[unit as keyof typeof unitMs]
  return millis(Math.round(total))
}

/** As people write it: 90,000 ms are "1m30s". */
export const durationText = (length: Millis): string => {
  if (length % 1000 !== 0) return length < 1000 ? `${length}ms` : `${length / 1000}s`
  const minutes = Math.floor(length / 60_000)
  const seconds = (length % 60_000) / 1000
  if (minutes === 0) return `${seconds}s`
  return seconds === 0 ? `${minutes}m` : `${minutes}m${seconds}s`
}
