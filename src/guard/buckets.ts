import { createHash } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import { isRedisAway, type Redis } from "../stores/redis.ts"
import { script } from "../stores/script.ts"
import { later, millis, seconds, type EpochMs, type Millis } from "../units.ts"
import { openLocalBuckets, type Level } from "./local-bucket.ts"
import tokenBucketLua from "./token-bucket.lua" with { type: "text" }

/** `limit` takes in each `window`, of which `burst` (as many as `limit` when left out) may come at once. */
export type Policy = { name: string; limit: number; window: Millis; burst?: number }

export type BucketOutcome = {
  state: "ok" | "limited"
  limit: number
  /** Whole tokens left. */
  remaining: number
  /** Until the bucket is full again. */
  resetAfter: Millis
  /** Until the next take goes through; 0 when this one did. */
  retryAfter: Millis
}

export type BucketLimits = {
  /** Takes that wait for Redis at once; beyond, this process decides by itself. */
  waiting: number
  /** Takes in one script call. */
  batch: number
  /** An answer of Redis that takes longer counts as none. */
  patience: Millis
  /** How long this process decides by itself after Redis gave no answer. */
  away: Millis
  /** Buckets of its own that the process keeps meanwhile. */
  remembered: number
}

export type BucketParts = {
  redis: Redis
  clock: Clock
  log: Log
  /** Slots over which the buckets spread: 1 unless Redis is a Cluster. Every node must name the same number. */
  shards?: number
  limits?: Partial<BucketLimits>
}

type Take = { key: string; policy: Policy; answer: (outcome: BucketOutcome) => void }
type Shard = { waiting: Take[]; busy: boolean }

/** Token buckets in Redis. Takes that come while a call is under way travel together in the next. A take never fails. */
export const openBuckets = ({ redis, clock, log, shards = 1, limits }: BucketParts) => {
  const { waiting, batch, patience, away, remembered } = { ...usualLimits, ...limits }
  const local = openLocalBuckets({ remembered })
  const lanes = Array.from({ length: shards }, (): Shard => ({ waiting: [], busy: false }))
  let unanswered = 0
  let awayUntil: EpochMs | undefined

  const takeHere = (key: string, policy: Policy) => outcomeOf(policy, local.take(key, policy, clock()))

  const take = (policy: Policy, subject: string): Promise<BucketOutcome> => {
    const slot = slotOf(subject, shards)
    const key = `bucket:{${String(slot).padStart(2, "0")}}:${policy.name}:${plain(subject)}`
    if (unanswered >= waiting || isAway()) return Promise.resolve(takeHere(key, policy))
    const lane = lanes[slot]!
    unanswered++
    return new Promise((answer) => {
      lane.waiting.push({ key, policy, answer })
      if (lane.busy) return
      lane.busy = true
      setImmediate(() => void drain(lane))
    })
  }

  const isAway = () => awayUntil !== undefined && clock() < awayUntil

  const drain = async (lane: Shard) => {
    while (lane.waiting.length > 0) await decide(lane.waiting.splice(0, batch))
    lane.busy = false
  }

  const decide = async (takes: Take[]) => {
    const levels = isAway() ? undefined : await ask(takes)
    for (const [index, { key, policy, answer }] of takes.entries())
      answer(levels ? outcomeOf(policy, levels[index]!) : takeHere(key, policy))
    unanswered -= takes.length
  }

  const ask = async (takes: Take[]): Promise<Level[] | undefined> => {
    try {
      const settings = takes.flatMap(({ policy }) => [policy.limit, policy.window, policy.burst ?? policy.limit])
      const keys = takes.map((each) => each.key)
      const levels = await within(patience, takeTokens(redis, {}, { now_ms: clock() }, settings, keys))
      if (levels.length !== takes.length) throw new Error(`Redis answered ${levels.length} of ${takes.length} takes`)
      if (awayUntil !== undefined) log.info("Redis counts the rate limits again")
      awayUntil = undefined
      return levels
    } catch (error) {
      const gravity = error instanceof TooSlow || isRedisAway(error) ? "warn" : "error"
      if (awayUntil === undefined) log[gravity]({ err: error }, "Redis does not count the rate limits: this process does")
      awayUntil = later(clock(), away)
      return undefined
    }
  }

  return { take }
}

const usualLimits: BucketLimits = { waiting: 10_000, batch: 500, patience: millis(250), away: seconds(1), remembered: 50_000 }

const takeTokens = script(tokenBucketLua, {
  keys: [],
  args: ["now_ms"],
  rest: true,
  reply: (raw): Level[] => {
    if (!Array.isArray(raw) || raw[0] !== "took") throw new Error("token-bucket.lua gave an unknown reply")
    return raw.slice(1).map(Number)
  },
})

const outcomeOf = ({ limit, window, burst = limit }: Policy, level: Level): BucketOutcome => {
  const untilGained = (thousandths: number) => millis(Math.ceil((thousandths * window) / limit / 1000))
  return level < 0
    ? { state: "limited", limit, remaining: 0, resetAfter: untilGained((burst - 1) * 1000 - level), retryAfter: untilGained(-level) }
    : { state: "ok", limit, remaining: Math.floor(level / 1000), resetAfter: untilGained(burst * 1000 - level), retryAfter: millis(0) }
}

/** Stays the same over restarts and nodes. */
const slotOf = (subject: string, shards: number) => (shards === 1 ? 0 : Bun.hash.crc32(subject) % shards)

/** Nothing that a stranger wrote gets into a key: what is neither id nor address is there as its hash. */
const plain = (subject: string) =>
  /^[\w.:/-]{1,64}$/.test(subject) ? subject : `hash-${createHash("sha256").update(subject).digest("base64url")}`

class TooSlow extends Error {}

const within = async <T>(patience: Millis, answer: Promise<T>): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const slow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow(`Redis did not answer within ${patience} ms`)), patience)
  })
  try {
    return await Promise.race([answer, slow])
  } finally {
    clearTimeout(timer)
  }
}

/** The headers of draft-ietf-httpapi-ratelimit-headers, and Retry-After when the bucket was empty. */
export const rateLimitHeaders = ({ name, limit, window }: Policy, outcome: BucketOutcome): Record<string, string> => ({
  "RateLimit-Policy": `"${name}";q=${limit};w=${Math.ceil(window / 1000)}`,
  RateLimit: `"${name}";r=${outcome.remaining};t=${Math.ceil(outcome.resetAfter / 1000)}`,
  ...(outcome.state === "limited" ? { "Retry-After": String(Math.max(1, Math.ceil(outcome.retryAfter / 1000))) } : {}),
})
