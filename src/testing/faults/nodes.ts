import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openAppliance, type Appliance } from "../../appliance/appliance.ts"
import { openClock } from "../../clock.ts"
import { silentLog } from "../../log.ts"
import type { Millis } from "../../units.ts"
import { crowdEnv } from "./crowd-env.ts"
import type { LosableRedis } from "./losses.ts"
import { lookAt } from "./store-look.ts"
import { openWorld, type World } from "../world.ts"
import { openMiddleman } from "./middleman.ts"

/** Stores that belong to this test, so that each of several nodes may be killed. The nodes reach them through `wires`. */
export const openNodes = async (
  count: number,
  { path, env = {}, longestPause }: { path?: string; env?: Record<string, string>; longestPause?: Millis } = {},
) => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-nodes-"))
  const appliance = await openAppliance({
    dataDir: join(folder, "data"),
    log: silentLog,
    clock: openClock(),
    longestPause,
    ...(path ? { path } : {}),
  })
  const nodes: World[] = []
  const wires = await openWires(appliance)
  const close = async () => {
    const closed = await Promise.allSettled(nodes.map((each) => each.close()))
    await Promise.all([wires.redis, wires.cache, wires.postgres].map((each) => each.close()))
    await appliance.stop()
    rmSync(folder, { recursive: true, force: true })
    for (const each of closed) if (each.status === "rejected") throw each.reason
  }
  try {
    const secrets = {
      TRAFFIC_JWT_KEYS: `one:${"s".repeat(40)}`,
      TRAFFIC_TICKET_KEY: `1:${Buffer.alloc(32, 7).toString("base64url")}`,
    }
    const add = async (own: Record<string, string> = {}) => {
      const node = await openWorld({ env: { ...crowdEnv, ...secrets, ...wires.urls, ...env, ...own } })
      nodes.push(node)
      return node
    }
    for (let made = 0; made < count; made++) await add()
    const redis = redisOf(appliance, folder)
    return { nodes, add, stores: lookAt(appliance), pids: appliance.pids, redis, wires, close }
  } catch (error) {
    await close()
    throw error
  }
}

const redisOf = (appliance: Appliance, folder: string): LosableRedis => ({
  folder: join(folder, "data", "redis"),
  pids: () => [appliance.pids().redis].filter((pid) => pid !== undefined),
  flush: () => lookAt(appliance).redis((client) => client.flushall()),
})

type Urls = { redisUrl: string; cacheUrl: string; databaseUrl: string }

const openWires = async ({ redisUrl, cacheUrl, databaseUrl }: Urls) => {
  const { username, pathname, port, searchParams } = new URL(databaseUrl)
  const [redis, cache, postgres] = await Promise.all([
    openMiddleman({ path: redisUrl.slice("unix:".length) }),
    openMiddleman({ path: cacheUrl.slice("unix:".length) }),
    openMiddleman({ path: `${searchParams.get("host")}/.s.PGSQL.${port || 5432}` }),
  ])
  const urls = {
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    REDIS_CACHE_URL: `redis://127.0.0.1:${cache.port}`,
    DATABASE_URL: `postgres://${username}@127.0.0.1:${postgres.port}${pathname}`,
  }
  return { redis, cache, postgres, urls }
}
