import { expect, test } from "bun:test"
import { openMiddleman } from "../testing/faults/middleman.ts"
import { stores } from "../testing/stores.ts"
import { until } from "../testing/until.ts"
import { millis, seconds } from "../units.ts"
import { isStoreAway, openPostgres, type PostgresOptions } from "./postgres.ts"
import { isRedisAway, openRedis, redisReady } from "./redis.ts"

const redisBehind = async () => {
  const { redisUrl } = await stores()
  const middleman = await openMiddleman({ path: redisUrl.slice("unix:".length) })
  const redis = openRedis(`redis://127.0.0.1:${middleman.port}`, { commandTimeout: millis(500) })
  await redisReady(redis, seconds(10))
  return { middleman, redis, close: () => (redis.disconnect(), middleman.close()) }
}

const postgresBehind = async (options: Partial<PostgresOptions> = {}) => {
  const { url } = await (await stores()).freshDatabase()
  const { username, pathname, port, searchParams } = new URL(url)
  const middleman = await openMiddleman({ path: `${searchParams.get("host")}/.s.PGSQL.${port || 5432}` })
  const dead: number[] = []
  const pool = openPostgres(`postgres://${username}@127.0.0.1:${middleman.port}${pathname}`, {
    max: 3,
    statementTimeout: seconds(30),
    onDead: (count) => dead.push(count),
    ...options,
  })
  return { middleman, pool, dead, close: async () => (await pool.end({ timeout: 0 }), await middleman.close()) }
}

const outcomeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )

test("a Redis connection that is acknowledged and never answered is given up, refuses at once, and is back by itself", async () => {
  const { middleman, redis, close } = await redisBehind()
  middleman.blackHole()
  expect(isRedisAway(await outcomeOf(redis.ping()))).toBe(true)
  await until("the dead connection is given up", () => redis.status !== "ready", 60)
  const asked = performance.now()
  expect(isRedisAway(await outcomeOf(redis.ping()))).toBe(true)
  expect(performance.now() - asked).toBeLessThan(300)
  middleman.pass()
  await until("Redis is back", async () => (await outcomeOf(redis.ping())) === undefined, 60)
  await close()
})

test("answers that no longer come back, and a path that has forgotten its connections, are dead wires as well", async () => {
  const { middleman, redis, close } = await redisBehind()
  middleman.halfOpen()
  await outcomeOf(redis.ping())
  await until("the half open connection is given up", () => redis.status !== "ready", 60)
  middleman.pass()
  await until("Redis is back", async () => (await outcomeOf(redis.ping())) === undefined, 60)
  middleman.forget()
  await until("the forgotten connection is replaced", async () => (await outcomeOf(redis.ping())) === undefined, 60)
  await close()
})

test("Postgres connections that are acknowledged and never answered fail as a store that is away, and are back by themselves", async () => {
  const { middleman, pool, dead, close } = await postgresBehind()
  await Promise.all([1, 2, 3].map(() => pool`select pg_sleep(0.05)`))
  middleman.blackHole()
  const asked = performance.now()
  const outcomes = await Promise.all([
    outcomeOf(pool`select 1`),
    outcomeOf(pool.begin((tx) => tx`select 2`)),
    outcomeOf(pool`select ${3}::int`),
  ])
  expect(outcomes.map((each) => isStoreAway(each))).toEqual([true, true, true])
  expect(performance.now() - asked).toBeLessThan(10_000)
  expect(dead.reduce((sum, each) => sum + each, 0)).toBe(3)
  middleman.pass()
  await until("Postgres is back", async () => (await outcomeOf(pool`select 1`)) === undefined, 60)
  await close()
}, 60_000)

test("of connections that are silent only the dead ones are given up: a long statement goes on", async () => {
  const { middleman, pool, dead, close } = await postgresBehind({ max: 2 })
  const [{ pid } = { pid: 0 }] = await pool<{ pid: number }[]>`select pg_backend_pid() as pid`
  middleman.forget()
  const lost = outcomeOf(pool`select 1`)
  const long = outcomeOf(pool`select pg_sleep(8), ${pid}::int`)
  expect(isStoreAway(await lost)).toBe(true)
  expect(await long).toBeUndefined()
  expect(dead).toEqual([1])
  await close()
}, 60_000)

test("an idle Postgres connection that has died is replaced before anybody needs it", async () => {
  const { middleman, pool, dead, close } = await postgresBehind({ max: 1 })
  await pool`select 1`
  middleman.forget()
  await until("the idle connection is replaced", () => dead.length > 0, 200)
  expect(await outcomeOf(pool`select 1`)).toBeUndefined()
  await close()
}, 60_000)

test("a pooler that hides who works for whom: silence beyond the statement's time is a dead wire", async () => {
  const { url } = await (await stores()).freshDatabase()
  const { username, pathname, port, searchParams } = new URL(url)
  const middleman = await openMiddleman({ path: `${searchParams.get("host")}/.s.PGSQL.${port || 5432}` })
  const pool = openPostgres(`postgres://${username}@127.0.0.1:${middleman.port}${pathname}?pooler=transaction`, {
    max: 1,
    statementTimeout: seconds(3),
  })
  await pool`select 1`
  middleman.forget()
  expect(isStoreAway(await outcomeOf(pool`select 1`))).toBe(true)
  await pool.end({ timeout: 0 })
  await middleman.close()
}, 60_000)
