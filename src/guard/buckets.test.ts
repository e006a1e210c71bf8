import { beforeAll, expect, test } from "bun:test"
import fc from "fast-check"
import { silentLog, type Log } from "../log.ts"
import type { Redis } from "../stores/redis.ts"
import { stores } from "../testing/stores.ts"
import { epochMs, later, millis, minutes, seconds, type EpochMs, type Millis } from "../units.ts"
import { openBuckets, type BucketLimits } from "./buckets.ts"
import { openLocalBuckets } from "./local-bucket.ts"
import type { BucketOutcome, Policy } from "./policy.ts"
import { rateLimitHeaders } from "./rate-limit-headers.ts"

const start = epochMs(Date.parse("2027-05-01T10:00:00Z"))
let cache: Redis
beforeAll(async () => {
  cache = (await stores()).cache
})

let policies = 0
/** A name of its own for each test, so that they share no bucket. */
const policy = (limit: number, window: Millis, burst?: number): Policy => ({
  name: `test-${policies++}`,
  limit,
  window,
  burst,
})

const freshBuckets = ({
  redis = cache,
  shards,
  limits,
  log = silentLog,
}: { redis?: Redis; shards?: number; limits?: Partial<BucketLimits>; log?: Log } = {}) => {
  let now = start
  const buckets = openBuckets({ redis, clock: () => now, log, shards, limits })
  return { ...buckets, moveTo: (at: EpochMs) => void (now = at), wait: (by: Millis) => void (now = later(now, by)) }
}

/** The real client, with its script calls counted, or answered by the test. */
const wrapped = (evalsha: (call: () => Promise<unknown>, keys: number) => Promise<unknown>) =>
  new Proxy(cache, {
    get: (target, name) => {
      if (name === "evalsha")
        return (sha: string, keys: number, ...rest: (string | number)[]) =>
          evalsha(() => target.evalsha(sha, keys, ...rest), keys)
      const member: unknown = Reflect.get(target, name)
      return typeof member === "function" ? member.bind(target) : member
    },
  })

const states = (outcomes: BucketOutcome[]) => outcomes.map((each) => each.state)
const keysOf = ({ name }: Policy) => cache.keys(`bucket:*:${name}:*`)

test("a subject takes its burst at once, then as fast as the bucket fills", async () => {
  const { take, wait } = freshBuckets()
  const joins = policy(60, minutes(1), 3)
  const outcomes = [
    await take(joins, "ada"),
    await take(joins, "ada"),
    await take(joins, "ada"),
    await take(joins, "ada"),
  ]
  expect(outcomes).toEqual([
    { state: "ok", limit: 60, remaining: 2, resetAfter: seconds(1), retryAfter: millis(0) },
    { state: "ok", limit: 60, remaining: 1, resetAfter: seconds(2), retryAfter: millis(0) },
    { state: "ok", limit: 60, remaining: 0, resetAfter: seconds(3), retryAfter: millis(0) },
    { state: "limited", limit: 60, remaining: 0, resetAfter: seconds(3), retryAfter: seconds(1) },
  ])
  wait(millis(999))
  expect(await take(joins, "ada")).toMatchObject({ state: "limited", retryAfter: millis(1) })
  wait(millis(1))
  expect(states([await take(joins, "ada"), await take(joins, "ada")])).toEqual(["ok", "limited"])
})

test("subjects and policies have buckets of their own", async () => {
  const { take } = freshBuckets()
  const [joins, checkouts] = [policy(1, minutes(1)), policy(1, minutes(1))]
  const outcomes = await Promise.all([
    take(joins, "ada"),
    take(joins, "bob"),
    take(checkouts, "ada"),
    take(joins, "ada"),
  ])
  expect(states(outcomes)).toEqual(["ok", "ok", "ok", "limited"])
})

test("two nodes share one bucket", async () => {
  const [here, there] = [freshBuckets(), freshBuckets()]
  const joins = policy(2, minutes(1))
  expect(
    states([await here.take(joins, "ada"), await there.take(joins, "ada"), await here.take(joins, "ada")]),
  ).toEqual(["ok", "ok", "limited"])
})

test("every key that was ever written expires, soon after its bucket is full again", async () => {
  const { take, wait } = freshBuckets()
  const joins = policy(30, minutes(1))
  for (let round = 0; round < 40; round++) {
    await Promise.all(["ada", "bob", "cyd", "a".repeat(100)].map((subject) => take(joins, subject)))
    wait(millis(50))
  }
  const keys = await keysOf(joins)
  expect(keys).toHaveLength(4)
  for (const key of keys) {
    const left = await cache.pttl(key)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(61_000)
  }
  const [quick] = [policy(1000, seconds(1))]
  await take(quick, "ada")
  expect(await cache.pttl((await keysOf(quick))[0]!)).toBeLessThanOrEqual(1001)
})

test("a refusal writes nothing", async () => {
  const { take } = freshBuckets()
  const joins = policy(1, minutes(1))
  await take(joins, "ada")
  const [key] = await keysOf(joins)
  const before = await cache.getBuffer(key!)
  expect(states(await Promise.all(Array.from({ length: 20 }, () => take(joins, "ada"))))).not.toContain("ok")
  expect(before).toHaveLength(16)
  expect(await cache.getBuffer(key!)).toEqual(before!)
})

test("a clock that steps back refills nothing, and holds nobody up for more than a window", async () => {
  const { take, moveTo } = freshBuckets()
  const joins = policy(2, minutes(1))
  expect(states([await take(joins, "ada"), await take(joins, "ada")])).toEqual(["ok", "ok"])
  moveTo(later(start, minutes(-60)))
  expect((await take(joins, "ada")).state).toBe("limited")
  moveTo(later(start, minutes(-59)))
  expect((await take(joins, "ada")).state).toBe("limited")
  moveTo(later(start, minutes(-58.5)))
  expect((await take(joins, "ada")).state).toBe("ok")
  expect(await cache.pttl((await keysOf(joins))[0]!)).toBeGreaterThan(0)
})

test("two nodes whose clocks differ give no more than one clock would", async () => {
  const [ahead, behind] = [freshBuckets(), freshBuckets()]
  const joins = policy(60, minutes(1), 5)
  ahead.wait(seconds(2))
  let taken = 0
  for (let tenth = 0; tenth < 100; tenth++) {
    for (const node of [ahead, behind]) {
      if ((await node.take(joins, "ada")).state === "ok") taken++
      node.wait(millis(100))
    }
  }
  expect(taken).toBeGreaterThanOrEqual(14)
  expect(taken).toBeLessThanOrEqual(17)
})

test("takes of one turn travel in one call, those that come meanwhile in the next", async () => {
  const calls: number[] = []
  const { take } = freshBuckets({ redis: wrapped((call, keys) => (calls.push(keys), call())) })
  const joins = policy(1000, minutes(1))
  await take(joins, "warm")
  calls.length = 0
  const first = Array.from({ length: 100 }, (_, n) => take(joins, `a${n}`))
  const second = first[0]!.then(() => Promise.all(Array.from({ length: 50 }, (_, n) => take(joins, `b${n}`))))
  expect(states(await Promise.all(first))).not.toContain("limited")
  await second
  expect(calls).toEqual([100, 50])
})

test("one call is under way at a time, however many takes come meanwhile", async () => {
  let running = 0
  let mostAtOnce = 0
  const redis = wrapped(async (call) => {
    mostAtOnce = Math.max(mostAtOnce, ++running)
    for (let turn = 0; turn < 5; turn++) await Bun.sleep(0)
    return call().finally(() => running--)
  })
  const { take } = freshBuckets({ redis, limits: { timeout: seconds(5) } })
  const joins = policy(1000, minutes(1))
  const taken: Promise<BucketOutcome>[] = []
  for (let n = 0; n < 50; n++) {
    taken.push(take(joins, "ada"))
    await Bun.sleep(0)
  }
  expect(states(await Promise.all(taken))).not.toContain("limited")
  expect(mostAtOnce).toBe(1)
})

test("places of takes that were answered are free again", async () => {
  const calls: number[] = []
  const { take } = freshBuckets({ redis: wrapped((call, keys) => (calls.push(keys), call())), limits: { waiting: 2 } })
  const joins = policy(1000, minutes(1))
  for (let n = 0; n < 10; n++) await Promise.all([take(joins, "ada"), take(joins, "bob")])
  expect(calls).toEqual(Array.from({ length: 10 }, () => 2))
})

test("a value that is no bucket counts as a full one", async () => {
  const { take } = freshBuckets()
  const joins = policy(1, minutes(1))
  await cache.set(`bucket:{00}:${joins.name}:ada`, "something else", "PX", 60_000)
  expect(states([await take(joins, "ada"), await take(joins, "ada")])).toEqual(["ok", "limited"])
})

test("a call carries no more takes than its bound", async () => {
  const calls: number[] = []
  const { take } = freshBuckets({ redis: wrapped((call, keys) => (calls.push(keys), call())), limits: { batch: 8 } })
  const joins = policy(20, minutes(1))
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => take(joins, "ada")))
  expect(outcomes.filter((each) => each.state === "ok")).toHaveLength(20)
  expect(calls).toEqual([8, 8, 8, 6])
})

test("parallel takes of one subject on several nodes never give more than the burst", async () => {
  const nodes = Array.from({ length: 4 }, () => freshBuckets())
  const joins = policy(100, minutes(1), 37)
  const outcomes = await Promise.all(Array.from({ length: 400 }, (_, n) => nodes[n % 4]!.take(joins, "ada")))
  expect(outcomes.filter((each) => each.state === "ok")).toHaveLength(37)
})

test("shards spread subjects over slots, always the same one for a subject", async () => {
  const [here, there] = [freshBuckets({ shards: 8 }), freshBuckets({ shards: 8 })]
  const joins = policy(1, minutes(1))
  const subjects = Array.from({ length: 64 }, (_, n) => `fan-${n}`)
  expect(states(await Promise.all(subjects.map((each) => here.take(joins, each))))).not.toContain("limited")
  expect(states(await Promise.all(subjects.map((each) => there.take(joins, each))))).not.toContain("ok")
  const slots = new Set((await keysOf(joins)).map((key) => /\{(\d\d)\}/.exec(key)?.[1]))
  expect(slots.size).toBe(8)
})

test("a subject that is no id or address stands in a key as its hash", async () => {
  const { take } = freshBuckets()
  const joins = policy(1, minutes(1))
  await take(joins, "x} *\r\nFLUSHALL")
  await take(joins, "2001:db8::/64")
  const keys = (await keysOf(joins)).sort()
  expect(keys[0]).toBe(`bucket:{00}:${joins.name}:2001:db8::/64`)
  expect(keys[1]).toMatch(/^bucket:\{00\}:test-\d+:hash-[\w-]{43}$/)
})

test("Redis that forgot the script is taught it again", async () => {
  const { take } = freshBuckets()
  const joins = policy(2, minutes(1))
  await take(joins, "ada")
  await cache.script("FLUSH")
  expect(states([await take(joins, "ada"), await take(joins, "ada")])).toEqual(["ok", "limited"])
})

test("while Redis is away the process decides by itself, and asks again after a second", async () => {
  let asked = 0
  let away = true
  const lines: string[] = []
  const log: Log = {
    ...silentLog,
    warn: (_, text) => void lines.push(text),
    info: (_, text) => void lines.push(text),
  }
  const redis = wrapped((call) => (asked++, away ? Promise.reject(new Error("Connection is closed.")) : call()))
  const { take, wait } = freshBuckets({ redis, log })
  const joins = policy(3, minutes(1))
  expect(states(await Promise.all(Array.from({ length: 5 }, () => take(joins, "ada"))))).toEqual([
    "ok",
    "ok",
    "ok",
    "limited",
    "limited",
  ])
  expect(states([await take(joins, "ada"), await take(joins, "bob")])).toEqual(["limited", "ok"])
  expect(asked).toBe(1)
  wait(millis(1000))
  expect((await take(joins, "ada")).state).toBe("limited")
  expect(asked).toBe(2)
  away = false
  wait(millis(1000))
  expect((await take(joins, "ada")).state).toBe("ok")
  expect(await keysOf(joins)).toHaveLength(1)
  expect(lines).toEqual([
    "Redis does not count the rate limits: this process does",
    "Redis counts the rate limits again",
  ])
})

test("a Redis that hangs is not waited for", async () => {
  const { take } = freshBuckets({ redis: wrapped(() => new Promise(() => {})), limits: { timeout: millis(5) } })
  const joins = policy(1, minutes(1))
  expect(states(await Promise.all([take(joins, "ada"), take(joins, "ada")]))).toEqual(["ok", "limited"])
})

test("takes beyond those that may wait are decided here, and each is answered", async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const { take } = freshBuckets({
    redis: wrapped((call) => held.then(call)),
    limits: { waiting: 10, timeout: seconds(10) },
  })
  const joins = policy(2, minutes(1))
  const waiting = Array.from({ length: 10 }, () => take(joins, "ada"))
  expect(
    states(await Promise.all(Array.from({ length: 50 }, () => take(joins, "ada")))).filter((each) => each === "ok"),
  ).toHaveLength(2)
  release()
  expect(states(await Promise.all(waiting)).filter((each) => each === "ok")).toHaveLength(2)
  expect((await take(joins, "bob")).state).toBe("ok")
})

test("the process's own buckets are bounded, and the one used longest ago goes first", () => {
  const local = openLocalBuckets({ remembered: 3 })
  const joins = policy(1, minutes(1))
  for (const subject of ["ada", "bob", "cyd"]) expect(local.take(subject, joins, start)).toBe(0)
  expect(local.take("bob", joins, start)).toBe(-1000)
  expect(local.take("dan", joins, start)).toBe(0)
  expect(local.take("bob", joins, start)).toBe(-1000)
  expect(local.take("ada", joins, start)).toBe(0)
  expect(local.take("bob", joins, start)).toBe(0)
  for (let n = 0; n < 1000; n++) local.take(`fan-${n}`, joins, start)
  expect(local.size()).toBe(3)
})

test("Redis and the process decide alike, whatever the clock does", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.nat(2000) },
    { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 5000 }) },
  )
  const shape = fc.record({
    limit: fc.integer({ min: 1, max: 50 }),
    window: fc.integer({ min: 1, max: 60 }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.array(step, { minLength: 1, maxLength: 60 }),
      async ({ limit, window, burst }, steps) => {
        const joins = policy(limit, seconds(window), burst)
        const inRedis = freshBuckets()
        const here = freshBuckets({ redis: wrapped(() => Promise.reject(new Error("Connection is closed."))) })
        for (const by of steps) {
          for (const each of [inRedis, here]) each.wait(millis(by))
          expect(await inRedis.take(joins, "ada")).toEqual(await here.take(joins, "ada"))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test("whoever waits as long as retryAfter says gets a token", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 97 }),
      fc.integer({ min: 100, max: 60_000 }),
      fc.nat(300),
      async (limit, window, early) => {
        const { take, wait } = freshBuckets()
        const joins = policy(limit, millis(window), 2)
        await take(joins, "ada")
        wait(millis(early))
        let outcome = await take(joins, "ada")
        while (outcome.state === "ok") outcome = await take(joins, "ada")
        wait(outcome.retryAfter)
        expect((await take(joins, "ada")).state).toBe("ok")
      },
    ),
    { numRuns: 60 },
  )
})

test("an answer's headers name the policy, what is left, and when to come again", () => {
  const joins: Policy = { name: "joins", limit: 30, window: minutes(1) }
  expect(
    rateLimitHeaders(joins, { state: "ok", limit: 30, remaining: 29, resetAfter: millis(2001), retryAfter: millis(0) }),
  ).toEqual({
    "RateLimit-Policy": '"joins";q=30;w=60',
    RateLimit: '"joins";r=29;t=3',
  })
  expect(
    rateLimitHeaders(joins, {
      state: "limited",
      limit: 30,
      remaining: 0,
      resetAfter: seconds(60),
      retryAfter: millis(1),
    }),
  ).toEqual({
    "RateLimit-Policy": '"joins";q=30;w=60',
    RateLimit: '"joins";r=0;t=60',
    "Retry-After": "1",
  })
})
