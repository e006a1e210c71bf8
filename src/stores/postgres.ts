import postgres from "postgres"
import { millis, seconds, type Millis } from "../units.ts"
import { watchConnections } from "./dead-connections.ts"

export type Sql = postgres.ISql
export type Pool = postgres.Sql
export type Transaction = postgres.TransactionSql

/** SQLSTATE and, for a refused row, the name of the constraint. */
export type Refusal = { code: string; constraint_name?: string; message: string; detail?: string }

export type DroppedFor = "queue" | "wait" | "work"

export type PostgresOptions = {
  max: number
  statementTimeout?: Millis
  lockTimeout?: Millis
  name?: string
  /** How long a transaction may wait for its beginning, and how many may wait; undefined: as long as it takes. */
  waitMax?: Millis
  /** From its beginning. One that is later is given up, and rolled back as soon as Postgres can be heard again. */
  workMax?: Millis
  onDropped?: (reason: DroppedFor) => void
  /** That many connections no longer answered, and are replaced. */
  onDead?: (count: number) => void
}

/**
 * A pool on `url`. Columns are camelCase on this side and snake_case on the other; bigint comes as a number, and a timestamp as the
 * EpochMs that it also takes.
 * `?pooler=transaction` turns prepared statements off, for a pooler in front (pgbouncer) that hands out connections by transaction.
 */
export const openPostgres = (
  url: string,
  {
    max,
    statementTimeout = seconds(5),
    lockTimeout = seconds(1),
    name = "traffic",
    waitMax,
    workMax,
    onDropped = () => {},
    onDead = () => {},
  }: PostgresOptions,
): Pool => {
  const { hostname, searchParams } = new URL(url)
  const socketFolder = searchParams.get("host")
  const target = withoutParameters(url, "host", "pooler")
  const isPooled = searchParams.get("pooler") === "transaction"
  const options = {
    ...(socketFolder
      ? { host: socketFolder, path: `${socketFolder}/.s.PGSQL.${new URL(target).port || 5432}` }
      : { host: hostname }),
    max,
    idle_timeout: 0,
    connect_timeout: 3,
    max_lifetime: 60 * 60,
    backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 1),
    prepare: !isPooled,
    transform: postgres.camel,
    types: {
      bigint: { to: 20, from: [20], serialize: String, parse: Number },
      date: { to: 1184, from: [1114, 1184], serialize: textOfTime, parse: Date.parse },
    },
    connection: {
      application_name: name,
      statement_timeout: statementTimeout,
      lock_timeout: lockTimeout,
      idle_in_transaction_session_timeout: 10_000,
      TimeZone: "UTC",
    },
    onnotice: () => {},
  }
  const pool = postgres(target, options)
  const watch = watchConnections(pool, {
    openAsker: () => postgres(target, { ...options, max: 1, fetch_types: false }),
    silenceMax: isPooled ? millis(statementTimeout + 2000) : undefined,
    onDead,
  })
  if (waitMax !== undefined && workMax !== undefined)
    patience.set(pool, { waitMax, workMax, waiting: 0, waitingMax: 16 * max, onDropped })
  const { end } = pool
  // The driver waits without end for a connection that is cut while it is being set up.
  const endWithin = ({ timeout = 5 } = {}) =>
    Promise.race([
      end({ timeout }),
      new Promise<void>((resolve) => void setTimeout(resolve, 1000 * timeout + 1000).unref()),
    ])
  return Object.assign(pool, { end: (how?: { timeout?: number }) => endWithin(how).finally(watch.stop) })
}

const textOfTime = (at: number | string | Date) => new Date(at).toISOString()

/** The driver would send them as settings of the session. */
const withoutParameters = (url: string, ...parameters: string[]) => {
  const copy = new URL(url)
  for (const each of parameters) copy.searchParams.delete(each)
  if (!copy.hostname) copy.hostname = "localhost"
  return copy.toString()
}

/** Milliseconds since 1970 by the clock of its machine. */
export const postgresTime = async (sql: Sql): Promise<number> => {
  const [row] = await sql<{ nowMs: number }[]>`select extract(epoch from clock_timestamp())::float8 * 1000 as now_ms`
  return row!.nowMs
}

export const isRefusal = (error: unknown): error is Refusal & Error =>
  error instanceof postgres.PostgresError && typeof error.code === "string"

const away = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "DROPPED",
])
/**
 * SQLSTATE of a server that is stopping, starting, read-only, out of connections, memory or disk, or too slow for its timeouts.
 * 55P03 is a lock not had in time, 40001 and 40P01 are circles that `transaction` met three times.
 */
const awayStates = new Set(
  "57P01 57P02 57P03 53100 53200 53300 58030 57014 08001 08003 08004 08006 25006 25P03 55P03 40001 40P01".split(" "),
)

/** The store, not the statement, was the reason: it may be sent again later. */
export const isStoreAway = (error: unknown) =>
  error instanceof Error && "code" in error && (away.has(String(error.code)) || awayStates.has(String(error.code)))

/** Deadlock and serialization failure: run the transaction again. A lock not had in time is not among them. */
export const isRetryable = (error: unknown) => isRefusal(error) && (error.code === "40001" || error.code === "40P01")

/** At most three times, and within what `openPostgres` was given; `isPatient` takes as long as it takes. */
export const transaction = async <T>(
  sql: Pool,
  work: (tx: Transaction) => Promise<T>,
  { isPatient = false } = {},
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const bounds = isPatient ? undefined : patience.get(sql)
      return bounds ? await observed(bounds, begin(sql, bounds, work)) : ((await sql.begin((tx) => work(tx))) as T)
    } catch (error) {
      if (attempt === 3 || !isRetryable(error)) throw error
      await Bun.sleep(5 + Math.random() * 20 * attempt)
    }
  }
}

/** Work of shoppers failed for the store's sake within the last seconds, and none was committed since. */
export const isRefusing = (sql: Pool): boolean => {
  const failedAt = patience.get(sql)?.failedAt
  return failedAt !== undefined && performance.now() - failedAt < refusalHolds
}

const refusalHolds = seconds(5)

const observed = async <T>(bounds: Patience, work: Promise<T>): Promise<T> => {
  try {
    const done = await work
    bounds.failedAt = undefined
    return done
  } catch (error) {
    if (isStoreAway(error) && !isAboutLocks(error)) bounds.failedAt = performance.now()
    throw error
  }
}

/** Shoppers are in each other's way; others can pay meanwhile. */
const isAboutLocks = (error: unknown) => isRetryable(error) || (isRefusal(error) && error.code === "55P03")

type Patience = {
  failedAt?: number
  waitMax: Millis
  workMax: Millis
  waiting: number
  waitingMax: number
  onDropped: (reason: DroppedFor) => void
}

/** The driver's pool has no bound for those who wait, neither in number nor in time. */
const patience = new WeakMap<Pool, Patience>()

/** Work that nobody waits for any more does not begin, and does not commit unless the commit was sent already. */
const begin = async <T>(sql: Pool, bounds: Patience, work: (tx: Transaction) => Promise<T>): Promise<T> => {
  if (bounds.waiting >= bounds.waitingMax) throw dropped(bounds, "queue")

  let late: Error | undefined
  const { promise: givenUp, reject } = Promise.withResolvers<never>()
  const giveUpAfter = (time: Millis, reason: DroppedFor) =>
    setTimeout(() => reject((late = dropped(bounds, reason))), time)
  let timer = giveUpAfter(bounds.waitMax, "wait")
  bounds.waiting++
  let isWaiting = true
  const stopWaiting = () => {
    clearTimeout(timer)
    if (isWaiting) bounds.waiting--
    isWaiting = false
  }
  const done = sql.begin(async (tx) => {
    stopWaiting()
    if (late) throw late
    timer = giveUpAfter(bounds.workMax, "work")
    const value = await work(tx)
    if (late) throw late
    return value
  })
  try {
    return (await Promise.race([done, givenUp])) as T
  } finally {
    clearTimeout(timer)
    // One that was given up still waits in the driver's pool, and counts until it comes.
    done.catch(() => {}).finally(stopWaiting)
  }
}

const dropped = ({ onDropped }: Patience, reason: DroppedFor) => {
  onDropped(reason)
  return Object.assign(new Error(`Postgres gave no ${reason === "work" ? "answer" : "connection"} in time`), {
    code: "DROPPED",
  })
}
