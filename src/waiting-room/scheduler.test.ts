import { afterAll, beforeAll, expect, test } from "bun:test"
import { eventually, people, roomWorld, type RoomWorld } from "../testing/waiting-room.ts"
import type { Redis } from "../stores/redis.ts"
import { between, later, millis, minutes, seconds } from "../units.ts"
import { leadMax } from "./limits.ts"
import { keysOf, roomsKey } from "./keys.ts"
import { lookupLeaderTime } from "./scheduler.ts"

let world: RoomWorld
beforeAll(async () => {
  world = await roomWorld()
})
afterAll(() => world.close())

test("one scheduler of two leads, and the other takes over when it stops", async () => {
  const [first, second] = [await world.scheduler(), await world.scheduler()]
  await first.tick()
  await second.tick()
  expect([first.isLeader(), second.isLeader()]).toEqual([true, false])
  await first.stop()
  await second.tick()
  expect([first.isLeader(), second.isLeader()]).toEqual([false, true])
  await second.stop()
})

test("the others know by which time the leader moves the rooms, while there is one", async () => {
  const scheduler = await world.scheduler({ nodeId: "one" })
  expect(await lookupLeaderTime(world.redis, "two")).toBeUndefined()
  await world.pass(1000, scheduler)
  expect(await lookupLeaderTime(world.redis, "two")).toBe(world.now())
  expect(await lookupLeaderTime(world.redis, "one")).toBeUndefined()
  await scheduler.stop()
  expect(await lookupLeaderTime(world.redis, "two")).toBeUndefined()
})

test("a room whose store does not answer stops no other", async () => {
  const room = await world.node()
  const [stuck, free] = [world.sale({ admitPerMinute: 600 }), world.sale({ admitPerMinute: 600 })]
  await Promise.all([stuck, free].flatMap(({ saleId }) => people(50).map((account) => room.join(saleId, account))))
  const redis = await world.connect()
  let stalled = 0
  const halting = new Proxy(redis, {
    get(target, name) {
      if (name === "evalsha")
        return (...args: [string, number, ...string[]]) => {
          if (!args.some((each) => String(each).includes(stuck.saleId))) return target.evalsha(...args)
          stalled++
          return new Promise(() => {})
        }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === "function" ? value.bind(target) : value
    },
  }) as Redis
  const scheduler = await world.scheduler({ redis: halting })
  for (let left = 10; left > 0; left--) await world.pass(200, scheduler)
  await room.refresh()
  expect(stalled).toBeGreaterThan(0)
  expect(room.snapshot(stuck.saleId)?.nowServing).toBe(0)
  expect(room.snapshot(free.saleId)?.nowServing).toBeGreaterThanOrEqual(20)
  await scheduler.stop()
})

test("a room that was lost is found again by the scheduler alone, from Postgres", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  const accounts = people(10)
  await Promise.all(accounts.map((account) => room.join(saleId, account)))
  await room.drain(saleId)
  await room.stop()
  await world.redis.flushdb()
  const scheduler = await world.scheduler()
  await eventually(async () => {
    await scheduler.tick()
    return (await world.redis.hget(keysOf(saleId).state, "generation")) === "2" || undefined
  })
  expect(await world.redis.hlen(keysOf(saleId).positions)).toBe(10)
  expect(await world.redis.sismember(roomsKey, saleId)).toBe(1)
  await scheduler.stop()
})

test("what an organiser changed while Redis was away is made good, but not a change that is on its way", async () => {
  const room = await world.node()
  const { saleId } = world.sale({ message: "before" })
  await room.join(saleId, people(1)[0]!)
  const scheduler = await world.scheduler()
  await scheduler.tick()
  world.sales.set(saleId, { ...world.sales.get(saleId)!, message: "after", paused: true })
  const message = () => world.redis.hget(keysOf(saleId).state, "message")
  await world.pass(1000)
  await scheduler.tick()
  expect(await message()).toBe("before")
  await eventually(async () => {
    await world.pass(1000)
    await scheduler.tick()
    return (await message()) === "after" || undefined
  })
  expect(await world.redis.hget(keysOf(saleId).state, "paused")).toBe("1")
  await scheduler.stop()
})

test("a room that has been closed for long leaves Redis when Postgres has all of it; whoever asks is told it is closed", async () => {
  const room = await world.node()
  const { saleId, opensAt } = world.sale({ endsAt: later(world.now(), minutes(1)) })
  const accounts = people(5)
  await Promise.all(accounts.map((account) => room.join(saleId, account)))
  const scheduler = await world.scheduler({ retention: minutes(1) })
  await scheduler.tick()
  for (let left = 20; left > 0; left--) {
    await world.pass(4000)
    await scheduler.tick()
  }
  await room.refresh()
  expect(room.snapshot(saleId)?.phase).toBe("closed")
  expect(await world.redis.exists(keysOf(saleId).positions)).toBe(1)
  for (let left = 20; left > 0; left--) {
    await world.pass(4000)
    await scheduler.tick()
  }
  expect(await world.redis.exists(...Object.values(keysOf(saleId)))).toBe(0)
  expect(await world.redis.sismember(roomsKey, saleId)).toBe(0)
  // The first that this node hears of it is a join.
  expect(await room.join(saleId, people(1)[0]!)).toMatchObject({ state: "closed", phase: "closed" })
  expect(await room.turn(saleId, accounts[2]!)).toEqual({ state: "missed", position: 3 })
  expect(room.snapshot(saleId)?.phase).toBe("closed")
  expect((await room.entries(saleId, { after: 0, limit: 100 })).map((each) => each.accountId)).toEqual(accounts)
  const fresh = await world.node()
  expect(await fresh.join(saleId, accounts[0]!)).toMatchObject({ state: "closed", phase: "closed", opensAt })
  expect(await fresh.turn(saleId, accounts[2]!)).toEqual({ state: "missed", position: 3 })
  expect(fresh.snapshot(saleId)).toMatchObject({
    phase: "closed",
    joined: 5,
    nowServing: 5,
    recovering: false,
    opensAt,
  })
  await scheduler.stop()
})

test("a room that was given up in Postgres and not yet in Redis, as by a crash between them, leaves Redis too", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  await room.join(saleId, people(1)[0]!)
  await room.drain(saleId)
  await world.sql`update queue_rooms set collected_at = now() where sale_id = ${saleId}`
  const scheduler = await world.scheduler()
  await scheduler.tick()
  expect(await world.redis.exists(...Object.values(keysOf(saleId)))).toBe(0)
  expect(await world.redis.sismember(roomsKey, saleId)).toBe(0)
  await scheduler.stop()
})

test("a tick that is under way is not begun again, and stop waits for it", async () => {
  let asked = 0
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const { saleId } = world.sale()
  const room = await world.node()
  await room.join(saleId, people(1)[0]!)
  const scheduler = await world.scheduler({
    stockOf: async () => {
      asked++
      await held
      return { total: 1, available: 1, held: 0, sold: 0 }
    },
  })
  const ticks = [scheduler.tick(), scheduler.tick(), scheduler.tick()]
  await eventually(() => asked > 0 || undefined)
  const stopped = scheduler.stop()
  release()
  await Promise.all([...ticks, stopped])
  expect(asked).toBeLessThanOrEqual(world.sales.size)
  expect(scheduler.isLeader()).toBe(false)
})

test("a lost epoch counter does not fence the leader for ever", async () => {
  const room = await world.node()
  const { saleId } = world.sale()
  await Promise.all(people(5).map((account) => room.join(saleId, account)))
  await world.redis.hset(keysOf(saleId).state, "epoch", 1000)
  const scheduler = await world.scheduler()
  await eventually(async () => {
    await world.pass(200, scheduler)
    await room.refresh()
    return room.snapshot(saleId)?.nowServing === 5 || undefined
  })
  await scheduler.stop()
})

test("the loop ticks by itself and the node hears of it", async () => {
  const room = await world.node({ refreshEvery: seconds(0.02) })
  const { saleId } = world.sale()
  await Promise.all(people(5).map((account) => room.join(saleId, account)))
  let heard = 0
  const stopListening = room.onTick(() => heard++)
  const scheduler = await world.scheduler({ tickEvery: seconds(0.02) })
  room.start()
  scheduler.start()
  await eventually(async () => {
    await world.pass(20)
    return (heard > 3 && room.snapshot(saleId)?.nowServing === 5) || undefined
  })
  await scheduler.stop()
  await room.stop()
  stopListening()
  const after = heard
  await room.refresh()
  expect(heard).toBe(after)
})

test("while nobody can pay nobody is called, and an admission has that time back", async () => {
  let canPay = true
  const scheduler = await world.scheduler({ canPay: () => canPay })
  const room = await world.node({ admissionFresh: millis(0) })
  const { saleId } = world.sale({ admitPerMinute: 60, shopperCapacity: 1, admissionLength: minutes(1) })
  const [ada] = people(2)
  await room.join(saleId, ada!)
  for (let second = 0; second < 3; second++) await world.pass(1000, scheduler)
  await room.refresh()
  const before = await room.turn(saleId, ada!)
  canPay = false
  for (let second = 0; second < 300; second++) await world.pass(1000, scheduler)
  canPay = true
  await world.pass(1000, scheduler)
  const after = await room.turn(saleId, ada!)
  if (before.state !== "admitted" || after.state !== "admitted") throw new Error(`${before.state}, ${after.state}`)
  expect(after.admissionId).toBe(before.admissionId)
  expect(between(before.endsAt, after.endsAt)).toBe(millis(300_200 - leadMax))
  await scheduler.stop()
})
