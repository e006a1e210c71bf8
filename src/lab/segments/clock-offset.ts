import type { Clock } from "../../clock.ts"
import { epochMs, type EpochMs } from "../../units.ts"

/** In ms, positive when the other clock is ahead of ours; the uncertainty is to either side. */
export type ClockOffset = { offsetMs: number; uncertaintyMs: number }

/**
 * Keeps the fastest of several answers, since the clock was read between question and answer. Both clocks count whole
 * milliseconds, which adds 1 ms of uncertainty.
 */
export const measureOffset = async (ask: () => Promise<EpochMs>, clock: Clock, times = 8): Promise<ClockOffset> => {
  let best: ClockOffset | undefined
  for (let left = times; left > 0; left--) {
    const sent = clock()
    const theirs = await ask()
    const received = clock()
    const doubt = (received - sent) / 2
    if (best === undefined || doubt + 1 < best.uncertaintyMs)
      best = { offsetMs: theirs - (sent + doubt), uncertaintyMs: doubt + 1 }
  }
  return best!
}

/** Covers both measurements and any drift in between. */
export const spanningOffset = (before: ClockOffset, after: ClockOffset): ClockOffset => {
  const least = Math.min(before.offsetMs - before.uncertaintyMs, after.offsetMs - after.uncertaintyMs)
  const most = Math.max(before.offsetMs + before.uncertaintyMs, after.offsetMs + after.uncertaintyMs)
  return { offsetMs: (least + most) / 2, uncertaintyMs: (most - least) / 2 }
}

export const onOurClock = (theirs: EpochMs, { offsetMs }: ClockOffset): EpochMs => epochMs(theirs - offsetMs)
