import { join } from "node:path"
import { lookupRunning } from "../../appliance/running.ts"
import { openClock } from "../../clock.ts"
import { openTokens } from "../../guard/tokens.ts"
import { openRedis, redisReady } from "../../stores/redis.ts"
import { seconds } from "../../units.ts"
import { openCrowd } from "./crowd.ts"
import { openSales } from "./sales.ts"
import { spawnSelf } from "./spawned.ts"

export const spawnMeasured = async (folder: string) => {
  const clock = openClock()
  const dataDir = join(folder, "data")
  const adminKey = crypto.randomUUID()
  const key = { kid: "bench", secret: crypto.randomUUID() + crypto.randomUUID() }
  const server = await spawnSelf(["serve", "--port", "0", "--data-dir", dataDir], {
    env: {
      HOME: folder,
      TRAFFIC_LOG: "warn",
      TRAFFIC_ADMIN_KEY: adminKey,
      TRAFFIC_JWT_KEYS: `${key.kid}:${key.secret}`,
      TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "100000000", // the whole crowd comes from one address
    },
  })
  const redis = await openStores(dataDir)
  return {
    server,
    crowd: openCrowd({ folder, sign: openTokens({ keys: [key], clock }).signAccount }),
    openRoom: openSales({ url: server.url, adminKey, now: clock() }),
    storeCalls: async () => {
      const answers = await Promise.all(redis.map((each) => each.info("commandstats")))
      return answers
        .flatMap((text) => [...text.matchAll(/calls=(\d+)/g)])
        .reduce((sum, each) => sum + Number(each[1]), 0)
    },
    stop: async () => {
      for (const each of redis) each.disconnect()
      await server.stop()
    },
  }
}

const openStores = async (dataDir: string) => {
  const running = lookupRunning(dataDir)
  if (running === undefined) throw new Error("the server that is measured has no stores")
  const stores = [running.redisUrl, running.cacheUrl].map((each) => openRedis(each, { commandTimeout: seconds(5) }))
  await Promise.all(stores.map((each) => redisReady(each, seconds(5))))
  return stores
}
