import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openAppliance } from "../../appliance/appliance.ts"
import { openClock } from "../../clock.ts"
import { silentLog } from "../../log.ts"
import { crowdEnv } from "./faults.ts"
import { lookAt } from "./store-look.ts"
import { openWorld, type World } from "../world.ts"

/** Stores that belong to this test, so that each of several nodes may be killed. */
export const openNodes = async (
  count: number,
  { path, env = {} }: { path?: string; env?: Record<string, string> } = {},
) => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-nodes-"))
  const appliance = await openAppliance({
    dataDir: join(folder, "data"),
    log: silentLog,
    clock: openClock(),
    ...(path ? { path } : {}),
  })
  const nodes: World[] = []
  const close = async () => {
    const closed = await Promise.allSettled(nodes.map((each) => each.close()))
    await appliance.stop()
    rmSync(folder, { recursive: true, force: true })
    for (const each of closed) if (each.status === "rejected") throw each.reason
  }
  try {
    const secrets = {
      TRAFFIC_JWT_KEYS: `one:${"s".repeat(40)}`,
      TRAFFIC_TICKET_KEY: `1:${Buffer.alloc(32, 7).toString("base64url")}`,
    }
    const urls = {
      REDIS_URL: appliance.redisUrl,
      REDIS_CACHE_URL: appliance.cacheUrl,
      DATABASE_URL: appliance.databaseUrl,
    }
    for (let made = 0; made < count; made++)
      nodes.push(await openWorld({ env: { ...crowdEnv, ...secrets, ...urls, ...env } }))
    return { nodes, stores: lookAt(appliance), pids: appliance.pids, close }
  } catch (error) {
    await close()
    throw error
  }
}
