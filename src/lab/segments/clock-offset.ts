import type { Clock } from "../../clock.ts"
import { epochMs, type EpochMs } from "../../units.ts"

/** How far another clock is ahead of ours, in ms, and by how much that may be wrong either way. */
export type ClockOffset = { offsetMs: number; uncertaintyMs: number }

/**
 * Asks the other clock a few times and keeps the quickest answer: it was read somewhere between question and answer.
 * Both clocks count whole milliseconds, which is 1 ms more of doubt.
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

/** What holds from the first measurement to the second: both, and whatever the clocks drifted in between. */
export const spanningOffset = (before: ClockOffset, after: ClockOffset): ClockOffset => {
  const least = Math.min(before.offsetMs - before.uncertaintyMs, after.offsetMs - after.uncertaintyMs)
  const most = Math.max(before.offsetMs + before.uncertaintyMs, after.offsetMs + after.uncertaintyMs)
  return { offsetMs: (least + most) / 2, uncertaintyMs: (most - least) / 2 }
}

export const onOurClock = (theirs: EpochMs, { offsetMs }: ClockOffset): EpochMs => epochMs(theirs - offsetMs)
