import { migrations } from "../../sql/migrations.ts"
import { openAppliance } from "../appliance/appliance.ts"
import { lookupRunning } from "../appliance/running.ts"
import type { Clock } from "../clock.ts"
import type { Config } from "../config.ts"
import { Refusal } from "../exit.ts"
import type { Log } from "../log.ts"
import type { Metrics } from "../metrics.ts"
import { migrate } from "../stores/migrate.ts"
import { isStoreAway, openPostgres, postgresTime, type Pool } from "../stores/postgres.ts"
import { openRedis, redisReady, redisTime, type Redis } from "../stores/redis.ts"
import { millis, seconds } from "../units.ts"

export type Stores = {
  redisUrl: string
  cacheUrl: string
  databaseUrl: string
  /** Joins and turns. */
  redis: Redis
  /** The scheduler's own connection, so that a tick never queues behind joins. */
  schedulerRedis: Redis
  cache: Redis
  /** Holds and checkouts. */
  shopSql: Pool
  /** The queue's journal: one writer and one reader. */
  journalSql: Pool
  sql: Pool
  appliance?: Awaited<ReturnType<typeof openAppliance>>
  close(): Promise<void>
}

/**
 * With `attach`, embedded stores that another traffic is running are used as they are.
 * @throws Refusal (missing) when a store cannot be had.
 */
export const openStores = async ({
  config,
  clock,
  log,
  metrics,
  attach = false,
}: {
  config: Config
  clock: Clock
  log: Log
  metrics?: Pick<Metrics, "storeConnectionsReplaced" | "storeWorkDropped">
  attach?: boolean
}): Promise<Stores> => {
  const running = config.external ?? (attach ? lookupRunning(config.dataDir) : undefined)
  const appliance = running
    ? undefined
    : await openAppliance({ dataDir: config.dataDir, log, clock, path: config.k6.path })
  const { redisUrl, cacheUrl, databaseUrl } = running ?? appliance!
  const replaced = (name: string) => ({
    name,
    onDead: (count: number) => {
      metrics?.storeConnectionsReplaced.inc({ pool: name }, count)
      logDead(log, name, count)
    },
  })
  const redis = openRedis(redisUrl, { commandTimeout: seconds(2), ...replaced("traffic") })
  const schedulerRedis = openRedis(redisUrl, { commandTimeout: seconds(2), ...replaced("traffic-scheduler") })
  const cache = openRedis(cacheUrl, { commandTimeout: millis(500), ...replaced("traffic-cache") })
  const shopSql = openPostgres(databaseUrl, {
    max: 6,
    statementTimeout: seconds(3),
    lockTimeout: millis(1000),
    waitMax: millis(250),
    workMax: seconds(4),
    onDropped: (reason) => metrics?.storeWorkDropped.inc({ reason }),
    ...replaced("traffic-shop"),
  })
  const journalSql = openPostgres(databaseUrl, {
    max: 2,
    statementTimeout: seconds(30),
    ...replaced("traffic-journal"),
  })
  const sql = openPostgres(databaseUrl, { max: 3, statementTimeout: seconds(30), ...replaced("traffic") })
  const close = async () => {
    for (const each of [redis, schedulerRedis, cache]) each.disconnect()
    await Promise.all([shopSql, journalSql, sql].map((each) => each.end({ timeout: 2 })))
    await appliance?.stop()
  }
  try {
    await Promise.all([redis, schedulerRedis, cache].map((each) => redisReady(each, seconds(20))))
    await patiently(() => migrate(sql, migrations))
  } catch (error) {
    await close()
    const where = config.external ? "; look at REDIS_URL, REDIS_CACHE_URL and DATABASE_URL" : ""
    const why = error instanceof Error ? error.message : String(error)
    throw new Refusal("missing", `A store does not answer: ${why}${where}`, { cause: error })
  }
  return { redisUrl, cacheUrl, databaseUrl, redis, schedulerRedis, cache, shopSql, journalSql, sql, appliance, close }
}

const logDead = (log: Log, name: string, count: number) =>
  log.warn({ store: name, count }, "connections on which the store no longer answers are given up and made anew")

/** The cheapest question to each store, which shows whether it is up. */
export const probesOf = ({ redis, cache, sql }: Stores) => ({
  redis: () => redis.ping(),
  redis_cache: () => cache.ping(),
  postgres: () => sql`select 1`,
})

/** What each store says the time is. */
export const clocksOf = ({ redis, sql }: Stores) => ({
  redis: () => redisTime(redis),
  postgres: () => postgresTime(sql),
})

/** A Postgres that has just been started, or is recovering, answers in a moment: 200 attempts, 100 ms apart. */
const patiently = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let left = 200; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0 || !isStoreAway(error)) throw error
      await Bun.sleep(100)
    }
  }
}
