import { Cluster, Redis as Client } from "ioredis"
import type { Millis } from "../units.ts"

export type Redis = Client | Cluster

export type RedisOptions = {
  commandTimeout: Millis
  name?: string
  /** That many connections no longer answered, and are replaced. */
  onDead?: (count: number) => void
}

/**
 * `redis://host:port/db`, `rediss://…`, `unix:/path/to.sock`, or several nodes of a Cluster separated by commas.
 * Nothing is queued while Redis is away: commands fail at once and the connection is tried again for ever, at most 0.5 s apart.
 */
export const openRedis = (
  url: string,
  { commandTimeout, name = "traffic", onDead = () => {} }: RedisOptions,
): Redis => {
  const connection = {
    connectionName: name,
    commandTimeout,
    // A connection that owes an answer and says nothing is replaced, which TCP does not do when something between acknowledges.
    socketTimeout: commandTimeout + 1000,
    connectTimeout: 3000,
  }
  const common = {
    ...connection,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(20 * attempt, 500),
  }
  const client = url.includes(",")
    ? new Cluster(
        url.split(",").map((each) => clusterNode(each)),
        {
          enableOfflineQueue: false,
          clusterRetryStrategy: common.retryStrategy,
          redisOptions: connection,
        },
      )
    : url.startsWith("unix:")
      ? new Client({ ...common, path: url.slice("unix:".length) })
      : new Client(url, common)
  // ioredis prints errors that nobody listens to; the sender of a command hears of them anyway.
  client.on("error", (error: Error) => isDead(error) && onDead(1))
  client.on("node error", (error: Error) => isDead(error) && onDead(1))
  return client
}

/** A connection of its own to the same Redis, which waits longer for each answer; the caller disconnects it. */
export const openPatient = async (redis: Redis, within: Millis): Promise<Redis> => {
  const patience = { commandTimeout: within, socketTimeout: within + 1000 }
  const patient =
    redis instanceof Cluster
      ? redis.duplicate([], { redisOptions: { ...redis.options.redisOptions, ...patience } })
      : redis.duplicate({ ...patience, db: redis.condition?.select ?? redis.options.db })
  patient.on("error", () => {})
  try {
    await redisReady(patient, within)
    return patient
  } catch (error) {
    patient.disconnect()
    throw error
  }
}

const isDead = ({ message }: Error) => message.startsWith("Socket timeout")

const clusterNode = (url: string) => {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port || 6379) }
}

/** @throws Error when Redis is not ready within `within`. */
export const redisReady = (redis: Redis, within: Millis): Promise<void> =>
  redis.status === "ready"
    ? Promise.resolve()
    : new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          redis.off("ready", ready)
          reject(new Error(`Redis did not answer within ${within} ms`))
        }, within)
        const ready = () => {
          clearTimeout(timer)
          resolve()
        }
        redis.once("ready", ready)
      })

/** Milliseconds since 1970 by the clock of its machine; in a Cluster of any of them. */
export const redisTime = async (redis: Redis): Promise<number> => {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1000 + Number(micros) / 1000
}

/** Redis, not the command, was the reason: away, restarting, loading, read-only or too slow. */
export const isRedisAway = (error: unknown) =>
  error instanceof Error && away.test(`${error.message} ${"code" in error ? String(error.code) : ""}`)

const away = new RegExp(
  [
    "Connection is closed|Stream isn't writeable|Command timed out|Socket timeout|max retries",
    "ECONN|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN",
    "LOADING|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|BUSY |OOM |max number of clients",
    "CLUSTERDOWN|TRYAGAIN|Cluster isn't ready|Failed to refresh slots cache|startup nodes|Too many Cluster redirections",
  ].join("|"),
)
