import { openBusyShare } from "./busy-share.ts"

/**
 * How much more this process is asked than it can do: 0 for nothing, `pressureMax` for far more. The event loop has to be late for
 * a while, not once, and to have no time left: a loop that others keep from running, or one that collected garbage, is not
 * overloaded, and refusing somebody would help nobody.
 */
export const openPressure = ({
  now = () => performance.now(),
  busyShare = openBusyShare(),
}: { now?: () => number; busyShare?: (wallMs: number) => number } = {}) => {
  let pressure = 0
  let began = now()
  let due = began + everyMs
  let lags: number[] = []
  const judge = (at: number) => {
    const isBusy = busyShare(at - began) >= busyMin
    const excess = Math.min(2, typical(lags) / lagMaxMs - 1)
    const perSecond = excess > 0 && isBusy ? rise * excess : -fall
    pressure = Math.min(pressureMax, Math.max(0, pressure + (perSecond * (at - began)) / 1000))
    began = at
    lags = []
  }
  return {
    /** To be called every `everyMs`. True when the pressure was judged anew. */
    look: (): boolean => {
      const at = now()
      lags.push(Math.max(0, at - due))
      due = at + everyMs
      if (at - began < windowMs || lags.length < looksMin) return false
      judge(at)
      return true
    },
    level: () => pressure,
  }
}

export const everyMs = 10
export const pressureMax = 5
const windowMs = 100
const looksMin = 3
/** A checkout waits for the loop some ten times. */
const lagMaxMs = 15
const busyMin = 0.85
/** A second. From nothing to the top takes 2.5 s at least, and the way back 20 s, so that a flood which is held back does not blink. */
const rise = 1
const fall = 0.25

/** Without the longest, which may be a collection of garbage. */
const typical = (lags: number[]) => {
  let sum = 0
  let longest = 0
  for (const lag of lags) {
    sum += lag
    if (lag > longest) longest = lag
  }
  return (sum - longest) / (lags.length - 1)
}
