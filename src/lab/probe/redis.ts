import type { Redis } from "../../stores/redis.ts"

export type RedisFigures = {
  pid: number
  runId: string
  usedBytes: number
  residentBytes: number
  /** Seconds since 1970 on the clock of Redis. */
  second: number
}

export const parseInfo = (text: string): RedisFigures | undefined => {
  const fields = new Map(
    text.split("\r\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  )
  const number = (name: string) => Number(fields.get(name))
  const found = {
    pid: number("process_id"),
    runId: fields.get("run_id") ?? "",
    usedBytes: number("used_memory"),
    residentBytes: number("used_memory_rss"),
    second: Math.floor(number("server_time_usec") / 1e6),
  }
  return [found.pid, found.usedBytes, found.residentBytes, found.second].every(Number.isFinite) ? found : undefined
}

/**
 * The longest fsync since a second, out of LATENCY HISTORY aof-fsync-always: the longest of each second in which one took as long
 * as the threshold, at most 160 of them. 0 when each took less than a millisecond, undefined when that cannot be known.
 */
export const longestFsync = (history: unknown, since: number, thresholdMs: number): number | undefined => {
  const samples = Array.isArray(history) ? history.filter((each): each is [number, number] => Array.isArray(each)) : []
  const recent = samples.filter(([second]) => second >= since).map(([, ms]) => ms)
  return recent.length > 0 ? Math.max(...recent) : thresholdMs === 1 ? 0 : undefined
}

/**
 * Asks one Redis for its figures, two commands each time. A Cluster has no figures of its own.
 * With `mayMeasure` its latency monitor is turned on where it is off, for that is what knows the time of an fsync.
 */
export const openRedisProbe = (redis: Redis, { mayMeasure }: { mayMeasure: boolean }) => {
  let known: { runId: string; thresholdMs: number; second: number } | undefined

  /** In ms; 0 is off, or no fsync that anybody waits for. */
  const thresholdOf = async (): Promise<number> => {
    if ((await setting(redis, "appendonly")) !== "yes" || (await setting(redis, "appendfsync")) !== "always") return 0
    const threshold = Number(await setting(redis, "latency-monitor-threshold"))
    if (threshold !== 0 || !mayMeasure) return threshold
    await redis.call("CONFIG", "SET", "latency-monitor-threshold", "1")
    return 1
  }

  return async (): Promise<(RedisFigures & { fsyncMs?: number }) | undefined> => {
    if ("nodes" in redis) return undefined
    const figures = parseInfo(String(await redis.call("INFO")))
    if (figures === undefined) return undefined
    if (known?.runId !== figures.runId)
      // A Redis that has started again has forgotten the threshold; one that refuses CONFIG tells nothing.
      known = { runId: figures.runId, thresholdMs: await thresholdOf().catch(() => 0), second: figures.second }
    if (!(known.thresholdMs > 0)) return figures
    const since = known.second
    known.second = figures.second
    const history = await redis.call("LATENCY", "HISTORY", "aof-fsync-always").catch(() => undefined)
    const fsyncMs = longestFsync(history, since, known.thresholdMs)
    return { ...figures, fsyncMs }
  }
}

const setting = async (redis: Redis, name: string): Promise<string | undefined> => {
  const answer: unknown = await redis.call("CONFIG", "GET", name)
  return Array.isArray(answer) ? String(answer[1]) : undefined
}
