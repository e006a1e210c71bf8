import { expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startNode } from "../commands/node.ts"
import { parseConfig } from "../config.ts"
import { silentLog } from "../log.ts"
import { openMiddleman } from "../testing/faults/middleman.ts"
import { stores } from "../testing/stores.ts"
import { until } from "../testing/until.ts"
import { millis, seconds } from "../units.ts"
import { isRedisAway, openRedis, redisReady } from "./redis.ts"

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0))
    })
  })

/** A redis-server of this test alone, on loopback, gone with `close`. */
const openServer = async (...settings: string[]) => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-redis-"))
  chmodSync(folder, 0o755)
  const port = await freePort()
  const child = Bun.spawn(
    [
      "setpriv",
      "--pdeathsig",
      "KILL",
      "--",
      "redis-server",
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--dir",
      folder,
      ...settings,
    ],
    { stdout: "ignore", stderr: "ignore" },
  )
  return {
    port,
    pid: child.pid,
    close: async () => {
      child.kill("SIGKILL")
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test("a unix socket and a port are the same store in two forms", async () => {
  const { redisUrl } = await stores()
  const overSocket = openRedis(redisUrl, { commandTimeout: seconds(2), name: "by-socket" })
  await redisReady(overSocket, seconds(5))
  expect(String(await overSocket.call("CLIENT", "GETNAME"))).toBe("by-socket")
  overSocket.disconnect()

  const server = await openServer("--requirepass", "s3cret")
  const overPort = openRedis(`redis://:s3cret@127.0.0.1:${server.port}/3`, { commandTimeout: seconds(2) })
  await redisReady(overPort, seconds(5))
  await overPort.set("in", "three")
  expect(String(await overPort.call("CLIENT", "INFO"))).toContain(" db=3 ")
  overPort.disconnect()
  await server.close()
})

test("while Redis is away a command fails at once, and the failure counts as away", async () => {
  const server = await openServer()
  const redis = openRedis(`redis://127.0.0.1:${server.port}`, { commandTimeout: millis(300) })
  await redisReady(redis, seconds(5))
  process.kill(server.pid, "SIGSTOP")
  const slow = await redis.ping().catch((error: unknown) => error)
  expect([slow instanceof Error, isRedisAway(slow)]).toEqual([true, true])
  process.kill(server.pid, "SIGCONT")
  await server.close()
  for (let left = 50; left > 0 && redis.status === "ready"; left--) await Bun.sleep(20)
  const away = await redis.ping().catch((error: unknown) => error)
  expect([away instanceof Error, isRedisAway(away)]).toEqual([true, true])
  await expect(redisReady(redis, millis(50))).rejects.toThrow("Redis did not answer within 50 ms")
  redis.disconnect()
})

test("what Redis says about itself counts as away; what it says about a command does not", async () => {
  for (const message of [
    "LOADING Redis is loading the dataset in memory",
    "MISCONF Redis is configured to save",
    "READONLY You can't write against a read only replica",
    "CLUSTERDOWN The cluster is down",
    "OOM command not allowed",
    "Connection is closed.",
    "Command timed out",
  ])
    expect(isRedisAway(new Error(message))).toBe(true)
  for (const message of ["WRONGTYPE Operation against a key", "ERR unknown command", "NOSCRIPT No matching script"])
    expect(isRedisAway(new Error(message))).toBe(false)
  const { redis } = await stores()
  await redis.set("a-text", "x")
  expect(isRedisAway(await redis.call("LPUSH", "a-text", "1").catch((error: unknown) => error))).toBe(false)
})

test("a dead connection to a node of a Cluster is given up, and the Cluster is back by itself", async () => {
  const port = await freePort()
  const middleman = await openMiddleman({ host: "127.0.0.1", port })
  const announced = ["--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", String(middleman.port)]
  const server = await openServer("--cluster-enabled", "yes", ...announced, "--port", String(port))
  const single = openRedis(`redis://127.0.0.1:${port}`, { commandTimeout: seconds(2) })
  await redisReady(single, seconds(5))
  await single.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
  await until("the Cluster is whole", async () => String(await single.call("CLUSTER", "INFO")).includes("state:ok"))
  single.disconnect()
  const address = `redis://127.0.0.1:${middleman.port}`
  const dead: number[] = []
  const cluster = openRedis(`${address},${address}`, {
    commandTimeout: millis(500),
    onDead: (count) => dead.push(count),
  })
  await redisReady(cluster, seconds(5))
  const answers = () =>
    cluster.get("x").then(
      () => true,
      () => false,
    )
  expect(await answers()).toBe(true)
  middleman.blackHole()
  await until("the dead connection is given up", async () => !(await answers()) && dead.length > 0, 60)
  const error = await cluster.get("x").catch((each: unknown) => each)
  expect([String(error), isRedisAway(error)]).toEqual([String(error), true])
  middleman.pass()
  await until("the Cluster answers", answers, 80)
  cluster.disconnect()
  await middleman.close()
  await server.close()
}, 60_000)

test("a whole sale runs on a Redis Cluster: every script keeps to one slot", async () => {
  const server = await openServer(
    "--cluster-enabled",
    "yes",
    "--cluster-announce-ip",
    "127.0.0.1",
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
  )
  const folder = mkdtempSync(join(tmpdir(), "traffic-cluster-"))
  const single = openRedis(`redis://127.0.0.1:${server.port}`, { commandTimeout: seconds(2) })
  await redisReady(single, seconds(5))
  await single.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
  for (let left = 100; left > 0 && !String(await single.call("CLUSTER", "INFO")).includes("cluster_state:ok"); left--)
    await Bun.sleep(100)
  single.disconnect()
  const { url: databaseUrl } = await (await stores()).freshDatabase()
  const address = `redis://127.0.0.1:${server.port}`
  const config = parseConfig({
    REDIS_URL: `${address},${address}`,
    DATABASE_URL: databaseUrl,
    PORT: "0",
    TRAFFIC_DATA_DIR: folder,
    TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "1000",
  })
  const node = await startNode({ config, log: silentLog })
  try {
    const ask = async (method: string, path: string, authorization: string, body?: unknown) => {
      const answer = await fetch(`${node.url.replace("localhost", "127.0.0.1")}${path}`, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }
    const sales = [
      await node.parts.demo.prepare({ admitPerMinute: 60_000, waitingRoomCap: 100, totalSeats: 50 }),
      await node.parts.demo.prepare({ admitPerMinute: 60_000, waitingRoomCap: 100, totalSeats: 50 }),
    ]
    const fans = await node.parts.demo.fans(20)
    const saleOf = (index: number) => `/v1/sales/${sales[index % 2]}`
    const joined = await Promise.all(
      fans.map((fan, index) => ask("POST", `${saleOf(index)}/waiting-room/join`, `Bearer ${fan.token}`)),
    )
    expect(joined.map((each) => each.status)).toEqual(fans.map(() => 201))
    expect(
      joined
        .filter((_, index) => index % 2 === 0)
        .map((each) => Number(each.body["position"]))
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    const bought = await Promise.all(
      fans.map(async (fan, index) => {
        let admission: unknown
        for (let left = 100; left > 0 && admission === undefined; left--) {
          admission = (await ask("GET", `${saleOf(index)}/waiting-room/status`, `Bearer ${fan.token}`)).body[
            "admission_token"
          ]
          if (admission === undefined) await Bun.sleep(200)
        }
        const hold = await ask("POST", `${saleOf(index)}/holds`, `Admission ${admission}`, {
          quantity: 1,
          idempotency_key: "hold",
        })
        return (
          await ask("POST", `${saleOf(index)}/checkout`, `Admission ${admission}`, {
            hold_id: hold.body["hold_id"],
            idempotency_key: "pay",
          })
        ).status
      }),
    )
    expect(bought).toEqual(fans.map(() => 200))
  } finally {
    await node.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)

test("a Cluster of which no node answers, and a name that leads nowhere, are a store that is away", async () => {
  const [one, two] = [await freePort(), await freePort()]
  for (const url of [`redis://127.0.0.1:${one},redis://127.0.0.1:${two}`, "redis://no-such-host.invalid:6379"]) {
    const redis = openRedis(url, { commandTimeout: millis(500) })
    for (const wait of [0, 50, 300]) {
      await Bun.sleep(wait)
      const error = await redis.get("x").catch((each: unknown) => each)
      expect([url, String(error), isRedisAway(error)]).toEqual([url, String(error), true])
    }
    redis.disconnect()
  }
})
