import { epochMs, type EpochMs } from "../units.ts"
import type { Level, Policy } from "./policy.ts"

/** `tokens` are negative when other nodes have taken more than there was. */
export type Bucket = { tokens: number; at: EpochMs }

export const takeFrom = (bucket: Bucket, policy: Policy, now: EpochMs): Level => {
  const tokens = tokensOf(bucket, policy, now)
  // A clock that stepped back refills nothing until it has caught up, at most one window later.
  const caughtUpBy = Math.min(bucket.at, now + policy.window)
  if (tokens < 1 - 1e-6) {
    bucket.at = epochMs(caughtUpBy)
    return -Math.max(1, Math.ceil((1 - tokens) * 1000 - 1e-6))
  }
  bucket.tokens = Math.max(0, tokens - 1)
  bucket.at = epochMs(Math.max(now, caughtUpBy))
  return Math.floor(bucket.tokens * 1000 + 1e-6)
}

export const tokensOf = ({ tokens, at }: Bucket, { limit, window, burst = limit }: Policy, now: EpochMs) =>
  now > at ? Math.min(burst, tokens + ((now - at) * limit) / window) : tokens

/** Token buckets in memory, while Redis is away. The least recently taken are dropped; a bucket starts full. */
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
