import type { Clock } from "../clock.ts"
import type { EpochMs, Millis } from "../units.ts"
import type { BucketStore, Take } from "./bucket-store.ts"
import { outcomeOf, type BucketOutcome, type Policy } from "./buckets.ts"
import { takeFrom, tokensOf, type Bucket } from "./local-bucket.ts"
import { openMemory } from "./memory.ts"

export type SettledParts = {
  store: BucketStore
  clock: Clock
  /** Between a take and the moment at which Redis hears of it. */
  settleEvery: Millis
  /** Subjects in one script call; when so many are due it goes out at once. */
  batch: number
  /** Subjects that this process keeps per policy, and that may wait for Redis; one that is forgotten starts full when it comes back. */
  remembered: number
}

/** `spent` takes are not told yet, the first of them was at `since`. */
type Settled = Bucket & { policy: Policy; slot: number; key: string; spent: number; since: EpochMs }

/**
 * Buckets that are decided in this process at once, and settled with Redis afterwards: what was taken here goes there in bulk, and
 * the level that all nodes share comes back. On one node that is exact. Of several nodes each further one may give one burst more
 * until it has settled, which takes `settleEvery`; what was too much is owed, so that the rate holds in the long run. While Redis is
 * away each node counts its own takes.
 */
export const openSettledBuckets = ({ store, clock, settleEvery, batch, remembered }: SettledParts) => {
  let due: Settled[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let settling: Promise<void> | undefined

  const owe = (bucket: Settled) => {
    if (bucket.spent++ > 0) return
    bucket.since = bucket.at
    if (due.length >= remembered) return void (bucket.spent = 0)
    due.push(bucket)
    if (due.length >= batch) void settle()
    else timer ??= setTimeout(() => void settle(), settleEvery).unref()
  }

  /** Tells Redis what is due; one at a time. */
  const settle = (): Promise<void> =>
    (settling ??= settleAll().finally(() => {
      settling = undefined
      if (due.length > 0) timer ??= setTimeout(() => void settle(), settleEvery).unref()
    }))

  const settleAll = async () => {
    clearTimeout(timer)
    timer = undefined
    const settled = due
    due = []
    for (const ofSlot of Map.groupBy(settled, (each) => each.slot).values())
      for (let from = 0; from < ofSlot.length; from += batch) await settleSome(ofSlot.slice(from, from + batch))
  }

  const settleSome = async (buckets: Settled[]) => {
    const takes = buckets.map(({ key, policy, spent, since }): Take => ({
      key,
      policy,
      spent: { count: spent, since },
    }))
    for (const bucket of buckets) bucket.spent = 0
    const askedAt = clock()
    const levels = await store.ask(takes)
    if (levels) for (const [index, bucket] of buckets.entries()) correct(bucket, levels[index]! / 1000, askedAt)
  }

  /** Redis may know of takes elsewhere, this process of takes since then, and of those that Redis has forgotten: the lower one is true. */
  const correct = (bucket: Settled, sharedTokens: number, askedAt: EpochMs) => {
    const at = bucket.at > askedAt ? bucket.at : askedAt
    const shared = tokensOf({ tokens: sharedTokens, at: askedAt }, bucket.policy, at) - bucket.spent
    if (shared + levelStep >= tokensOf(bucket, bucket.policy, at)) return
    bucket.tokens = shared
    bucket.at = at
  }

  return {
    settle,
    /** The buckets of one policy. A take costs no store. */
    of: (policy: Policy) => {
      const buckets = openMemory<string, Settled>(remembered)
      const fresh = (subject: string): Settled => {
        const slot = store.slotOf(subject)
        const bucket = {
          policy,
          slot,
          key: store.keyOf(slot, policy, subject),
          spent: 0,
          since: clock(),
          tokens: policy.burst ?? policy.limit,
          at: clock(),
        }
        buckets.set(subject, bucket)
        return bucket
      }
      return {
        policy,
        take: (subject: string): BucketOutcome => {
          const bucket = buckets.get(subject) ?? fresh(subject)
          const level = takeFrom(bucket, policy, clock())
          if (level >= 0) owe(bucket)
          return outcomeOf(policy, level)
        },
        size: buckets.size,
      }
    },
  }
}

/** Redis tells levels in thousandths, rounded down. */
const levelStep = 0.001

export type SettledBuckets = ReturnType<ReturnType<typeof openSettledBuckets>["of"]>
