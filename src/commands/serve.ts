import { environment, parseConfig, productionRefusals, type Config } from "../config.ts"
import { exitCodes, Refusal, type ExitCode } from "../exit.ts"
import { parseTrustedProxies } from "../guard/address.ts"
import { parseHosts } from "../guard/hosts.ts"
import { openLog } from "../log.ts"
import { findK6 } from "../programs.ts"
import { openRedis, redisReady } from "../stores/redis.ts"
import { seconds } from "../units.ts"
import { version } from "../version.ts"
import { type Node, startNode } from "./node.ts"
import { persistenceRefusals } from "./stores.ts"
import { joinParent, openWorkers } from "./workers.ts"

/** `traffic serve`: until SIGTERM or SIGINT, then a clean stop. A second signal ends it at once. */
export const serve = async (flags: {
  port?: string
  host?: string
  dataDir?: string
  workers?: string
}): Promise<ExitCode> => {
  const config = parseConfig(environment(), flags)
  refuseMalformed(config)
  if (config.mode === "production") await refuse(config)
  const log = openLog(config.logLevel)
  const stop = stopSignal()
  await refuseTakenPort(config)
  const node = await startNode({ config, log, shared: config.workers > 1 })
  const { stores, port, parts } = node
  const workers =
    config.workers > 1
      ? openWorkers({ count: config.workers - 1, config, port, stores, metrics: parts.metrics, log })
      : undefined
  console.log(await greeting(node, config))
  await stop
  console.log("Stopping: requests under way are answered first.")
  await workers?.stop()
  await node.close()
  return exitCodes.pass
}

/** `serve-worker`: one of the processes that `serve --workers` starts. It ends with the process that started it. */
export const serveWorker = async (): Promise<ExitCode> => {
  const config = parseConfig(environment())
  const stop = stopSignal()
  const node = await startNode({ config, log: openLog(config.logLevel), shared: true })
  await Promise.race([stop, joinParent(node.parts.metrics)])
  await node.close()
  return exitCodes.pass
}

/** Asked before the stores are started, and without sharing: two servers on one port would each take half of the people. */
const refuseTakenPort = async ({ host, port }: Config) => {
  if (port === 0) return
  try {
    await Bun.serve({ hostname: host, port, reusePort: false, fetch: () => new Response() }).stop(true)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error
    throw new Refusal(
      "usage",
      `port ${port} on ${host} is taken: stop the other server or choose another with --port (0 picks a free one)`,
    )
  }
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
  if (reasons.length > 0) throw new Refusal("usage", reasons)
}

/** @throws Refusal with every reason at once */
const refuse = async (config: Config) => {
  const reasons = [
    ...productionRefusals(config),
    ...(config.external ? await persistenceOf(config.external.redisUrl) : []),
  ]
  if (reasons.length > 0) throw new Refusal("usage", ["production does not start with these settings:", ...reasons])
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
      if (asked) process.exit(exitCodes.interrupted)
      asked = true
      resolve()
    }
    process.on("SIGTERM", onSignal)
    process.on("SIGINT", onSignal)
  })

const greeting = async ({ url, parts }: Node, config: Config) => {
  const lines = [`Traffic ${version} serves on ${url}`]
  if (config.workers > 1) lines.push(`  processes      ${config.workers}`)
  if (config.mode === "demo") lines.push(`  demo sale      ${await parts.demo.current()}`)
  lines.push(
    `  API            ${url}/openapi.json`,
    `  stores         ${config.external ? "external" : `embedded in ${config.dataDir}`}`,
  )
  const k6 = await findK6(config.k6)
  if (parts.lab) lines.push(`  load lab       ${"path" in k6 ? `k6 ${k6.version}` : `on its way: ${k6.missing}`}`)
  return lines.join("\n")
}
