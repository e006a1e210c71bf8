import { afterEach, beforeEach, expect, test } from "bun:test"
import { poisonRoom } from "../testing/faults/poison.ts"
import { eventually, people, roomWorld, type RoomWorld } from "../testing/waiting-room.ts"
import { swapScripts } from "../testing/defects/swaps.ts"
import type { AccountId, SaleId } from "../ids.ts"
import type { Redis } from "../stores/redis.ts"
import { epochMs, later, millis, minutes, type EpochMs } from "../units.ts"
import { keysOf } from "./keys.ts"
import type { Scheduler } from "./scheduler.ts"
import { setClock } from "./set-clock.ts"

let world: RoomWorld
beforeEach(async () => void (world = await roomWorld()))
afterEach(() => world.close())

const hour = minutes(60)
const day = minutes(24 * 60)

const roomClock = async (saleId: SaleId) => Number(await world.redis.hget(keysOf(saleId).state, "clock_ms"))
/** When each call and each admission ends. */
const ends = async (saleId: SaleId) => {
  const { calls, shoppers } = keysOf(saleId)
  return Promise.all([calls, shoppers].map((key) => world.redis.zrange(key, "0", "-1", "WITHSCORES")))
}
/** A scheduler whose clock is off by so much, while Postgres says the truth. */
const wrongScheduler = async (off: number, postgresTime: () => EpochMs | undefined = world.clock, redis?: Redis) =>
  world.scheduler({
    redis: redis ?? (await world.connect()),
    clock: () => epochMs(world.now() + off),
    time: { isTrusted: () => true, postgresTime },
  })
const leads = async (scheduler: Scheduler, ticks = 3) => {
  for (let left = ticks; left > 0; left--) await world.pass(200, scheduler)
}
/** Two of five shop, two are called and one waits. */
const halfServed = async () => {
  const room = await world.node()
  const { saleId } = world.sale({ shopperCapacity: 4, admitPerMinute: 60_000, callWindow: minutes(5) })
  const accounts = people(5)
  for (const account of accounts) await room.join(saleId, account)
  const scheduler = await world.scheduler()
  await leads(scheduler)
  await room.refresh()
  for (const account of accounts.slice(0, 2)) expect((await room.turn(saleId, account)).state).toBe("admitted")
  await scheduler.stop()
  const places = async () => {
    const fresh = await world.node()
    const turns = await Promise.all(accounts.map((account: AccountId) => fresh.turn(saleId, account)))
    await fresh.stop()
    return turns.map((turn) => `${turn.state} ${"position" in turn ? turn.position : ""}`)
  }
  return { room, saleId, accounts, places }
}
const asItShouldBe = ["admitted 1", "admitted 2", "admitted 3", "admitted 4", "waiting 5"]

for (const [what, off] of [
  ["an hour ahead", hour],
  ["a day ahead", day],
  ["an hour behind", -hour],
  ["a day behind", -day],
] as const)
  test(`a leader whose clock is ${what} of every store moves no room, and the next one finds it as it was`, async () => {
    const { saleId, places } = await halfServed()
    const soon = world.sale({ opensAt: later(world.now(), minutes(30)) })
    const room = await world.node()
    await room.join(soon.saleId, people(1)[0]!)
    const before = await ends(saleId)
    expect(before.map((each) => each.length)).toEqual([4, 4])
    const wrong = await wrongScheduler(off)
    await leads(wrong)
    expect((await roomClock(saleId)) - world.now()).toBeWithin(-1000, 1)
    expect(await ends(saleId)).toEqual(before)
    await wrong.stop()
    const right = await world.scheduler()
    await leads(right)
    expect(await roomClock(saleId)).toBe(world.now())
    expect(await ends(saleId)).toEqual(before)
    expect(await places()).toEqual(asItShouldBe)
    await room.refresh()
    expect(room.snapshot(soon.saleId)).toMatchObject({ phase: "queueing", nowServing: 0 })
    await right.stop()
  })

test("seeded defect: without the stores' say a leader an hour ahead carries the room away", async () => {
  const { saleId } = await halfServed()
  const before = await ends(saleId)
  const bound = { script: "resync", from: "math.min(now_ms, math.max(redis_ms, postgres_ms))", to: "now_ms" } as const
  const wrong = await wrongScheduler(hour, world.clock, swapScripts(await world.connect(), [bound]))
  await leads(wrong)
  expect((await roomClock(saleId)) - world.now()).toBeWithin(hour - 1000, hour + 1)
  expect(await ends(saleId)).not.toEqual(before)
})

test("a leader that Postgres has told nothing is bounded by Redis's clock alone", async () => {
  const now = epochMs(Date.now())
  world.jumpTo(now)
  const { saleId } = await halfServed()
  const wrong = await wrongScheduler(day, () => undefined)
  await leads(wrong)
  expect((await roomClock(saleId)) - Date.now()).toBeWithin(-1000, 10_001)
  await wrong.stop()
})

test("a Redis whose own clock is years ahead carries no room away", async () => {
  world.jumpTo(epochMs(Date.UTC(2020, 0, 1)))
  const { saleId, places } = await halfServed()
  const before = await ends(saleId)
  await world.pass(600)
  const scheduler = await world.scheduler()
  await leads(scheduler)
  expect(await roomClock(saleId)).toBe(world.now())
  expect(await ends(saleId)).toEqual(before)
  expect(await places()).toEqual(asItShouldBe)
  await scheduler.stop()
})

test("an outage is a leap that node and stores agree on: everybody is given the time back", async () => {
  const { saleId } = await halfServed()
  const before = await ends(saleId)
  await world.pass(hour)
  const scheduler = await world.scheduler()
  await scheduler.tick()
  expect(await roomClock(saleId)).toBe(world.now())
  const [, shoppers] = await ends(saleId)
  expect(Number(shoppers![1]) - Number(before[1]![1])).toBeWithin(hour - 5001, hour)
  await scheduler.stop()
})

const journaledEnds = async (saleId: SaleId) => {
  const rooms = await world.node()
  await rooms.drain(saleId)
  await rooms.stop()
  return world.sql<{ accountId: AccountId; grantedAt: EpochMs; endsAt: EpochMs }[]>`
    select account_id, granted_at, ends_at from queue_admissions where sale_id = ${saleId} order by position`
}

test("a room that is ahead of every clock is set back, once, and nobody loses a place or the time they have left", async () => {
  const { room, saleId, accounts, places } = await halfServed()
  const before = await ends(saleId)
  await poisonRoom(world.redis, saleId, hour)
  const third = await room.turn(saleId, accounts[2]!)
  expect(third.state === "admitted" && third.endsAt > later(world.now(), hour)).toBe(true)
  const scheduler = await world.scheduler()
  await leads(scheduler)
  expect((await roomClock(saleId)) - world.now()).toBeWithin(-1, 1001)
  const after = await ends(saleId)
  for (const [index, score] of before[1]!.entries())
    if (index % 2) expect(Number(after[1]![index]) - Number(score)).toBeWithin(-1001, 1001)
  expect(await places()).toEqual(asItShouldBe)
  const journaled = await journaledEnds(saleId)
  expect(journaled).toHaveLength(4)
  for (const { accountId, grantedAt, endsAt } of journaled) {
    expect(Math.abs(endsAt - Number(await world.redis.zscore(keysOf(saleId).shoppers, accountId)))).toBeLessThan(5001)
    expect(grantedAt).toBeLessThan(endsAt)
  }
  await scheduler.stop()
  const next = await world.scheduler()
  const settled = await ends(saleId)
  await leads(next)
  expect(await ends(saleId)).toEqual(settled)
  await next.stop()
})

test("with stores on the same machine nothing goes back by itself", async () => {
  const { saleId, places } = await halfServed()
  await poisonRoom(world.redis, saleId, hour)
  const before = await ends(saleId)
  const scheduler = await world.scheduler({ setsBack: false })
  await leads(scheduler)
  expect((await roomClock(saleId)) - world.now()).toBeWithin(hour - 1001, hour + 1001)
  expect(await ends(saleId)).toEqual(before)
  expect(await places()).toEqual(asItShouldBe)
  await scheduler.stop()
})

test("a room within a minute of the clocks is let be", async () => {
  const { saleId } = await halfServed()
  await poisonRoom(world.redis, saleId, 50_000)
  const before = await ends(saleId)
  const scheduler = await world.scheduler()
  await leads(scheduler)
  expect((await roomClock(saleId)) - world.now()).toBeWithin(49_000, 51_001)
  expect(await ends(saleId)).toEqual(before)
  await scheduler.stop()
})

test("what others noted by a clock that was set back follows, also when that fails at first", async () => {
  const { saleId } = await halfServed()
  await poisonRoom(world.redis, saleId, hour)
  const followed: SaleId[] = []
  const onSetBack = async (sale: SaleId) => {
    if (followed.push(sale) === 1) throw new Error("not now")
  }
  const scheduler = await world.scheduler({ onSetBack })
  await eventually(async () => {
    await world.pass(1000, scheduler)
    return followed.length > 1
  })
  for (let left = 5; left > 0; left--) await world.pass(1000, scheduler)
  expect(followed).toEqual([saleId, saleId])
})

for (const [what, by] of [
  ["an hour ahead", hour],
  ["seconds ahead, which a leader lets be", 30_000],
] as const)
  test(`by hand a room that is ${what} is set right while it is led, once`, async () => {
    const { saleId, places } = await halfServed()
    const scheduler = await world.scheduler()
    await leads(scheduler)
    const before = await ends(saleId)
    await poisonRoom(world.redis, saleId, by)
    await leads(scheduler)
    const parts = { redis: world.redis, clock: world.clock, time: { postgresTime: world.clock } }
    expect(await setClock(parts, saleId)).toEqual({ state: "set", by: millis(-by) })
    expect(await ends(saleId)).toEqual(before)
    expect(await setClock(parts, saleId)).toEqual({ state: "right" })
    await leads(scheduler)
    expect(await roomClock(saleId)).toBe(world.now())
    expect(await ends(saleId)).toEqual(before)
    expect(await places()).toEqual(asItShouldBe)
    expect(await setClock(parts, world.sale().saleId)).toEqual({ state: "absent" })
  })

test("a node whose clock is not trusted gives up the lease, and another leads at once", async () => {
  let isTrusted = true
  const first = await world.scheduler({ time: { isTrusted: () => isTrusted, postgresTime: world.clock } })
  const second = await world.scheduler()
  await first.tick()
  await second.tick()
  expect([first.isLeader(), second.isLeader()]).toEqual([true, false])
  isTrusted = false
  await first.tick()
  await second.tick()
  expect([first.isLeader(), second.isLeader()]).toEqual([false, true])
  await first.stop()
  await first.tick()
  expect(first.isLeader()).toBe(false)
  await second.stop()
})
