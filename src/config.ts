import { homedir } from "node:os"
import { resolve } from "node:path"
import { Refusal } from "./exit.ts"
import type { K6Search } from "./programs.ts"

export type JwtKey = { kid: string; secret: string }
export type Environment = Record<string, string | undefined>

export type Config = {
  mode: "demo" | "production"
  host: string
  port: number
  workers: number
  dataDir: string
  /** None of the three: embedded stores. */
  external?: { redisUrl: string; cacheUrl: string; databaseUrl: string }
  adminKey: string
  demoKey?: string
  jwtKeys?: JwtKey[]
  /** keyId:seed of the Ed25519 key that signs tickets, the seed 32 bytes in base64url. Undefined: as above. */
  ticketKey?: string
  /** CIDRs whose X-Forwarded-For is believed; `undeclared` when the setting is absent altogether. */
  trustedProxies: string[]
  trustedProxiesDeclared: boolean
  /** Host names that are answered, in lower case; empty: loopback names and the listening address. */
  hosts: string[]
  joinsPerAddressPerMin: number
  signInsPerAddressPerMin: number
  checkoutsPerAccountPerMin: number
  holdsPerAccountPerMin: number
  joinsWaitingForJournalMax: number
  finishedSaleRetentionHours: number
  currency: string
  timeZone: string
  logLevel: string
  isShedding: boolean
  k6: K6Search
}

export const devAdminKey = "dev-admin-key"

export const environment = (): Environment => process.env

/** @throws Refusal with a sentence for every value that cannot be used. Flags go before the environment. */
export const parseConfig = (
  env: Environment,
  flags: { port?: string; host?: string; dataDir?: string; workers?: string } = {},
): Config => {
  const reasons: string[] = []
  const whole = (name: string, text: string | undefined, fallback: number, [min, max]: [number, number]) => {
    if (text === undefined || text === "") return fallback
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    reasons.push(`${name} is "${text}"; it takes a whole number from ${min} to ${max}`)
    return fallback
  }
  const wholeIn = (name: string, fallback: number, range: [number, number]) => whole(name, env[name], fallback, range)
  const mode = env.TRAFFIC_MODE || "demo"
  if (mode !== "demo" && mode !== "production") reasons.push(`TRAFFIC_MODE is "${mode}"; it takes demo or production`)
  const config: Config = {
    mode: mode === "production" ? "production" : "demo",
    host: flags.host ?? (env.HOST || "127.0.0.1"),
    port: whole(flags.port === undefined ? "PORT" : "--port", flags.port ?? env.PORT, 8080, [0, 65_535]),
    workers: whole("--workers", flags.workers, 1, [1, 64]),
    dataDir: resolve(flags.dataDir ?? (env.TRAFFIC_DATA_DIR || "data")),
    external: parseExternal(env, reasons),
    adminKey: env.TRAFFIC_ADMIN_KEY || devAdminKey,
    demoKey: env.TRAFFIC_DEMO_KEY || undefined,
    jwtKeys: parseJwtKeys(env.TRAFFIC_JWT_KEYS, reasons),
    ticketKey: parseTicketKey(env.TRAFFIC_TICKET_KEY, reasons),
    trustedProxies: list(env.TRAFFIC_TRUSTED_PROXIES).filter((each) => each !== "none"),
    trustedProxiesDeclared: list(env.TRAFFIC_TRUSTED_PROXIES).length > 0,
    hosts: list(env.TRAFFIC_HOSTS).map((each) => each.toLowerCase()),
    joinsPerAddressPerMin: wholeIn("TRAFFIC_JOINS_PER_ADDRESS_PER_MIN", 30, perMin),
    signInsPerAddressPerMin: wholeIn("TRAFFIC_SIGN_INS_PER_ADDRESS_PER_MIN", 30, perMin),
    checkoutsPerAccountPerMin: wholeIn("TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN", 5, perMin),
    holdsPerAccountPerMin: wholeIn("TRAFFIC_HOLDS_PER_ACCOUNT_PER_MIN", 20, perMin),
    joinsWaitingForJournalMax: wholeIn("TRAFFIC_JOURNAL_LAG_MAX", 20_000, [1000, 10_000_000]),
    finishedSaleRetentionHours: wholeIn("TRAFFIC_FINISHED_SALE_HOURS", 24, [0, 8760]),
    currency: env.TRAFFIC_CURRENCY || "EUR",
    timeZone: env.TRAFFIC_TIME_ZONE || "UTC",
    logLevel: env.TRAFFIC_LOG || "info",
    isShedding: env.TRAFFIC_SHEDDING === "on",
    k6: k6SearchOf(env),
  }
  if (!["on", "off"].includes(env.TRAFFIC_SHEDDING || "off"))
    reasons.push(`TRAFFIC_SHEDDING is "${env.TRAFFIC_SHEDDING}"; it takes on or off`)
  if (!["debug", "info", "warn", "error", "silent"].includes(config.logLevel))
    reasons.push(`TRAFFIC_LOG is "${config.logLevel}"; it takes debug, info, warn, error or silent`)
  if (!formats({ style: "currency", currency: config.currency }))
    reasons.push(`TRAFFIC_CURRENCY is "${config.currency}"; it takes three letters, such as EUR`)
  if (!formats({ timeZone: config.timeZone }))
    reasons.push(`TRAFFIC_TIME_ZONE is "${config.timeZone}"; it takes a name such as Europe/Berlin`)
  if (reasons.length > 0) throw new Refusal("usage", reasons)
  return config
}

/** So high that it is no limit where everybody comes from one address. */
const perMin: [number, number] = [1, 100_000_000]

/** Why production must not start with these settings, a sentence each. Stores are judged once they answer. */
export const productionRefusals = (config: Config): string[] => {
  const reasons: string[] = []
  if (config.adminKey === devAdminKey)
    reasons.push("TRAFFIC_ADMIN_KEY is the development key: set a secret of at least 24 characters")
  else if (config.adminKey.length < 24) reasons.push("TRAFFIC_ADMIN_KEY is shorter than 24 characters")
  if (config.demoKey !== undefined && config.demoKey.length < 24)
    reasons.push("TRAFFIC_DEMO_KEY is shorter than 24 characters")
  if (!config.trustedProxiesDeclared)
    reasons.push(
      'TRAFFIC_TRUSTED_PROXIES is missing: name the CIDRs of the load balancer, or "none" when fans connect directly',
    )
  if (config.hosts.length === 0)
    reasons.push("TRAFFIC_HOSTS is missing: name the hosts that fans use, separated by commas")
  if (config.external && config.jwtKeys === undefined)
    reasons.push("TRAFFIC_JWT_KEYS is missing: nodes on shared stores need the same keys, as kid:secret,kid:secret")
  if (config.external && config.ticketKey === undefined)
    reasons.push(
      "TRAFFIC_TICKET_KEY is missing: nodes on shared stores need the same key to sign tickets, as number:seed",
    )
  if (config.external) {
    const password = new URL(config.external.databaseUrl).password
    if (["postgres", "password", "traffic", "secret"].includes(password))
      reasons.push("DATABASE_URL has a password that everybody knows")
  }
  return reasons
}

export const k6SearchOf = (env: Environment): K6Search => {
  const home = env.HOME || homedir()
  return {
    bin: env.K6_BIN || undefined,
    path: env.PATH ?? "",
    cacheDir: `${env.XDG_CACHE_HOME || `${home}/.cache`}/traffic`,
    home,
  }
}

const parseExternal = (env: Environment, reasons: string[]): Config["external"] => {
  const { REDIS_URL: redisUrl, REDIS_CACHE_URL: cacheUrl, DATABASE_URL: databaseUrl } = env
  if (!redisUrl && !databaseUrl && !cacheUrl) return undefined
  if (!redisUrl || !databaseUrl) {
    reasons.push(
      "REDIS_URL and DATABASE_URL go together: set both for stores of your own, or neither for embedded ones",
    )
    return undefined
  }
  for (const [name, urls, schemes] of [
    ["REDIS_URL", redisUrl.split(","), /^(rediss?:\/\/|unix:\/)/],
    ["REDIS_CACHE_URL", cacheUrl ? cacheUrl.split(",") : [], /^(rediss?:\/\/|unix:\/)/],
    ["DATABASE_URL", [databaseUrl], /^postgres(ql)?:\/\//],
  ] as const)
    if (!urls.every((url) => schemes.test(url) && (url.startsWith("unix:") || URL.canParse(url))))
      reasons.push(
        `${name} is not a URL of its store, such as ${name === "DATABASE_URL" ? "postgres://user:secret@host/traffic" : "redis://host:6379"}`,
      )
  return { redisUrl, cacheUrl: cacheUrl || redisUrl, databaseUrl }
}

const parseJwtKeys = (text: string | undefined, reasons: string[]): JwtKey[] | undefined => {
  const pairs = list(text)
  if (pairs.length === 0) return undefined
  const keys = pairs.map((each) => ({
    kid: each.slice(0, each.indexOf(":")),
    secret: each.slice(each.indexOf(":") + 1),
  }))
  if (
    pairs.some((each) => !each.includes(":")) ||
    keys.some((key) => !/^[\w-]{1,32}$/.test(key.kid) || key.secret.length < 32) ||
    new Set(keys.map((key) => key.kid)).size < keys.length
  )
    reasons.push(
      "TRAFFIC_JWT_KEYS takes kid:secret,kid:secret with different kids and secrets of at least 32 characters",
    )
  return keys
}

const parseTicketKey = (text: string | undefined, reasons: string[]): string | undefined => {
  if (!text) return undefined
  const [keyId = "", seed = ""] = text.split(":")
  if (!/^\d{1,5}$/.test(keyId) || Buffer.from(seed, "base64url").length !== 32)
    reasons.push("TRAFFIC_TICKET_KEY takes number:seed, the seed 32 random bytes in base64url")
  return text
}

const formats = ({ timeZone, ...number }: Intl.NumberFormatOptions & { timeZone?: string }) => {
  try {
    new Intl.NumberFormat("en", number)
    new Intl.DateTimeFormat("en", { timeZone })
    return true
  } catch {
    return false
  }
}

const list = (text: string | undefined) =>
  (text ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
