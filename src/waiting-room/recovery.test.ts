import { afterEach, beforeEach, expect, test } from "bun:test"
import { eventually, people, roomWorld, type RoomWorld } from "../testing/waiting-room.ts"
import { epochMs, minutes, seconds } from "../units.ts"
import { keysOf } from "./keys.ts"
import { settleFor } from "./limits.ts"
import type { AccountId, SaleId } from "../ids.ts"
import type { WaitingRoom } from "./waiting-room.ts"

let world: RoomWorld
let room: WaitingRoom
let scheduler: Awaited<ReturnType<RoomWorld["scheduler"]>>
beforeEach(async () => {
  world = await roomWorld({
    limits: { journalLagMax: 1000, joinWait: seconds(0), admissionFresh: seconds(0), missedFresh: seconds(0) },
  })
  room = await world.node()
  scheduler = await world.scheduler()
})
afterEach(() => world.close())

const joinAll = async (saleId: SaleId, accounts: AccountId[]) => {
  const outcomes = await Promise.all(accounts.map((account) => room.join(saleId, account)))
  return outcomes.map((each) => (each.state === "joined" ? each.position : each.state))
}
/** The room is open again on this node. */
const recovered = (saleId: SaleId, node = room) =>
  eventually(async () => {
    await node.refresh()
    const snapshot = node.snapshot(saleId)
    return snapshot && !snapshot.recovering ? snapshot : undefined
  })
const positionsIn = async (saleId: SaleId, accounts: AccountId[]) => {
  const fresh = await world.node()
  return Promise.all(
    accounts.map(async (account) => {
      const turn = await fresh.turn(saleId, account)
      return "position" in turn ? turn.position : turn.state
    }),
  )
}

test("a Redis that lost everything is rebuilt from the journal: every position stands, newcomers come behind, nobody is let in meanwhile", async () => {
  const { saleId } = world.sale({ shopperCapacity: 5, admitPerMinute: 60_000 })
  const accounts = people(300)
  const positions = await joinAll(saleId, accounts)
  await scheduler.tick()
  await world.pass(400, scheduler)
  await room.refresh()
  const turn = await room.turn(saleId, accounts[0]!)
  expect(turn.state).toBe("admitted")
  await room.drain(saleId)

  await world.redis.flushdb()
  const shut = await room.join(saleId, people(1)[0]!)
  expect(shut).toEqual({ state: "recovering" })
  expect(await world.redis.hget(keysOf(saleId).state, "generation")).not.toBe("1")
  const snapshot = await recovered(saleId)
  expect(snapshot.nowServing).toBe(5)
  expect<unknown>(await positionsIn(saleId, accounts)).toEqual(positions)
  expect(await room.turn(saleId, accounts[0]!)).toEqual(turn)
  await world.pass(settleFor)
  const newcomer = await room.join(saleId, people(1)[0]!)
  expect(newcomer).toMatchObject({ state: "joined", position: 1301 })
  expect((await recovered(saleId)).waiting).toBe(296)

  // Those whose call was lost with Redis are called again, before anybody else; the gap costs nothing.
  await scheduler.tick()
  await world.pass(1000, scheduler)
  expect(await world.redis.zrange(keysOf(saleId).calls, 0, "-1")).toEqual(["2", "3", "4", "5"])
  await room.change(saleId, { shopperCapacity: 301 })
  world.sales.set(saleId, { ...world.sales.get(saleId)!, shopperCapacity: 301 })
  await world.pass(1000, scheduler)
  await room.refresh()
  expect(room.snapshot(saleId)).toMatchObject({ nowServing: 1301, waiting: 0 })
  expect(await world.redis.zcard(keysOf(saleId).calls)).toBe(300)
})

test("while a room is closed for rebuilding no script gives a position, calls or admits anybody", async () => {
  const { saleId } = world.sale()
  const accounts = people(20)
  await joinAll(saleId, accounts)
  await scheduler.tick()
  await room.refresh()
  await room.drain(saleId)
  const otherPool = world.openPool()
  // Another process has the lock of the rebuild and does not come to its end.
  const hold = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const holding = otherPool.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${saleId}, 0))`
    locked.resolve()
    await hold.promise
  })
  await locked.promise
  await world.redis.flushdb()
  expect(await room.join(saleId, people(1)[0]!)).toEqual({ state: "recovering" })
  expect(await room.turn(saleId, accounts[0]!)).toEqual({ state: "recovering" })
  await world.pass(1000, scheduler)
  await room.refresh()
  expect(room.snapshot(saleId)).toMatchObject({ recovering: true, joined: 20 })
  expect(await world.redis.exists(...Object.values(keysOf(saleId)))).toBe(0)
  hold.resolve()
  await holding
  expect(await recovered(saleId)).toMatchObject({ joined: 1020, waiting: expect.any(Number) })
})

test("an old copy of Redis is seen and rebuilt, also when nobody has joined since", async () => {
  const { saleId } = world.sale({ shopperCapacity: 3, admitPerMinute: 60_000 })
  const accounts = people(30)
  await joinAll(saleId, accounts.slice(0, 20))
  const keys = Object.values(keysOf(saleId))
  const dumps = await Promise.all(keys.map(async (key) => [key, await world.redis.dumpBuffer(key)] as const))
  await joinAll(saleId, accounts.slice(20))
  await scheduler.tick()
  await world.pass(400, scheduler)
  await room.drain(saleId)

  const restoreOld = async () => {
    await world.redis.unlink(...keys)
    for (const [key, dump] of dumps) if (dump) await world.redis.restore(key, 0, dump)
  }
  await restoreOld()
  const newcomer = people(1)[0]!
  const elsewhere = await world.node()
  expect(await elsewhere.join(saleId, newcomer)).toEqual({ state: "recovering" })
  await world.pass(settleFor)
  expect(await elsewhere.join(saleId, newcomer)).toMatchObject({ state: "joined", position: 1031 })
  expect<unknown>(await positionsIn(saleId, accounts)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
})

test("an old copy that lacks nothing but calls and admissions is old all the same", async () => {
  const { saleId } = world.sale({ shopperCapacity: 3, admitPerMinute: 60_000 })
  const accounts = people(10)
  await joinAll(saleId, accounts)
  const keys = Object.values(keysOf(saleId))
  const dumps = await Promise.all(keys.map(async (key) => [key, await world.redis.dumpBuffer(key)] as const))
  await scheduler.tick()
  await world.pass(400, scheduler)
  await room.refresh()
  const turn = await room.turn(saleId, accounts[0]!)
  expect(turn.state).toBe("admitted")
  await room.drain(saleId)
  await world.redis.unlink(...keys)
  for (const [key, dump] of dumps) if (dump) await world.redis.restore(key, 0, dump)
  const elsewhere = await world.node()
  expect(await elsewhere.turn(saleId, accounts[0]!)).toEqual(turn)
  expect(elsewhere.snapshot(saleId)).toMatchObject({ nowServing: 3, shoppers: 1 })
})

test("a node that has told a higher position than Redis knows closes the room instead of giving it twice", async () => {
  const { saleId } = world.sale()
  await joinAll(saleId, people(10))
  await world.redis.hset(keysOf(saleId).state, "joined", 9)
  expect(await room.join(saleId, people(1)[0]!)).toEqual({ state: "recovering" })
  await recovered(saleId)
  await world.pass(settleFor)
  const joined = await room.join(saleId, people(1)[0]!)
  expect(joined.state === "joined" && joined.position).toBeGreaterThan(1000)
})

test("receipts put entries back that neither store has, at their own positions, and they are called in that order", async () => {
  const { saleId } = world.sale({ shopperCapacity: 100, admitPerMinute: 60_000, paused: true })
  const accounts = people(20)
  await joinAll(saleId, accounts.slice(0, 10))
  await room.drain(saleId)
  const joinedAt = world.now()
  await joinAll(saleId, accounts.slice(10))
  await room.stop()
  await world.redis.flushdb()
  // Whoever knew the places in memory is gone: receipts are all that is left.
  room = await world.node()
  await room.join(saleId, accounts[0]!)
  await recovered(saleId)
  const back = (index: number) => room.join(saleId, accounts[index]!, { position: index + 1, joinedAt })
  expect(await back(14)).toEqual({ state: "joined", position: 15, joinedAt, first: false })
  expect(await back(12)).toEqual({ state: "joined", position: 13, joinedAt, first: false })
  expect(await back(12)).toEqual({ state: "joined", position: 13, joinedAt, first: false })
  await world.pass(settleFor)
  const newcomer = await room.join(saleId, people(1)[0]!)
  expect(newcomer).toMatchObject({ state: "joined", position: 1011 })
  expect((await recovered(saleId)).waiting).toBe(13)

  // Once more everything is lost: the journal has them now.
  await room.drain(saleId)
  await world.redis.flushdb()
  await room.join(saleId, accounts[0]!)
  await recovered(saleId)
  expect<unknown>(await positionsIn(saleId, [accounts[12]!, accounts[14]!])).toEqual([13, 15])
  world.sales.set(saleId, { ...world.sales.get(saleId)!, paused: false })
  await room.change(saleId, { paused: false })
  for (let left = 5; left > 0; left--) await world.pass(200, scheduler)
  await world.pass(1000, scheduler)
  await room.refresh()
  expect((await room.turn(saleId, accounts[12]!)).state).toBe("admitted")
  expect((await room.turn(saleId, accounts[14]!)).state).toBe("admitted")
})

test("a receipt cannot take a position that somebody else has", async () => {
  const { saleId } = world.sale()
  await joinAll(saleId, people(5))
  const thief = people(1)[0]!
  expect(await room.join(saleId, thief, { position: 3, joinedAt: world.now() })).toMatchObject({
    position: 6,
    first: true,
  })
})

test("a rebuild that sealed Redis and could not commit is taken over, not repeated", async () => {
  const { saleId } = world.sale()
  const accounts = people(10)
  await joinAll(saleId, accounts)
  await room.drain(saleId)
  await world.redis.flushdb()
  await room.join(saleId, accounts[0]!)
  await recovered(saleId)
  await world.sql`update queue_rooms set generation = 1, journaled_id = '0-0'`
  await world.sql`delete from queue_gaps`
  const fresh = await world.node()
  expect(await fresh.join(saleId, accounts[3]!)).toMatchObject({ state: "joined", position: 4, first: false })
  expect(await world.sql`select generation from queue_rooms limit 2`).toMatchObject([{ generation: 2 }])
  expect(await world.sql`select from_position from queue_gaps limit 2`).toMatchObject([{ fromPosition: 11 }])
})

test("the waiting are answered from memory and the admitted keep their admission while Redis is away", async () => {
  const { saleId } = world.sale({ shopperCapacity: 1, admitPerMinute: 60_000 })
  const accounts = people(3)
  await joinAll(saleId, accounts)
  await scheduler.tick()
  await room.refresh()
  const turn = await room.turn(saleId, accounts[0]!)
  expect(turn.state).toBe("admitted")
  const lonely = await world.connect()
  const { openWaitingRoom } = await import("./waiting-room.ts")
  const { silentLog } = await import("../log.ts")
  const settingsOf = async () => world.sales.get(saleId)
  const cut = openWaitingRoom({
    redis: lonely,
    sql: world.sql,
    clock: world.clock,
    log: silentLog,
    settingsOf,
    limits: { joinWait: seconds(0) },
  })
  await cut.refresh()
  expect(await Promise.all(accounts.map((account) => cut.turn(saleId, account)))).toMatchObject([
    turn,
    { position: 2 },
    { position: 3 },
  ])
  lonely.disconnect()
  await eventually(() => cut.snapshot(saleId)?.recovering)
  expect(await Promise.all(accounts.map((account) => cut.turn(saleId, account)))).toMatchObject([
    turn,
    { state: "waiting", position: 2 },
    { state: "waiting", position: 3 },
  ])
  expect(await cut.join(saleId, people(1)[0]!)).toEqual({ state: "recovering" })
  expect(await cut.turn(saleId, people(1)[0]!)).toEqual({ state: "recovering" })
  world.jumpTo(epochMs(world.now() + minutes(11)))
  expect(await cut.turn(saleId, accounts[0]!)).toEqual({ state: "recovering" })
  await cut.stop()
})
