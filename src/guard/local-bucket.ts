import { epochMs, type EpochMs } from "../units.ts"
import type { Level, Policy } from "./policy.ts"

/** `tokens` are below zero when other nodes have taken more than there was. */
export type Bucket = { tokens: number; at: EpochMs }

/** Takes one token from a bucket of this process, when there is one. */
export const takeFrom = (bucket: Bucket, policy: Policy, now: EpochMs): Level => {
  const tokens = tokensOf(bucket, policy, now)
  // A step back of the clock refills nothing until it has caught up, and that takes no longer than one window.
  const caughtUpBy = Math.min(bucket.at, now + policy.window)
  if (tokens < 1 - 1e-6) {
    bucket.at = epochMs(caughtUpBy)
    return -Math.max(1, Math.ceil((1 - tokens) * 1000 - 1e-6))
  }
  bucket.tokens = Math.max(0, tokens - 1)
  bucket.at = epochMs(Math.max(now, caughtUpBy))
  return Math.floor(bucket.tokens * 1000 + 1e-6)
}

/** What the bucket has come to hold until `now`. */
export const tokensOf = ({ tokens, at }: Bucket, { limit, window, burst = limit }: Policy, now: EpochMs) =>
  now > at ? Math.min(burst, tokens + ((now - at) * limit) / window) : tokens

/**
 * The token buckets of this process, for the time that Redis is away. At most `remembered` of them: the one that was taken from
 * longest ago goes first, and starts full when it comes back.
 */
export const openLocalBuckets = ({ remembered }: { remembered: number }) => {
  const buckets = new Map<string, Bucket>()
  return {
    take: (key: string, policy: Policy, now: EpochMs): Level => {
      const bucket = buckets.get(key) ?? { tokens: policy.burst ?? policy.limit, at: now }
      const level = takeFrom(bucket, policy, now)
      if (level < 0) return level
      buckets.delete(key)
      if (buckets.size >= remembered) buckets.delete(buckets.keys().next().value!)
      buckets.set(key, bucket)
      return level
    },
    size: () => buckets.size,
  }
}
