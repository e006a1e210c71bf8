import { createHash } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import { isRedisAway, type Redis } from "../stores/redis.ts"
import { script } from "../stores/script.ts"
import { later, type EpochMs, type Millis } from "../units.ts"
import type { Level, Policy } from "./policy.ts"
import tokenBucketLua from "./token-bucket.lua" with { type: "text" }

/** A take for Redis to decide; with `spent`, takes that were decided here, the first of them at `since`. */
export type Take = { key: string; policy: Policy; spent?: { count: number; since: EpochMs } }

export type BucketStoreParts = {
  redis: Redis
  clock: Clock
  log: Log
  shards: number
  timeout: Millis
  /** How long Redis is not asked after a failure. */
  away: Millis
}

export const openBucketStore = ({ redis, clock, log, shards, timeout, away }: BucketStoreParts) => {
  let awayUntil: EpochMs | undefined

  const isAway = () => awayUntil !== undefined && clock() < awayUntil

  /** Undefined when Redis did not answer. All takes are of one slot. */
  const ask = async (takes: Take[]): Promise<Level[] | undefined> => {
    if (isAway()) return undefined
    try {
      const now = clock()
      const settings = takes.flatMap(({ policy: { limit, window, burst = limit }, spent }) => [
        limit,
        window,
        burst,
        spent?.count ?? 0,
        spent?.since ?? now,
      ])
      const keys = takes.map((each) => each.key)
      const levels = await within(timeout, takeTokens(redis, {}, { now_ms: now }, settings, keys))
      if (levels.length !== takes.length) throw new Error(`Redis answered ${levels.length} of ${takes.length} takes`)
      if (awayUntil !== undefined) log.info({}, "Redis counts the rate limits again")
      awayUntil = undefined
      return levels
    } catch (error) {
      const level = error instanceof TimedOut || isRedisAway(error) ? "warn" : "error"
      if (awayUntil === undefined) log[level]({ error }, "Redis does not count the rate limits: this process does")
      awayUntil = later(clock(), away)
      return undefined
    }
  }

  return {
    ask,
    isAway,
    slotOf: (subject: string) => (shards === 1 ? 0 : Bun.hash.crc32(subject) % shards),
    keyOf: (slot: number, policy: Policy, subject: string) =>
      `bucket:{${String(slot).padStart(2, "0")}}:${policy.name}:${plain(subject)}`,
  }
}

export type BucketStore = ReturnType<typeof openBucketStore>

const takeTokens = script(tokenBucketLua, {
  keys: [],
  args: ["now_ms"],
  rest: true,
  reply: (raw): Level[] => {
    if (!Array.isArray(raw) || raw[0] !== "took") throw new Error("token-bucket.lua gave an unknown reply")
    return raw.slice(1).map(Number)
  },
})

/** Free text is hashed, so that no stranger writes into a key. */
const plain = (subject: string) =>
  /^[\w.:/-]{1,64}$/.test(subject) ? subject : `hash-${createHash("sha256").update(subject).digest("base64url")}`

class TimedOut extends Error {}

const within = async <T>(timeout: Millis, answer: Promise<T>): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const slow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimedOut(`Redis did not answer within ${timeout} ms`)), timeout)
  })
  try {
    return await Promise.race([answer, slow])
  } finally {
    clearTimeout(timer)
  }
}
