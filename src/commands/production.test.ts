import { afterAll, beforeAll, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { openRedis, redisReady } from "../stores/redis.ts"
import { runTraffic } from "../testing/command.ts"
import { stores } from "../testing/stores.ts"
import { openWorld, type World } from "../testing/world.ts"
import { seconds } from "../units.ts"

const key = "a-production-key-of-32-characters"
const settings = {
  TRAFFIC_MODE: "production",
  TRAFFIC_ADMIN_KEY: key,
  TRAFFIC_TRUSTED_PROXIES: "none",
  TRAFFIC_HOSTS: "tickets.example",
  K6_BIN: "/nowhere",
}
const shared = {
  TRAFFIC_JWT_KEYS: `one:${"x".repeat(32)}`,
  TRAFFIC_TICKET_KEY: `1:${Buffer.alloc(32, 9).toString("base64url")}`,
}

let redisUrl: string
let cacheUrl: string
let databaseUrl: string
beforeAll(async () => {
  const found = await stores()
  ;({ redisUrl, cacheUrl } = found)
  ;({ url: databaseUrl } = await found.freshDatabase())
})
const external = () => ({
  ...settings,
  ...shared,
  REDIS_URL: redisUrl,
  REDIS_CACHE_URL: cacheUrl,
  DATABASE_URL: databaseUrl,
})

test("a production start with defaults refuses, lists every reason, and makes nothing", async () => {
  const { code, out, err, left } = await runTraffic(["serve", "--port", "0"], { TRAFFIC_MODE: "production" })
  expect([code, out, left]).toEqual([64, "", []])
  for (const reason of [
    "production does not start with these settings:",
    "TRAFFIC_ADMIN_KEY is the development key",
    "TRAFFIC_TRUSTED_PROXIES is missing",
    "TRAFFIC_HOSTS is missing",
  ])
    expect(err).toContain(`traffic: ${reason}`)
  expect(err.trim().split("\n")).toHaveLength(4)
})

test("on stores of one's own the keys, the password and the persistence are named too, all at once", async () => {
  const { code, err, left } = await runTraffic(["serve", "--port", "0"], {
    TRAFFIC_MODE: "production",
    REDIS_URL: cacheUrl,
    DATABASE_URL: databaseUrl.replace("traffic@", "traffic:postgres@"),
  })
  expect([code, left]).toEqual([64, []])
  for (const reason of [
    "TRAFFIC_ADMIN_KEY",
    "TRAFFIC_TRUSTED_PROXIES",
    "TRAFFIC_HOSTS",
    "TRAFFIC_JWT_KEYS is missing",
    "TRAFFIC_TICKET_KEY is missing",
    "DATABASE_URL has a password that everybody knows",
    "The queue's Redis has appendonly no",
  ])
    expect(err).toContain(`traffic: ${reason}`)
})

test("a Redis that could lose an answered join is refused with the setting that is wrong, and with it alone", async () => {
  const redis = openRedis(redisUrl, { commandTimeout: seconds(2) })
  await redisReady(redis, seconds(5))
  try {
    await redis.call("CONFIG", "SET", "appendfsync", "everysec")
    const { code, err, left } = await runTraffic(["serve", "--port", "0"], external())
    expect([code, left]).toEqual([64, []])
    expect(err.trim().split("\n")).toEqual([
      "traffic: production does not start with these settings:",
      "traffic: The queue's Redis has appendfsync everysec; with anything but always it can lose joins that were answered",
    ])
  } finally {
    await redis.call("CONFIG", "SET", "appendfsync", "always")
    redis.disconnect()
  }
})

test("a Redis that does not answer cannot be judged, so nothing starts", async () => {
  const { code, err } = await runTraffic(["serve", "--port", "0"], { ...external(), REDIS_URL: "redis://127.0.0.1:1" })
  expect([code, err.includes("REDIS_URL does not answer, so its persistence cannot be judged")]).toEqual([64, true])
}, 30_000)

test("with everything right it serves from stores of one's own, starts none, and leaves them running", async () => {
  const world = await openWorld({ env: external() })
  try {
    for (let left = 50; left > 0 && (await world.request("GET", "/health/ready")).status !== 200; left--)
      await Bun.sleep(100)
    expect((await world.request("GET", "/health/ready")).status).toBe(200)
    expect(
      (
        await world.request("GET", "/v1/admin/sales/01ARZ3NDEKTSV4RRFFQ69G5FAV/stats", {
          headers: { "x-admin-key": key },
        })
      ).status,
    ).toBe(404)
    expect([
      world.storePids("redis"),
      world.storePids("postgres"),
      existsSync(join(world.folder, "data/postgres")),
    ]).toEqual([[], [], false])
  } finally {
    await world.close()
  }
  const redis = openRedis(redisUrl, { commandTimeout: seconds(2) })
  await redisReady(redis, seconds(5))
  expect(await redis.ping()).toBe("PONG")
  redis.disconnect()
}, 60_000)

let world: World
beforeAll(async () => void (world = await openWorld({ env: { K6_BIN: "/nowhere" } })), 60_000)
afterAll(() => world.close(), 60_000)

test("a second serve on the same data directory refuses with a sentence that names the first", async () => {
  const { code, out, err } = await runTraffic(["serve", "--port", "0", "--data-dir", join(world.folder, "data")])
  expect([code, out]).toEqual([64, ""])
  expect(err).toBe(
    `traffic: ${join(world.folder, "data")} is in use by traffic (process ${world.pid}): stop it, or name another --data-dir\n`,
  )
  expect((await world.request("GET", "/health/ready")).status).toBe(200)
})

test("a second serve on the same port refuses with a sentence and leaves no store running", async () => {
  const { port } = new URL(world.url)
  const { code, out, err } = await runTraffic(["serve", "--port", port])
  expect([code, out]).toEqual([64, ""])
  expect(err).toContain(`port ${port} on 127.0.0.1 is taken: stop the other server or choose another with --port`)
  expect(err).not.toContain("something broke")
  expect((await world.request("GET", "/health/live")).status).toBe(200)
})
