import type { EpochMs } from "../units.ts"

type Sample = { at: EpochMs; advanced: number; waiting: number }
export type Pace = { measuredPerMinute: number; waitMsPerPosition: { p50: number; p90: number } }

/**
 * The measured rate over the last minute, and percentiles of the wait per position over the last ten. The configured rate stands
 * in until something was measured.
 */
export const openPace = () => {
  const samples: Sample[] = []
  let measured: Pace | undefined
  let measuredFor = 0

  return {
    add(sample: Sample) {
      const last = samples.at(-1)
      if (last && (sample.at < last.at || sample.advanced < last.advanced)) samples.length = 0
      else if (last && sample.at - last.at < sampleEveryMs) return
      samples.push(sample)
      while (samples[0]!.at < sample.at - windowMs) samples.shift()
      measured = undefined
    },
    measure(admitPerMinute: number): Pace {
      if (measured && measuredFor === admitPerMinute) return measured
      measuredFor = admitPerMinute
      return (measured = { measuredPerMinute: recentRate(samples), waitMsPerPosition: waits(samples, admitPerMinute) })
    },
  }
}

const sampleEveryMs = 1000
const windowMs = 600_000
const recentMs = 60_000
const sliceMs = 10_000
/** Fewer slices say little about the spread. */
const slicesMin = 3

const recentRate = (samples: Sample[]) => {
  const last = samples.at(-1)
  const first = last && samples.find((each) => each.at >= last.at - recentMs)
  if (!last || !first || last.at === first.at) return 0
  return Math.round(((last.advanced - first.advanced) * 60_000) / (last.at - first.at))
}

const waits = (samples: Sample[], admitPerMinute: number) => {
  const slices = slicesOf(samples).toSorted((a, b) => a - b)
  const mean = slices.reduce((sum, each) => sum + each, 0) / slices.length
  if (!(mean > 0)) {
    const configured = 60_000 / Math.max(admitPerMinute, 1)
    return { p50: configured, p90: configured * 1.5 }
  }
  if (slices.length < slicesMin) return { p50: 1 / mean, p90: 1.5 / mean }
  // A slice without progress means a long wait, not an endless one.
  const slowest = mean / 10
  const p50 = 1 / Math.max(slices[Math.floor(slices.length / 2)]!, slowest)
  return { p50, p90: Math.max(p50, 1 / Math.max(slices[Math.floor(slices.length / 10)]!, slowest)) }
}

const slicesOf = (samples: Sample[]) => {
  const slices: number[] = []
  let from = samples[0]
  for (const sample of samples) {
    if (!from || sample.at - from.at < sliceMs) continue
    const advanced = sample.advanced - from.advanced
    if (advanced > 0 || (slices.length > 0 && from.waiting > 0)) slices.push(advanced / (sample.at - from.at))
    from = sample
  }
  const last = samples.at(-1)
  if (slices.length === 0 && from && last && last.at > from.at && last.advanced > from.advanced)
    slices.push((last.advanced - from.advanced) / (last.at - from.at))
  return slices
}
