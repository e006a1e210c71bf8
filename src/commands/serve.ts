import { environment, parseConfig, productionRefusals, ConfigError, type Config } from "../config.ts"
import { parseTrustedProxies } from "../guard/address.ts"
import { parseHosts } from "../guard/hosts.ts"
import { openLog } from "../log.ts"
import { findK6 } from "../programs.ts"
import { openRedis, redisReady } from "../stores/redis.ts"
import { seconds } from "../units.ts"
import { version } from "../version.ts"
import { type Node, startNode } from "./node.ts"
import { persistenceRefusals } from "./stores.ts"

/** `traffic serve`: until SIGTERM or SIGINT, then a clean stop. A second signal ends it at once. */
export const serve = async (flags: { port?: string; host?: string; dataDir?: string; workers?: string }): Promise<number> => {
  const config = parseConfig(environment(), flags)
  refuseMalformed(config)
  if (config.mode === "production") await refuse(config)
  const log = openLog(config.logLevel)
  const stop = stopSignal()
  const node = await startNode({ config, log }).catch((error) => {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
      throw new ConfigError([`port ${config.port} on ${config.host} is taken: stop the other server or choose another with --port (0 picks a free one)`])
    throw error
  })
  console.log(await greeting(node, config))
  await stop
  console.log("Stopping: requests under way are answered first.")
  await node.close()
  return 0
}

/** Addresses and hosts are read by the guard, in its own words. */
const refuseMalformed = ({ trustedProxies, hosts }: Config) => {
  const reasons: string[] = []
  for (const [name, parse, text] of [
    ["TRAFFIC_TRUSTED_PROXIES", parseTrustedProxies, trustedProxies.join()],
    ["TRAFFIC_HOSTS", parseHosts, hosts.join()],
  ] as const) {
    try {
      parse(text)
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : error}`)
    }
  }
  if (reasons.length > 0) throw new ConfigError(reasons)
}

/** @throws ConfigError with every reason at once */
const refuse = async (config: Config) => {
  const reasons = [...productionRefusals(config), ...(config.external ? await persistenceOf(config.external.redisUrl) : [])]
  if (reasons.length > 0) throw new ConfigError(["production does not start with these settings:", ...reasons])
}

const persistenceOf = async (url: string) => {
  const redis = openRedis(url, { commandTimeout: seconds(2) })
  try {
    await redisReady(redis, seconds(5))
    return await persistenceRefusals(redis)
  } catch {
    return ["REDIS_URL does not answer, so its persistence cannot be judged"]
  } finally {
    redis.disconnect()
  }
}

const stopSignal = () =>
  new Promise<void>((resolve) => {
    let asked = false
    const onSignal = () => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on("SIGTERM", onSignal)
    process.on("SIGINT", onSignal)
  })

const greeting = async ({ url, parts }: Node, config: Config) => {
  const lines = [`Traffic ${version} serves on ${url}`]
  if (config.mode === "demo") lines.push(`  demo sale      ${await parts.demo.current()}`)
  lines.push(`  API            ${url}/openapi.json`, `  stores         ${config.external ? "external" : `embedded in ${config.dataDir}`}`)
  const k6 = await findK6(config.k6)
  if (parts.lab) lines.push(`  load lab       ${"path" in k6 ? `k6 ${k6.version}` : `on its way: ${k6.missing}`}`)
  return lines.join("\n")
}
