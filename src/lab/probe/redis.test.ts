import { beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openRedis, redisReady } from "../../stores/redis.ts"
import { stores } from "../../testing/stores.ts"
import { seconds } from "../../units.ts"
import { longestFsync, openRedisProbe, parseInfo } from "./redis.ts"

beforeAll(() => stores(), 60_000)

const info = [
  "# Server",
  "redis_version:7.0.15",
  "process_id:30075",
  "run_id:1ad1c4856f02",
  "server_time_usec:1795348189733943",
  "executable:/tmp/a:b/redis-server",
  "",
  "# Memory",
  "used_memory:1081976",
  "used_memory_human:1.03M",
  "used_memory_rss:7286784",
  "",
].join("\r\n")

test("INFO tells the process, its memory and its clock", () => {
  expect(parseInfo(info)).toEqual({
    pid: 30075,
    runId: "1ad1c4856f02",
    usedBytes: 1_081_976,
    residentBytes: 7_286_784,
    second: 1_795_348_189,
  })
})

test("what lacks a figure tells nothing", () => {
  expect(parseInfo(info.replace("used_memory_rss:7286784", ""))).toBeUndefined()
  expect(parseInfo("")).toBeUndefined()
})

test("the longest fsync is that of the seconds since the last look", () => {
  const history = [
    [100, 40],
    [101, 3],
    [102, 9],
  ]
  expect(longestFsync(history, 101, 1)).toBe(9)
  expect(longestFsync(history, 100, 1)).toBe(40)
  expect(longestFsync(history, 103, 1)).toBe(0)
  expect(longestFsync([], 103, 1)).toBe(0)
})

test("below a coarse threshold nobody knows how long an fsync took", () => {
  expect(longestFsync([], 103, 25)).toBeUndefined()
  expect(longestFsync([[103, 30]], 103, 25)).toBe(30)
  expect(longestFsync(undefined, 103, 25)).toBeUndefined()
})

test("a Redis of our own is told to time its fsyncs; another one's settings stay", async () => {
  const { redis } = await stores()
  await redis.call("CONFIG", "SET", "latency-monitor-threshold", "0")
  const threshold = async () => ((await redis.call("CONFIG", "GET", "latency-monitor-threshold")) as string[])[1]
  const guest = await openRedisProbe(redis, { mayMeasure: false })()
  expect(guest!.pid).toBeGreaterThan(0)
  expect(guest!.fsyncMs).toBeUndefined()
  expect(await threshold()).toBe("0")
  await redis.set("probe", "written")
  const own = await openRedisProbe(redis, { mayMeasure: true })()
  expect(own!.fsyncMs).toBeGreaterThanOrEqual(0)
  expect(await threshold()).toBe("1")
})

test("a Redis that keeps nothing on disk has no fsync", async () => {
  const { cache } = await stores()
  const seen = await openRedisProbe(cache, { mayMeasure: true })()
  expect(seen!.usedBytes).toBeGreaterThan(0)
  expect(seen!.fsyncMs).toBeUndefined()
})

test("a Redis that was started again is told again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-probe-"))
  const start = async (fsync: string) => {
    const place = ["--port", "0", "--save", "", "--dir", folder, "--unixsocket", join(folder, "redis.sock")]
    const command = ["redis-server", ...place, "--appendonly", "yes", "--appendfsync", fsync]
    const server = Bun.spawn(command, { stdout: "ignore", stderr: "ignore" })
    await redisReady(redis, seconds(10))
    return async () => {
      const gone = new Promise((resolve) => redis.once("close", resolve))
      server.kill("SIGKILL")
      await Promise.all([server.exited, gone])
    }
  }
  const redis = openRedis(`unix:${join(folder, "redis.sock")}`, { commandTimeout: seconds(2) })
  const probe = openRedisProbe(redis, { mayMeasure: true })
  const stop = await start("always")
  expect((await probe())!.fsyncMs).toBeGreaterThanOrEqual(0)
  await stop()
  await expect(probe()).rejects.toThrow()
  const stopAgain = await start("always")
  expect((await probe())!.fsyncMs).toBeGreaterThanOrEqual(0)
  expect(await redis.call("CONFIG", "GET", "latency-monitor-threshold")).toEqual(["latency-monitor-threshold", "1"])
  await stopAgain()
  const stopLast = await start("everysec")
  // Nobody waits for a write that is made durable later.
  expect((await probe())!.fsyncMs).toBeUndefined()
  await stopLast()
  redis.disconnect()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)
