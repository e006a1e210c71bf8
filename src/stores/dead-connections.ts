import postgres from "postgres"
import { millis, seconds, type Millis } from "../units.ts"

type Pool = postgres.Sql
/** What our patch of the driver shows of a connection. Times are of performance.now(). */
type Connection = {
  pid: number | null
  isIdle: boolean
  isUnanswered: boolean
  /** When the server last said something, or when the statement under way was sent. */
  heard: number
  destroy(): void
}

type WatchParts = {
  /** A pool of one fresh connection, on which the server is asked whether it still works on the others. */
  openAsker: () => Pool
  /** A pooler hides which backend works for whom: then only this length of silence tells. Undefined: the server is asked. */
  silenceMax: Millis | undefined
  onDead: (count: number) => void
}
type Kept = WatchParts & { pool: Pool; isAsking: boolean }

const lookEvery = seconds(1)
const silentAfter = seconds(4)
const idleAfter = seconds(5)
const answerWithin = seconds(2)
/** What the server sent just before it was asked may arrive after its answer. */
const grace = millis(250)

/**
 * Replaces connections whose peer no longer answers, which TCP does not notice when something between acknowledges every byte.
 * No statement costs more for it. A silent statement is no proof: the server is asked on a fresh connection whether it works on it.
 */
export const watchConnections = (pool: Pool, parts: WatchParts) => {
  const kept: Kept = { ...parts, pool, isAsking: false }
  const timer = setInterval(() => look(kept), lookEvery)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

const look = (kept: Kept) => {
  const connections = connectionsOf(kept.pool)
  const now = performance.now()
  // The pool hands out the one that has been idle for longest, so that each is visited in turn.
  if (connections.some((each) => each.isIdle && now - each.heard > idleAfter)) kept.pool`select 1`.catch(() => {})
  const silent = connections.filter((each) => each.isUnanswered && now - each.heard > silentAfter)
  if (silent.length > 0 && !kept.isAsking) void judge(kept, silent, now)
}

const judge = async (kept: Kept, silent: Connection[], now: number) => {
  kept.isAsking = true
  try {
    const heard = new Map(silent.map((each) => [each, each.heard]))
    const dead = await deadAmong(kept, silent, now)
    await Bun.sleep(grace)
    const stillDead = dead.filter((each) => each.isUnanswered && each.heard === heard.get(each))
    for (const each of stillDead) each.destroy()
    if (stillDead.length > 0) kept.onDead(stillDead.length)
  } finally {
    kept.isAsking = false
  }
}

const deadAmong = async ({ openAsker, silenceMax }: Kept, silent: Connection[], now: number): Promise<Connection[]> => {
  const asker = openAsker()
  try {
    const pids = `{${silent.flatMap((each) => each.pid ?? [])}}`
    const rows = await Promise.race([
      // Whoever is waited for and waits for us as well has lost what one of the two said.
      asker<{ pid: number }[]>`
        select pid from pg_stat_activity
        where pid = any(${pids}::int[]) and coalesce(state, '') not like 'idle%' and wait_event_type is distinct from 'Client' limit 1000`,
      Bun.sleep(answerWithin).then(() => undefined),
    ])
    if (rows === undefined) return silent
    if (silenceMax !== undefined) return silent.filter((each) => now - each.heard > silenceMax)
    return silent.filter((each) => !rows.some((row) => row.pid === each.pid))
  } catch (error) {
    // A server that refuses, for want of connections say, is there.
    return error instanceof postgres.PostgresError ? [] : silent
  } finally {
    void asker.end({ timeout: 0 })
    // The driver only says goodbye, which a dead wire never answers.
    for (const each of connectionsOf(asker)) each.destroy()
  }
}

const connectionsOf = (pool: Pool) => (pool as Pool & { connections?: Connection[] }).connections ?? []
