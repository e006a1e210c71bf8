import { epochMs, seconds, type EpochMs, type Millis } from "./units.ts"

/** The only source of time. It is passed in, so that tests move it by hand. */
export type Clock = () => EpochMs

/** What this machine says; only to be compared. */
export const wallClock = () => Date.now()

/**
 * Wall time at the start plus what the monotonic clock counted since.
 * A step of the machine's clock (NTP, an operator, a resumed VM) therefore moves nobody's hold, admission or opening.
 * Drift is followed at no more than 1 ms for each 20 ms that pass; beyond `driftMax` it is a step, which waits for the next start.
 */
export const openClock = (
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
  driftMax: Millis = seconds(10),
): Clock => {
  let at = wall()
  let seen = monotonic()
  return () => {
    const now = monotonic()
    const passed = Math.max(0, now - seen)
    seen = now
    at += passed
    const drift = wall() - at
    if (Math.abs(drift) < driftMax) at += Math.max(-passed / 20, Math.min(passed / 20, drift))
    return epochMs(Math.floor(at))
  }
}
