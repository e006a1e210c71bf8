import { epochMs, type EpochMs } from "../units.ts"
import type { Policy } from "./buckets.ts"

/** Thousandths of a token left; below zero nothing was taken and these are missing to the next. As token-bucket.lua replies. */
export type Level = number

type Bucket = { tokens: number; at: EpochMs }

/**
 * The token buckets of this process, for the time that Redis is away. At most `remembered` of them: the one that was taken from
 * longest ago goes first, and starts full when it comes back.
 */
export const openLocalBuckets = ({ remembered }: { remembered: number }) => {
  const buckets = new Map<string, Bucket>()
  return {
    take: (key: string, policy: Policy, now: EpochMs): Level => {
      const { limit, window, burst = policy.limit } = policy
      let { tokens, at } = buckets.get(key) ?? { tokens: burst, at: now }
      // A step back of the clock refills nothing until it has caught up, and that takes no longer than one window.
      const caughtUpBy = Math.min(at, now + window)
      if (now > at) tokens = Math.min(burst, tokens + ((now - at) * limit) / window)
      const taken = tokens >= 1 - 1e-6
      if (taken) tokens = Math.max(0, tokens - 1)
      if (taken || caughtUpBy < at) {
        buckets.delete(key)
        if (buckets.size >= remembered) buckets.delete(buckets.keys().next().value!)
        at = epochMs(Math.max(now, caughtUpBy))
        buckets.set(key, { tokens, at })
      }
      return taken ? Math.floor(tokens * 1000 + 1e-6) : -Math.max(1, Math.ceil((1 - tokens) * 1000 - 1e-6))
    },
    size: () => buckets.size,
  }
}
