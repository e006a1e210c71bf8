import { productionRefusals, type Config } from "../../config.ts"
import { Refusal } from "../../exit.ts"
import { parseTrustedProxies } from "../../guard/address.ts"
import { parseHosts } from "../../guard/hosts.ts"
import { persistenceRefusals } from "./persistence.ts"

/** Settings that this server must not start with, all at once. @throws Refusal */
export const refuseSettings = async (config: Config): Promise<void> => {
  const malformed = malformedSettings(config)
  if (malformed.length > 0) throw new Refusal("usage", malformed)
  if (config.mode !== "production") return
  const reasons = [
    ...productionRefusals(config),
    ...(config.external ? await persistenceRefusals(config.external.redisUrl) : []),
  ]
  if (reasons.length > 0) throw new Refusal("usage", ["production does not start with these settings:", ...reasons])
}

/** Asked before the stores are started, and without sharing: two servers on one port would each take half of the people. */
export const refuseTakenPort = async ({ host, port }: Config): Promise<void> => {
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
const malformedSettings = ({ trustedProxies, hosts }: Config): string[] => {
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
  return reasons
}
