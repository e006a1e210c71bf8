import { beforeAll, expect, test } from "bun:test"
import fc from "fast-check"
import { silentLog, type Log } from "../log.ts"
import type { Redis } from "../stores/redis.ts"
import { stores } from "../testing/stores.ts"
import { epochMs, later, millis, minutes, seconds, type EpochMs, type Millis } from "../units.ts"
import { openBuckets, type BucketLimits } from "./buckets.ts"
import type { BucketOutcome, Policy } from "./policy.ts"

const start = epochMs(Date.parse("2027-05-01T10:00:00Z"))
let cache: Redis
beforeAll(async () => {
  cache = (await stores()).cache
})

let policies = 0
/** A name of its own for each test, so that they share no bucket. */
const policy = (limit: number, window: Millis, burst?: number): Policy => ({
  name: `settled-${policies++}`,
  limit,
  window,
  burst,
})

/** A node that settles when the test says so. */
const freshNode = (
  joins: Policy,
  {
    redis = cache,
    log = silentLog,
    ...given
  }: { redis?: Redis; log?: Log; shards?: number; limits?: Partial<BucketLimits> } = {},
) => {
  let now = start
  const limits = { settleEvery: minutes(10), ...given.limits }
  const buckets = openBuckets({ redis, clock: () => now, log, shards: given.shards, limits })
  const { take, size } = buckets.settled(joins)
  return {
    take,
    size,
    settle: buckets.settle,
    moveTo: (at: EpochMs) => void (now = at),
    wait: (by: Millis) => void (now = later(now, by)),
  }
}

const okOf = (outcomes: BucketOutcome[]) => outcomes.filter((each) => each.state === "ok").length
const times = (count: number, take: () => BucketOutcome) => okOf(Array.from({ length: count }, take))

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

test("a take is decided at once, with what is left and when to come again", () => {
  const { take, wait } = freshNode(policy(60, minutes(1), 2))
  expect([take("ada"), take("ada"), take("ada")]).toEqual([
    { state: "ok", limit: 60, remaining: 1, resetAfter: seconds(1), retryAfter: millis(0) },
    { state: "ok", limit: 60, remaining: 0, resetAfter: seconds(2), retryAfter: millis(0) },
    { state: "limited", limit: 60, remaining: 0, resetAfter: seconds(2), retryAfter: seconds(1) },
  ])
  wait(seconds(1))
  expect([take("ada"), take("ada")].map((each) => each.state)).toEqual(["ok", "limited"])
})

test("two nodes share a limit once they have settled", async () => {
  const joins = policy(10, minutes(1))
  const [here, there] = [freshNode(joins), freshNode(joins)]
  expect(times(7, () => here.take("ada"))).toBe(7)
  await here.settle()
  expect(there.take("ada").state).toBe("ok")
  await there.settle()
  expect(times(10, () => there.take("ada"))).toBe(2)
  await there.settle()
  expect(here.take("ada").state).toBe("ok")
  await here.settle()
  expect(here.take("ada").state).toBe("limited")
})

test("what several nodes gave too much is owed: the rate holds in the long run", async () => {
  const joins = policy(60, minutes(1), 10)
  const nodes = Array.from({ length: 3 }, () => freshNode(joins))
  let taken = 0
  const early = nodes.map((each) => times(20, () => each.take("ada")))
  expect(early).toEqual([10, 10, 10])
  for (let second = 0; second < 120; second++) {
    for (const node of nodes) {
      await node.settle()
      taken += times(3, () => node.take("ada"))
      node.wait(seconds(1))
    }
  }
  // 30 at once instead of 10 are owed by a burst at most; after that one a second, give or take what one turn of three nodes gives.
  expect(taken).toBeGreaterThanOrEqual(105)
  expect(taken).toBeLessThanOrEqual(125)
})

test("a debt is a burst at most, so that nobody waits for longer than that", async () => {
  const joins = policy(60, minutes(1), 5)
  const nodes = Array.from({ length: 6 }, () => freshNode(joins))
  for (const node of nodes) times(5, () => node.take("ada"))
  for (const node of nodes) await node.settle()
  const last = nodes[5]!.take("ada")
  expect(last).toMatchObject({ state: "limited", retryAfter: seconds(6) })
})

test("on one node settling changes nothing, whenever it happens", async () => {
  const step = fc.nat(2000)
  const shape = fc.record({
    limit: fc.integer({ min: 1, max: 50 }),
    window: fc.integer({ min: 1, max: 60 }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 40 }),
      async ({ limit, window, burst }, steps) => {
        const joins = policy(limit, seconds(window), burst)
        const settling = freshNode(joins)
        const alone = freshNode(joins)
        for (const [by, settles] of steps) {
          for (const each of [settling, alone]) each.wait(millis(by))
          if (settles) await settling.settle()
          expect(settling.take("ada").state).toBe(alone.take("ada").state)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test("a thousand addresses that take at once are settled in few calls, and each has its own bucket", async () => {
  const calls: number[] = []
  const joins = policy(2, minutes(1))
  const { take, settle } = freshNode(joins, { redis: wrapped((call, keys) => (calls.push(keys), call())) })
  const addresses = Array.from({ length: 1000 }, (_, n) => `2001:db8:0:${n.toString(16)}::/64`)
  for (let round = 0; round < 3; round++) expect(okOf(addresses.map((each) => take(each)))).toBe(round < 2 ? 1000 : 0)
  while (calls.reduce((sum, each) => sum + each, 0) < 1000) await settle()
  expect(calls.length).toBeLessThanOrEqual(4)
  const other = freshNode(joins)
  for (const each of addresses) other.take(each)
  await other.settle()
  await other.settle()
  expect(okOf(addresses.map((each) => other.take(each)))).toBe(0)
})

test("subjects of several slots settle each in their own", async () => {
  const joins = policy(1, minutes(1))
  const [here, there] = [freshNode(joins, { shards: 8 }), freshNode(joins, { shards: 8 })]
  const subjects = Array.from({ length: 64 }, (_, n) => `fan-${n}`)
  for (const node of [here, there]) {
    for (const each of subjects) node.take(each)
    await node.settle()
  }
  expect(await cache.keys(`bucket:{0[0-7]}:${joins.name}:*`)).toHaveLength(64)
  there.wait(minutes(1))
  expect(okOf(subjects.map((each) => there.take(each)))).toBe(0)
})

test("every key that was ever written expires, soon after its bucket is full again", async () => {
  const joins = policy(30, minutes(1))
  const nodes = [freshNode(joins), freshNode(joins)]
  for (const node of nodes) {
    times(30, () => node.take("ada"))
    await node.settle()
  }
  const [key] = await cache.keys(`bucket:*:${joins.name}:*`)
  const left = await cache.pttl(key!)
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(121_000)
})

test("while Redis is away the node decides by itself, and shares again when it is back", async () => {
  let away = true
  const lines: string[] = []
  const log: Log = {
    ...silentLog,
    warn: (_, text) => void lines.push(text),
    info: (_, text) => void lines.push(text),
  }
  const joins = policy(6, minutes(1))
  const here = freshNode(joins, {
    log,
    redis: wrapped((call) => (away ? Promise.reject(new Error("Connection is closed.")) : call())),
  })
  expect(times(5, () => here.take("ada"))).toBe(5)
  await here.settle()
  expect(times(5, () => here.take("ada"))).toBe(1)
  await here.settle()
  away = false
  here.wait(seconds(20))
  expect(here.take("ada").state).toBe("ok")
  await here.settle()
  // Redis has heard of one take alone; what the node knows of itself still counts.
  expect(times(5, () => here.take("ada"))).toBe(1)
  expect(await cache.keys(`bucket:*:${joins.name}:*`)).toHaveLength(1)
  expect(lines).toEqual([
    "Redis does not count the rate limits: this process does",
    "Redis counts the rate limits again",
  ])
})

test("a Redis that has forgotten everything gives nobody a new burst", async () => {
  const joins = policy(3, minutes(1))
  const { take, settle } = freshNode(joins)
  times(2, () => take("ada"))
  await settle()
  await cache.del(...(await cache.keys(`bucket:*:${joins.name}:*`)))
  take("ada")
  await settle()
  expect(take("ada").state).toBe("limited")
})

test("the node keeps no more subjects than its bound", async () => {
  const { take, size, settle } = freshNode(policy(1, minutes(1)), { limits: { remembered: 100 } })
  for (let n = 0; n < 10_000; n++) take(`fan-${n}`)
  expect(size()).toBeLessThanOrEqual(100)
  await settle()
})
