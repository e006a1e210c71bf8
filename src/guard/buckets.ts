import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import type { Redis } from "../stores/redis.ts"
import { millis, seconds, type Millis } from "../units.ts"
import { openBucketStore, type Take } from "./bucket-store.ts"
import { openLocalBuckets } from "./local-bucket.ts"
import { outcomeOf, type BucketOutcome, type Policy } from "./policy.ts"
import { openSettledBuckets } from "./settled-buckets.ts"

export type BucketLimits = {
  /** Takes that wait for Redis at once; beyond it the process decides by itself. */
  waiting: number
  batch: number
  timeout: Millis
  /** How long the process decides by itself after a failure of Redis. */
  away: Millis
  remembered: number
  settleEvery: Millis
}

export type BucketParts = {
  redis: Redis
  clock: Clock
  log: Log
  /** Slots of a Cluster over which the buckets spread, the same on every node. */
  shards?: number
  limits?: Partial<BucketLimits>
}

type Waiting = Take & { answer: (outcome: BucketOutcome) => void }
type Lane = { waiting: Waiting[]; busy: boolean }

/**
 * Token buckets. `take` asks Redis, in micro-batches; `settled` decides in the process and tells Redis afterwards. Neither ever
 * fails.
 */
export const openBuckets = ({ redis, clock, log, shards = 1, limits }: BucketParts) => {
  const { waiting, batch, timeout, away, remembered, settleEvery } = { ...usualLimits, ...limits }
  const store = openBucketStore({ redis, clock, log, shards, timeout, away })
  const settled = openSettledBuckets({ store, clock, settleEvery, batch, remembered })
  const local = openLocalBuckets({ remembered })
  const lanes = Array.from({ length: shards }, (): Lane => ({ waiting: [], busy: false }))
  let unanswered = 0

  const takeHere = (key: string, policy: Policy) => outcomeOf(policy, local.take(key, policy, clock()))

  const take = (policy: Policy, subject: string): Promise<BucketOutcome> => {
    const slot = store.slotOf(subject)
    const key = store.keyOf(slot, policy, subject)
    if (unanswered >= waiting || store.isAway()) return Promise.resolve(takeHere(key, policy))
    const lane = lanes[slot]!
    unanswered++
    return new Promise((answer) => {
      lane.waiting.push({ key, policy, answer })
      if (lane.busy) return
      lane.busy = true
      setImmediate(() => void drain(lane))
    })
  }

  const drain = async (lane: Lane) => {
    while (lane.waiting.length > 0) await decide(lane.waiting.splice(0, batch))
    lane.busy = false
  }

  const decide = async (takes: Waiting[]) => {
    const levels = await store.ask(takes)
    for (const [index, { key, policy, answer }] of takes.entries())
      answer(levels ? outcomeOf(policy, levels[index]!) : takeHere(key, policy))
    unanswered -= takes.length
  }

  return { take, settled: settled.of, settle: settled.settle }
}

const usualLimits: BucketLimits = {
  waiting: 10_000,
  batch: 500,
  timeout: millis(250),
  away: seconds(1),
  remembered: 50_000,
  settleEvery: millis(100),
}
