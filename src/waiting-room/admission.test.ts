import { afterAll, beforeAll, expect, test } from "bun:test"
import fc from "fast-check"
import type { AccountId, SaleId } from "../ids.ts"
import { eventually, people, roomWorld, tickMs, type RoomWorld } from "../testing/waiting-room.ts"
import { epochMs, later, minutes, seconds } from "../units.ts"
import { keysOf } from "./keys.ts"
import type { RoomSettings, WaitingRoom } from "./waiting-room.ts"

let world: RoomWorld
let room: WaitingRoom
let scheduler: Awaited<ReturnType<RoomWorld["scheduler"]>>
beforeAll(async () => {
  world = await roomWorld({ limits: { admissionFresh: seconds(0), missedFresh: seconds(0) } })
  room = await world.node()
  scheduler = await world.scheduler()
})
afterAll(() => world.close())

/** A sale with `count` people in its queue, and the first tick done. */
const queue = async (count: number, patch: Partial<RoomSettings> = {}) => {
  const { saleId } = world.sale(patch)
  const accounts = people(count)
  for (const account of accounts.slice(0, 1)) await room.join(saleId, account)
  await Promise.all(accounts.slice(1).map((account) => room.join(saleId, account)))
  return { saleId, accounts }
}
const tick = async (length = tickMs as number) => {
  await world.pass(length, scheduler)
  await room.refresh()
}
const change = async (saleId: SaleId, patch: Partial<RoomSettings>) => {
  world.sales.set(saleId, { ...world.sales.get(saleId)!, ...patch })
  await room.change(saleId, patch)
}
const statesOf = async (saleId: SaleId, accounts: AccountId[]) =>
  (await Promise.all(accounts.map((account) => room.turn(saleId, account)))).map((each) => each.state)
/** As a shopper does who has paid or left, by the admission that the shop knows. */
const finish = async (saleId: SaleId, account: AccountId) => {
  const turn = await room.turn(saleId, account)
  if (turn.state === "admitted") await room.finish(saleId, account, turn.admissionId)
}
const insideOf = async (saleId: SaleId) =>
  (await world.redis.zcard(keysOf(saleId).shoppers)) + (await world.redis.zcard(keysOf(saleId).calls))

test("people are called in the order of their positions and get one admission, however often they ask", async () => {
  const { saleId, accounts } = await queue(5, { shopperCapacity: 2, admitPerMinute: 60_000 })
  await tick()
  expect(await statesOf(saleId, accounts)).toEqual(["admitted", "admitted", "waiting", "waiting", "waiting"])
  const [first, again] = [await room.turn(saleId, accounts[0]!), await room.turn(saleId, accounts[0]!)]
  expect(again).toEqual(first)
  expect(first).toMatchObject({
    state: "admitted",
    position: 1,
    grantedAt: world.now(),
    endsAt: later(world.now(), minutes(10)),
  })
  const elsewhere = await world.node()
  expect(await elsewhere.turn(saleId, accounts[0]!)).toEqual(first)
})

test("a place is free at once when a shopper has paid or left, and giving it back twice frees one", async () => {
  const { saleId, accounts } = await queue(5, { shopperCapacity: 2, admitPerMinute: 60_000 })
  await tick()
  await statesOf(saleId, accounts.slice(0, 2))
  const turn = await room.turn(saleId, accounts[0]!)
  if (turn.state !== "admitted") throw new Error("not admitted")
  await Promise.all([1, 2, 3].map(() => room.finish(saleId, accounts[0]!, turn.admissionId)))
  await tick()
  expect(room.snapshot(saleId)).toMatchObject({ nowServing: 3 })
  expect(await statesOf(saleId, accounts.slice(2))).toEqual(["admitted", "waiting", "waiting"])
})

test("whoever misses the call keeps the position and is let in before those who wait", async () => {
  const { saleId, accounts } = await queue(6, { shopperCapacity: 2, admitPerMinute: 60_000, callWindow: seconds(2) })
  await tick()
  expect(await statesOf(saleId, [accounts[1]!])).toEqual(["admitted"])
  await tick(3000)
  // Position 3 was called in the place of 1 and is absent too.
  expect(await statesOf(saleId, [accounts[0]!])).toEqual(["missed"])
  const before = room.snapshot(saleId)!.nowServing
  let turn = await room.turn(saleId, accounts[0]!)
  for (let left = 15; left > 0 && turn.state === "missed"; left--) {
    await tick()
    turn = await room.turn(saleId, accounts[0]!)
  }
  expect(turn).toMatchObject({ state: "admitted", position: 1 })
  expect(room.snapshot(saleId)!.nowServing).toBe(before)
})

test("a turn that was used up comes again only for who joins again, and only when nobody waits for a first one", async () => {
  const { saleId, accounts } = await queue(3, {
    shopperCapacity: 1,
    admitPerMinute: 60_000,
    admissionLength: seconds(5),
  })
  await tick()
  expect(await statesOf(saleId, [accounts[0]!])).toEqual(["admitted"])
  await tick(5000)
  expect(await statesOf(saleId, [accounts[0]!, accounts[1]!])).toEqual(["used", "admitted"])
  expect(await room.join(saleId, accounts[0]!)).toMatchObject({ state: "joined", position: 1, first: false })
  await finish(saleId, accounts[1]!)
  await tick()
  expect(await statesOf(saleId, [accounts[0]!, accounts[2]!])).toEqual(["used", "admitted"])
  await finish(saleId, accounts[2]!)
  await tick(1000)
  expect(await statesOf(saleId, accounts)).toEqual(["admitted", "used", "used"])
})

test("a checkout that is repeated after its shopper came in again takes neither the new place nor the wish for one", async () => {
  const { saleId, accounts } = await queue(2, { shopperCapacity: 1, admitPerMinute: 60_000 })
  const [account, other] = [accounts[0]!, accounts[1]!]
  await tick()
  const first = await room.turn(saleId, account)
  if (first.state !== "admitted") throw new Error("not admitted")
  const repeat = () => room.finish(saleId, account, first.admissionId)
  await repeat()
  await room.join(saleId, account)
  await repeat()
  await tick()
  await room.turn(saleId, other)
  await finish(saleId, other)
  await tick(1000)
  const second = await room.turn(saleId, account)
  expect(second).toMatchObject({ state: "admitted", admissionId: expect.not.stringContaining(first.admissionId) })
  await repeat()
  expect(await room.turn(saleId, account)).toEqual(second)
  expect(await insideOf(saleId)).toBe(1)
})

test("the dead at the head of the queue do not hold up the living", async () => {
  const { saleId, accounts } = await queue(100, { shopperCapacity: 10, admitPerMinute: 60_000, callWindow: seconds(1) })
  const living = accounts.filter((_, index) => index % 10 === 9)
  const admitted = new Set<AccountId>()
  for (let round = 0; round < 11; round++) {
    await tick(1000)
    for (const account of living) {
      if ((await room.turn(saleId, account)).state !== "admitted") continue
      admitted.add(account)
      await finish(saleId, account)
    }
  }
  expect(admitted.size).toBe(10)
})

test("a pause calls nobody, throws nobody out, and lets those in who were called", async () => {
  const { saleId, accounts } = await queue(10, { shopperCapacity: 4, admitPerMinute: 60_000 })
  await tick()
  await statesOf(saleId, accounts.slice(0, 2))
  await change(saleId, { paused: true })
  expect(room.snapshot(saleId)?.phase).toBe("paused")
  await finish(saleId, accounts[0]!)
  await tick(5000)
  expect(room.snapshot(saleId)).toMatchObject({ nowServing: 4, phase: "paused" })
  expect(await statesOf(saleId, accounts.slice(1, 5))).toEqual(["admitted", "admitted", "admitted", "waiting"])
  await change(saleId, { paused: false })
  await tick()
  expect(room.snapshot(saleId)).toMatchObject({ nowServing: 5, phase: "open" })
})

test("nobody is called before the opening, when nothing is left, or when the shop does not tell what is left", async () => {
  const { saleId, accounts } = await queue(3, { opensAt: later(world.now(), seconds(2)), admitPerMinute: 60_000 })
  await tick()
  expect(room.snapshot(saleId)).toMatchObject({ phase: "queueing", nowServing: 0, waiting: 3 })
  await tick(2000)
  expect(room.snapshot(saleId)).toMatchObject({ phase: "open", nowServing: 3 })
  world.stock.set(saleId, { total: 10, available: 0, held: 0, sold: 10 })
  await tick(1200)
  expect(room.snapshot(saleId)).toMatchObject({ phase: "sold_out", stock: { sold: 10, total: 10 } })
  expect(await room.join(saleId, people(1)[0]!)).toMatchObject({ state: "closed", phase: "sold_out" })
  expect(await statesOf(saleId, [accounts[0]!])).toEqual(["admitted"])
  world.stock.set(saleId, { total: 10, available: 1, held: 0, sold: 9 })
  await tick(1200)
  expect(room.snapshot(saleId)?.phase).toBe("open")
})

test("a shop that does not tell its stock gets nobody", async () => {
  let told = true
  const alone = await roomWorld()
  const node = await alone.node()
  const stock = { total: 9, available: 9, held: 0, sold: 0 }
  const mute = await alone.scheduler({
    stockOf: () => (told ? Promise.resolve(stock) : Promise.reject(new Error("away"))),
  })
  const { saleId } = alone.sale({ admitPerMinute: 60, shopperCapacity: 50 })
  await Promise.all(people(30).map((account) => node.join(saleId, account)))
  await mute.tick()
  await alone.pass(3000, mute)
  await node.refresh()
  const called = node.snapshot(saleId)!.nowServing
  expect(called).toBeGreaterThan(1)
  told = false
  await alone.pass(6000, mute)
  await node.refresh()
  const before = node.snapshot(saleId)!.nowServing
  await alone.pass(5000, mute)
  await node.refresh()
  expect(node.snapshot(saleId)!.nowServing).toBe(before)
  await alone.close()
})

test("rate, capacity and message change while the sale runs", async () => {
  const { saleId } = await queue(200, { shopperCapacity: 1, admitPerMinute: 60 })
  await tick()
  expect(room.snapshot(saleId)?.nowServing).toBe(1)
  await change(saleId, { shopperCapacity: 500, admitPerMinute: 6000, message: "Doors at eight" })
  await tick(1000)
  expect(room.snapshot(saleId)).toMatchObject({ message: "Doors at eight", admitPerMinute: 6000 })
  expect(room.snapshot(saleId)!.nowServing).toBeGreaterThan(90)
})

test("a step of the wall clock by a day admits nobody early and throws nobody out, and so does a step back", async () => {
  const { saleId, accounts } = await queue(40, { admitPerMinute: 600, shopperCapacity: 10 })
  const tomorrow = await queue(3, { opensAt: later(world.now(), minutes(60)), admitPerMinute: 60_000 })
  await tick()
  await tick(1000)
  await statesOf(saleId, accounts.slice(0, 10))
  const before = world.now()
  for (const step of [minutes(24 * 60), minutes(-60)]) {
    const called = room.snapshot(saleId)!.nowServing
    world.jumpTo(epochMs(world.now() + step))
    await scheduler.tick()
    await room.refresh()
    // One second's worth at most.
    expect(room.snapshot(saleId)!.nowServing - called).toBeLessThanOrEqual(10)
    expect(room.snapshot(tomorrow.saleId)).toMatchObject({ phase: "queueing", nowServing: 0 })
    expect(await world.redis.zcard(keysOf(saleId).shoppers)).toBe(10)
    await tick(2000)
    expect(await world.redis.zcard(keysOf(saleId).shoppers)).toBe(10)
    expect((await room.turn(saleId, accounts[0]!)).state).toBe("admitted")
  }
  world.jumpTo(epochMs(before + minutes(24 * 60)))
})

test("the tick of a scheduler that has lost its lease is refused", async () => {
  const alone = await roomWorld()
  const node = await alone.node()
  const { saleId } = alone.sale({ admitPerMinute: 60, shopperCapacity: 100 })
  await Promise.all(people(50).map((account) => node.join(saleId, account)))
  const old = await alone.scheduler()
  await old.tick()
  expect(old.isLeader()).toBe(true)
  const epochBefore = Number(await alone.redis.hget(keysOf(saleId).state, "epoch"))
  await alone.redis.del("scheduler:{lease}:holder")
  const next = await alone.scheduler()
  await next.tick()
  expect(Number(await alone.redis.hget(keysOf(saleId).state, "epoch"))).toBe(epochBefore + 1)
  // The old one is thawed in the middle of its tick, with the lease in its memory only.
  const { admit } = await import("./scripts.ts")
  const stock = { total: 9, available: 9, held: 0, sold: 0 }
  const args = { generation: 1, epoch: epochBefore, now_ms: alone.now() + 60_000, lead_ms: 5000, limit: 100, ...stock }
  const before = await alone.redis.hgetall(keysOf(saleId).state)
  expect(await admit(alone.redis, keysOf(saleId), args)).toEqual({ state: "fenced", epoch: epochBefore + 1 })
  expect(await alone.redis.hgetall(keysOf(saleId).state)).toEqual(before)
  await old.tick()
  expect(old.isLeader()).toBe(false)
  await alone.close()
})

test("an outage of the scheduler throws nobody out", async () => {
  const { saleId, accounts } = await queue(5, {
    shopperCapacity: 2,
    admissionLength: seconds(30),
    admitPerMinute: 60_000,
  })
  await tick()
  const before = await room.turn(saleId, accounts[0]!)
  await scheduler.stop()
  await world.pass(minutes(20))
  scheduler = await world.scheduler()
  await tick()
  const after = await room.turn(saleId, accounts[0]!)
  if (before.state !== "admitted" || after.state !== "admitted") throw new Error(`${before.state}, then ${after.state}`)
  expect(after.admissionId).toBe(before.admissionId)
  expect(after.endsAt - world.now()).toBeGreaterThan(20_000)
})

test("in every window no more are called than the rate and one second of it allow", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 20_000 }),
    fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 5, maxLength: 25 }),
    async (admitPerMinute, steps) => {
      const { saleId } = await queue(1, { admitPerMinute, shopperCapacity: 100_000 })
      await world.redis.hset(keysOf(saleId).state, "joined", 50_000, "journaled", 50_000)
      const ticks: { at: number; before: number; called: number }[] = []
      const called = async () => Number(await world.redis.hget(keysOf(saleId).state, "now_serving"))
      for (const step of steps) {
        world.jumpTo(epochMs(world.now() + step))
        const before = await called()
        await scheduler.tick()
        ticks.push({ at: world.now(), before, called: await called() })
      }
      await world.redis.hset(keysOf(saleId).state, "closed", 1)
      world.sales.set(saleId, { ...world.sales.get(saleId)!, closed: true })
      const burst = Math.max(1, admitPerMinute / 60)
      for (const [from, first] of ticks.entries())
        for (const last of ticks.slice(from))
          expect(last.called - first.before).toBeLessThanOrEqual(
            (admitPerMinute / 60_000) * (last.at - first.at) + burst + 1e-6,
          )
      // It is the rate that is reached, not only kept, when ticks are close.
      const length = ticks.at(-1)!.at - ticks[0]!.at
      if (steps.every((step) => step <= 1000)) {
        const least = Math.floor((admitPerMinute / 60_000) * length) - 1
        expect(ticks.at(-1)!.called - ticks[0]!.called).toBeGreaterThanOrEqual(Math.min(least, 2000))
      }
    },
  )
  await fc.assert(property, { numRuns: 15 })
})

test("shoppers and called together never exceed the capacity", async () => {
  const { saleId, accounts } = await queue(120, {
    shopperCapacity: 7,
    admitPerMinute: 60_000,
    callWindow: seconds(1),
    admissionLength: seconds(3),
  })
  let most = 0
  for (let round = 0; round < 40; round++) {
    await tick(round % 7 === 0 ? 1500 : 200)
    const some = accounts.filter((_, index) => (index * 7 + round) % 5 === 0)
    await Promise.all(some.map((account) => room.turn(saleId, account)))
    await Promise.all(some.slice(0, 9).map((account) => finish(saleId, account)))
    const inside = await insideOf(saleId)
    most = Math.max(most, inside)
    expect(inside).toBeLessThanOrEqual(7)
  }
  expect(most).toBe(7)
})

test("asking for the turn while waiting costs no store operation", async () => {
  const { saleId, accounts } = await queue(500, { shopperCapacity: 1 })
  await tick()
  const waiting = accounts.slice(10)
  await Promise.all(waiting.map((account) => room.turn(saleId, account)))
  let quietReads = 0
  const operations = async () =>
    (await world.redis.info("commandstats"))
      .split("\n")
      .reduce((sum, line) => sum + Number(/calls=(\d+)/.exec(line)?.[1] ?? 0), 0)
  // Reading the figure is itself one operation; what the scheduler began has to come to its end first.
  let read = 0
  const before = await eventually(async () => {
    const now = await operations()
    const quiet = now - read === 1
    read = now
    return (quiet ? ++quietReads : (quietReads = 0)) > 5 ? now : undefined
  })
  for (let round = 0; round < 20; round++) await Promise.all(waiting.map((account) => room.turn(saleId, account)))
  expect((await operations()) - before).toBe(1)
  const elsewhere = await world.node()
  await elsewhere.refresh()
  expect((await elsewhere.turn(saleId, waiting[0]!)).state).toBe("waiting")
  expect(elsewhere.lookupPosition(saleId, waiting[0]!)).toBe(11)
  expect((await elsewhere.turn(saleId, people(1)[0]!)).state).toBe("not_in_queue")
})
