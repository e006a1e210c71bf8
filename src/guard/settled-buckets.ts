import type { Clock } from "../clock.ts"
import type { EpochMs, Millis } from "../units.ts"
import type { BucketStore, Take } from "./bucket-store.ts"
import { takeFrom, tokensOf, type Bucket } from "./local-bucket.ts"
import { outcomeOf, type BucketOutcome, type Policy } from "./policy.ts"
import { openTwoGenerationCache } from "./two-generation-cache.ts"

export type SettledParts = {
  store: BucketStore
  clock: Clock
  settleEvery: Millis
  /** Subjects in one script call; it is sent at once when so many are due. */
  batch: number
  /** Subjects kept per policy, and due at most; a forgotten bucket starts full. */
  remembered: number
}

type Settled = Bucket & { policy: Policy; slot: number; key: string; spent: number; since: EpochMs }
type Settling = SettledParts & {
  due: Settled[]
  timer: Timer | undefined
  underWay: Promise<void> | undefined
}
export type SettledBuckets = ReturnType<typeof bucketsOf>

/**
 * Buckets that are decided in this process at once and settled with Redis afterwards: takes go there in bulk, and the level that
 * all nodes share comes back. One node is exact. Each further node may give one burst more within `settleEvery`; the excess is
 * owed, so that the rate holds in the long run. While Redis is away each node counts its own takes.
 */
export const openSettledBuckets = (parts: SettledParts) => {
  const settling: Settling = { ...parts, due: [], timer: undefined, underWay: undefined }
  return { of: (policy: Policy) => bucketsOf(settling, policy), settle: () => settle(settling) }
}

const bucketsOf = (settling: Settling, policy: Policy) => {
  const { store, clock, remembered } = settling
  const buckets = openTwoGenerationCache<string, Settled>(remembered)

  const fullBucket = (subject: string): Settled => {
    const slot = store.slotOf(subject)
    const key = store.keyOf(slot, policy, subject)
    const tokens = policy.burst ?? policy.limit
    const bucket = { policy, slot, key, spent: 0, since: clock(), tokens, at: clock() }
    buckets.set(subject, bucket)
    return bucket
  }

  return {
    policy,
    take: (subject: string): BucketOutcome => {
      const bucket = buckets.get(subject) ?? fullBucket(subject)
      const level = takeFrom(bucket, policy, clock())
      if (level >= 0) spend(settling, bucket)
      return outcomeOf(policy, level)
    },
    size: buckets.size,
  }
}

const spend = (settling: Settling, bucket: Settled) => {
  if (bucket.spent++ > 0) return
  bucket.since = bucket.at
  const { due, remembered, batch } = settling
  if (due.length >= remembered) return void (bucket.spent = 0)
  due.push(bucket)
  if (due.length >= batch) void settle(settling)
  else settleSoon(settling)
}

const settleSoon = (settling: Settling) => {
  settling.timer ??= setTimeout(() => void settle(settling), settling.settleEvery).unref()
}

/** One at a time. When Redis is away the buckets stay as they are. */
const settle = (settling: Settling): Promise<void> =>
  (settling.underWay ??= settleAll(settling).finally(() => {
    settling.underWay = undefined
    if (settling.due.length > 0) settleSoon(settling)
  }))

const settleAll = async (settling: Settling) => {
  clearTimeout(settling.timer)
  settling.timer = undefined
  const { due, batch } = settling
  settling.due = []
  for (const ofSlot of Map.groupBy(due, (each) => each.slot).values())
    for (let from = 0; from < ofSlot.length; from += batch)
      await settleBatch(settling, ofSlot.slice(from, from + batch))
}

const settleBatch = async ({ store, clock }: Settling, buckets: Settled[]) => {
  const takes = buckets.map(({ key, policy, spent, since }): Take => ({ key, policy, spent: { count: spent, since } }))
  for (const bucket of buckets) bucket.spent = 0
  const askedAt = clock()
  const levels = await store.ask(takes)
  if (levels) for (const [index, bucket] of buckets.entries()) correct(bucket, levels[index]! / 1000, askedAt)
}

/** Redis knows of other nodes, this process of takes since it asked and of those that Redis lost: the lower level is true. */
const correct = (bucket: Settled, sharedTokens: number, askedAt: EpochMs) => {
  const at = bucket.at > askedAt ? bucket.at : askedAt
  const shared = tokensOf({ tokens: sharedTokens, at: askedAt }, bucket.policy, at) - bucket.spent
  if (shared + levelStep >= tokensOf(bucket, bucket.policy, at)) return
  bucket.tokens = shared
  bucket.at = at
}

/** Redis tells levels in thousandths, rounded down. */
const levelStep = 0.001
