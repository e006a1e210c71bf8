import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openRedis, redisReady } from "../stores/redis.ts"
import { until } from "../testing/until.ts"
import { people, roomWorld, type RoomWorld } from "../testing/waiting-room.ts"
import { seconds } from "../units.ts"
import { keysOf } from "./keys.ts"
import { clear, restore } from "./scripts.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-slow-"))
const socket = join(folder, "redis.sock")
const durable = ["--save", "", "--logfile", "", "--appendonly", "yes", "--appendfsync", "always"]
const run = (command: string[]) =>
  Bun.spawn(["setpriv", "--pdeathsig", "KILL", "--", ...command], { stdout: "ignore", stderr: "pipe" })

let redis: ReturnType<typeof run>
let world: RoomWorld
beforeAll(async () => {
  redis = run(["redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder, ...durable])
  const first = openRedis(`unix:${socket}`, { commandTimeout: seconds(2) })
  await redisReady(first, seconds(10))
  first.disconnect()
  world = await roomWorld({ redisUrl: `unix:${socket}`, limits: { joinWait: seconds(0) } })
}, 60_000)
afterAll(async () => {
  await world.close()
  redis.kill("SIGKILL")
  await redis.exited
  rmSync(folder, { recursive: true, force: true })
})

/** A sale with `count` people of whom only Postgres knows. */
const waiting = async (count: number) => {
  const { saleId } = world.sale()
  const node = await world.node()
  const accounts = people(count)
  await node.join(saleId, accounts[0]!)
  await node.drain(saleId)
  await node.stop()
  await world.sql`
    insert into queue_entries (sale_id, account_id, position, joined_at, restored)
    select ${saleId}, account_id, nth, to_timestamp(${world.now() / 1000}), false
    from unnest(${accounts}::text[]) with ordinality as entry (account_id, nth)
    where nth > 1`
  await world.redis.flushdb()
  return { saleId, accounts }
}

test("a rebuild ends while each fsync takes 1.2 s", async () => {
  const { saleId, accounts } = await waiting(6000)
  const strace = ["strace", "-f", "-p", String(redis.pid), "-e", "trace=fdatasync"]
  const slow = run([...strace, "-e", "inject=fdatasync:delay_enter=1200000"])
  const { value } = await slow.stderr.getReader().read()
  expect(new TextDecoder().decode(value)).toContain("attached")
  try {
    const node = await world.node()
    await until(
      "the room is open again",
      async () => {
        await node.refresh()
        return (await node.turn(saleId, accounts.at(-1)!)).state === "waiting"
      },
      200,
    )
    expect(await world.redis.hget(keysOf(saleId).state, "generation")).toBe("2")
    expect(await world.redis.hlen(keysOf(saleId).positions)).toBe(6000)
  } finally {
    slow.kill("SIGTERM")
    await slow.exited
  }
}, 60_000)

test("a rebuild that came to no end is gone on with where it stopped", async () => {
  const { saleId, accounts } = await waiting(30)
  const keys = keysOf(saleId)
  const [room] = await world.sql<{ journaledId: string }[]>`
    select journaled_id from queue_rooms where sale_id = ${saleId} limit 1`
  await clear(world.redis, keys, { seen: "", rebuild: "ended", of: `1:${room!.journaledId}:30`, keeps_journal: 0 })
  const seen = accounts.slice(0, 10).map((account, n) => `entry ${account} ${n + 1}:7`)
  await restore(world.redis, keys, { rebuild: "ended", restored_to: 10, batch: seen.join(" ") })
  const node = await world.node()
  await until("the room is open again", async () => {
    await node.refresh()
    return (await node.turn(saleId, accounts[29]!)).state === "waiting"
  })
  expect(await world.redis.hmget(keys.positions, accounts[9]!, accounts[10]!)).toEqual(["10:7", `11:${world.now()}`])
  expect(await world.redis.hlen(keys.positions)).toBe(30)
  expect(await world.redis.hmget(keys.state, "rebuild", "rebuild_of", "restored_to")).toEqual([null, null, null])
}, 30_000)
