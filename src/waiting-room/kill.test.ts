import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { people, roomWorld } from "../testing/waiting-room.ts"
import type { AccountId } from "../ids.ts"
import { millis, seconds } from "../units.ts"
import { openRedis, redisReady } from "../stores/redis.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-kill-"))
const socket = join(folder, "redis.sock")
const durable = ["--save", "", "--logfile", "", "--appendonly", "yes", "--appendfsync", "always"]
const startRedis = () =>
  Bun.spawn(
    [
      "setpriv",
      "--pdeathsig",
      "KILL",
      "--",
      "redis-server",
      "--port",
      "0",
      "--unixsocket",
      socket,
      "--dir",
      folder,
      ...durable,
    ],
    { stdout: "ignore", stderr: "ignore" },
  )

let server: ReturnType<typeof startRedis>
afterAll(async () => {
  server.kill("SIGKILL")
  await server.exited
  rmSync(folder, { recursive: true, force: true })
})

test("no acknowledged join is lost or moved when Redis is killed while joins are in flight", async () => {
  server = startRedis()
  const first = openRedis(`unix:${socket}`, { commandTimeout: seconds(2) })
  await redisReady(first, seconds(5))
  first.disconnect()
  const world = await roomWorld({
    redisUrl: `unix:${socket}`,
    limits: { joinWait: millis(300), refreshEvery: millis(50) },
  })
  const node = await world.node()
  node.start()
  const { saleId } = world.sale()
  const acknowledged = new Map<AccountId, number>()
  let lost = 0
  world.redis.on("close", () => lost++)
  let over = false
  const joiner = async () => {
    while (!over) {
      const [account] = people(1)
      const outcome = await node.join(saleId, account!)
      if (outcome.state === "joined") acknowledged.set(account!, outcome.position)
      else {
        expect(outcome.state).toBe("recovering")
        await Bun.sleep(5)
      }
    }
  }
  const joiners = Array.from({ length: 50 }, joiner)
  const moreThan = async (count: number) => {
    for (let left = 800; acknowledged.size <= count; left--) {
      if (left === 0) throw new Error(`no joins any more after ${acknowledged.size}`)
      await Bun.sleep(10)
    }
  }
  for (let round = 0; round < 3; round++) {
    await moreThan(acknowledged.size + 200)
    server.kill("SIGKILL")
    await server.exited
    if (round === 1) void node.drain(saleId).catch(() => {})
    server = startRedis()
  }
  await moreThan(acknowledged.size + 200)
  over = true
  await Promise.all(joiners)

  const again = await Promise.all(
    [...acknowledged].map(async ([account, position]) => ({ position, outcome: await node.join(saleId, account) })),
  )
  for (const { position, outcome } of again) expect(outcome).toMatchObject({ state: "joined", position, first: false })
  expect(new Set(acknowledged.values()).size).toBe(acknowledged.size)
  expect(lost).toBeGreaterThanOrEqual(3)
  expect(await world.redis.hget(`sale:{${saleId}}:state`, "generation")).toBe("1")
  await world.close()
}, 40_000)
