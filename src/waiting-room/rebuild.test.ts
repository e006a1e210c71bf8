import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test"
import type { AccountId, SaleId } from "../ids.ts"
import { stores } from "../testing/stores.ts"
import { eventually, people, roomWorld, type RoomWorld } from "../testing/waiting-room.ts"
import { minutes, seconds } from "../units.ts"
import { keysOf } from "./keys.ts"
import { settleFor } from "./limits.ts"
import { clear } from "./scripts.ts"
import type { WaitingRoom } from "./waiting-room.ts"

beforeAll(async () => void (await stores()), 60_000)

let world: RoomWorld
let room: WaitingRoom
beforeEach(async () => {
  world = await roomWorld({
    limits: { journalLagMax: 1000, joinWait: seconds(0), admissionFresh: seconds(0), missedFresh: seconds(0) },
  })
  room = await world.node()
})
afterEach(() => world.close())

const joinAll = (saleId: SaleId, accounts: AccountId[]) =>
  Promise.all(accounts.map((account) => room.join(saleId, account)))
const recovered = (saleId: SaleId) =>
  eventually(async () => {
    await room.refresh()
    return room.snapshot(saleId)?.recovering === false
  })
/** This node has told more than Redis counts: it has the room rebuilt, though Redis holds joins that Postgres has not. */
const distrust = async (saleId: SaleId) => {
  await world.redis.hset(keysOf(saleId).state, "joined", 1)
  expect(await room.join(saleId, people(1)[0]!)).toEqual({ state: "recovering" })
}
const expectInOrder = async (saleId: SaleId, accounts: AccountId[]) => {
  const fresh = await world.node()
  const turns = await Promise.all(accounts.map((account) => fresh.turn(saleId, account)))
  expect(turns.map((turn) => ("position" in turn ? turn.position : turn.state))).toEqual(accounts.map((_, n) => n + 1))
}
const loseRedis = async (saleId: SaleId, someone: AccountId) => {
  await room.drain(saleId)
  await world.redis.flushdb()
  await room.join(saleId, someone)
  await recovered(saleId)
}

test("joins that the journal has not survive a rebuild that could not commit", async () => {
  const { saleId } = world.sale()
  const accounts = people(40)
  await joinAll(saleId, accounts)
  await world.sql`create function cut() returns trigger language plpgsql as 'begin raise exception ''cut''; end'`
  await world.sql`create trigger cut before update of generation on queue_rooms for each row execute function cut()`
  await distrust(saleId)
  await eventually(async () => (await world.redis.hget(keysOf(saleId).state, "generation")) === "2")
  await world.sql`drop trigger cut on queue_rooms`
  await recovered(saleId)
  await expectInOrder(saleId, accounts)
  await loseRedis(saleId, accounts[0]!)
  await expectInOrder(saleId, accounts)
})

test("joins that the journal has not survive a rebuild that ended in the middle", async () => {
  const { saleId } = world.sale()
  const accounts = people(40)
  await joinAll(saleId, accounts)
  await clear(world.redis, keysOf(saleId), { seen: 1, rebuild: "ended", of: "another", keeps_journal: 1 })
  await room.refresh()
  await recovered(saleId)
  await expectInOrder(saleId, accounts)
  await loseRedis(saleId, accounts[0]!)
  await expectInOrder(saleId, accounts)
})

test("joins that another node answers while a rebuild begins are not lost", async () => {
  const { saleId } = world.sale()
  const accounts = people(40)
  await joinAll(saleId, accounts.slice(0, 20))
  const elsewhere = await world.node()
  await elsewhere.refresh()
  await eventually(() => elsewhere.snapshot(saleId))
  const release = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const holding = world.openPool().begin(async (tx) => {
    await tx`lock table queue_gaps`
    locked.resolve()
    await release.promise
  })
  await locked.promise
  await world.redis.hset(keysOf(saleId).state, "joined", 19)
  expect(await room.join(saleId, people(1)[0]!)).toEqual({ state: "recovering" })
  await eventually(async () => {
    const waiting = await world.sql`
      select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%queue_gaps%' and datname = current_database() limit 1`
    return waiting.length > 0
  })
  await world.redis.hset(keysOf(saleId).state, "joined", 20)
  const late = []
  for (const account of accounts.slice(20)) late.push([account, await elsewhere.join(saleId, account)] as const)
  release.resolve()
  await holding
  await recovered(saleId)
  const fresh = await world.node()
  for (const [account, outcome] of late)
    if (outcome.state === "joined")
      expect(await fresh.turn(saleId, account)).toMatchObject({ position: outcome.position })
  await expectInOrder(saleId, accounts.slice(0, 20))
})

test("the time that nobody could shop is given to shoppers once, also when the room is rebuilt twice", async () => {
  const { saleId } = world.sale({ shopperCapacity: 1, admitPerMinute: 60_000 })
  const [shopper] = people(1) as [AccountId]
  await joinAll(saleId, [shopper])
  const scheduler = await world.scheduler()
  await world.pass(1000, scheduler)
  await room.refresh()
  const before = await room.turn(saleId, shopper)
  if (before.state !== "admitted") throw new Error("not admitted")
  await room.drain(saleId)
  await scheduler.stop()
  await world.redis.flushdb()
  await world.pass(minutes(30))
  await room.refresh()
  await recovered(saleId)
  const after = await room.turn(saleId, shopper)
  if (after.state !== "admitted") throw new Error("thrown out")
  expect(after.endsAt - before.endsAt).toBeGreaterThan(minutes(29))
  await world.redis.flushdb()
  await room.refresh()
  await recovered(saleId)
  expect(await room.turn(saleId, shopper)).toEqual(after)
})

test("a position that two accounts have stops the calls, neither the journal nor a rebuild", async () => {
  const { saleId } = world.sale()
  const accounts = people(3)
  await joinAll(saleId, accounts)
  await world.sql`
    insert into queue_entries (sale_id, account_id, position, joined_at, restored)
    values (${saleId}, ${people(1)[0]!}, 2, ${world.now()}, false)`
  await distrust(saleId)
  await recovered(saleId)
  expect(await room.lookupAlarm(saleId)).toContain(", 2)")
  expect(await world.redis.hget(keysOf(saleId).state, "alarm")).toBe("1")
  const fresh = await world.node()
  expect(await fresh.turn(saleId, accounts[2]!)).toMatchObject({ position: 3 })
  await joinAll(saleId, people(5))
  await room.drain(saleId)
  expect(await world.redis.xlen(keysOf(saleId).journal)).toBe(0)
})

test("an admission that was lost with Redis is counted again when its shopper goes on, once, until it is finished", async () => {
  const { saleId } = world.sale({ shopperCapacity: 2, admitPerMinute: 60_000 })
  const accounts = people(4)
  await joinAll(saleId, accounts)
  await room.drain(saleId)
  const scheduler = await world.scheduler({ stockOf: async () => ({ total: 9, available: 9, held: 0, sold: 0 }) })
  await scheduler.tick()
  await room.refresh()
  const turn = await room.turn(saleId, accounts[0]!)
  if (turn.state !== "admitted") throw new Error("not admitted")
  const admission = { saleId, accountId: accounts[0]!, ...turn }
  expect(await room.readmit(admission)).toBe(false)

  // The journal has the joins alone, and no copy is under way that could bring the admission after all.
  await room.drain(saleId)
  await world.sql`delete from queue_admissions where sale_id = ${saleId}`
  await world.redis.flushdb()
  await room.refresh()
  await recovered(saleId)
  expect(room.snapshot(saleId)).toMatchObject({ shoppers: 0 })
  const times = [1, 2, 3].map(() => room.readmit(admission))
  expect((await Promise.all(times)).toSorted()).toEqual([false, false, true])
  await world.pass(settleFor + 1000, scheduler)
  await room.refresh()
  expect(room.snapshot(saleId)).toMatchObject({ shoppers: 1 })
  expect(await world.redis.zcard(keysOf(saleId).calls)).toBe(1)
  expect(await room.turn(saleId, accounts[0]!)).toEqual(turn)
  await room.drain(saleId)
  expect(await world.sql`select admission_id from queue_admissions where sale_id = ${saleId} limit 9`).toMatchObject([
    { admissionId: turn.admissionId },
  ])

  await room.finish(saleId, accounts[0]!, turn.admissionId)
  await room.refresh()
  expect(room.snapshot(saleId)).toMatchObject({ shoppers: 0 })
  expect(await room.readmit(admission)).toBe(true)
  expect(await room.readmit({ ...admission, accountId: people(1)[0]! })).toBe(false)
  await scheduler.stop()
})

test("places that only the nodes know are put back by them, before anybody new is let in or called", async () => {
  const { saleId } = world.sale({ admitPerMinute: 60_000, shopperCapacity: 12 })
  const accounts = people(15)
  await joinAll(saleId, accounts.slice(0, 5))
  await room.drain(saleId)
  const elsewhere = await world.node()
  await joinAll(saleId, accounts.slice(5, 10))
  for (const account of accounts.slice(10)) await elsewhere.join(saleId, account)
  const scheduler = await world.scheduler()

  await world.redis.flushdb()
  await room.refresh()
  await recovered(saleId)
  // One node has put back what it knows; until the other had time for it nobody new comes between, and nobody is called.
  expect(await room.join(saleId, people(1)[0]!)).toEqual({ state: "recovering" })
  await world.pass(1000, scheduler)
  expect(await world.redis.zcard(keysOf(saleId).calls)).toBe(0)
  await eventually(async () => {
    await elsewhere.refresh()
    return elsewhere.snapshot(saleId)?.recovering === false
  })
  await expectInOrder(saleId, accounts)
  await world.pass(2000, scheduler)
  const newcomer = await room.join(saleId, people(1)[0]!)
  expect(newcomer.state === "joined" && newcomer.position).toBeGreaterThan(1005)
  await world.pass(1000, scheduler)
  expect((await world.redis.zrange(keysOf(saleId).calls, 0, "-1")).map(Number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 12 }, (_, index) => index + 1),
  )
})

test("admissions that only a node knows are put back by it, and finished where they were, before anybody is called", async () => {
  const { saleId } = world.sale({ shopperCapacity: 2, admitPerMinute: 60_000 })
  const node = await world.node({ admissionFresh: seconds(2) })
  const [shopper, buyer, next, last] = people(4) as [AccountId, AccountId, AccountId, AccountId]
  for (const each of [shopper, buyer, next, last]) await node.join(saleId, each)
  await node.drain(saleId)
  const scheduler = await world.scheduler()
  await world.pass(1000, scheduler)
  await node.refresh()
  const admitted = async (account: AccountId) => {
    const turn = await node.turn(saleId, account)
    if (turn.state !== "admitted") throw new Error(`not admitted: ${turn.state}`)
    return turn
  }
  const [kept, used] = [await admitted(shopper), await admitted(buyer)]
  const finishedAt = world.now()
  await node.finish(saleId, buyer, used.admissionId)

  await node.drain(saleId)
  await world.sql`delete from queue_admissions where sale_id = ${saleId}`
  await world.sql`delete from queue_finishes where sale_id = ${saleId}`
  await world.sql`delete from queue_calls where sale_id = ${saleId}`
  await world.redis.flushdb()
  await world.pass(1000)
  await eventually(async () => {
    await node.refresh()
    return node.snapshot(saleId)?.recovering === false
  })
  expect(node.snapshot(saleId)).toMatchObject({ shoppers: 1 })
  expect(await node.turn(saleId, shopper)).toEqual(kept)
  expect(await node.turn(saleId, buyer)).toMatchObject({ state: "used" })
  await world.pass(settleFor + 1000, scheduler)
  await node.refresh()
  expect(await world.redis.zrange(keysOf(saleId).calls, 0, "-1")).toEqual(["3"])
  await node.drain(saleId)
  const journaled = await world.sql`
    select account_id, finished_at from queue_admissions left join queue_finishes using (admission_id)
    where queue_admissions.sale_id = ${saleId} order by position limit 9`
  expect<unknown>([...journaled]).toEqual([
    { accountId: shopper, finishedAt: null },
    { accountId: buyer, finishedAt },
  ])
  const called = await world.sql`
    select from_position as position, again from queue_calls where sale_id = ${saleId} order by 1 limit 9`
  expect<unknown>([...called]).toEqual([
    { position: 1, again: true },
    { position: 2, again: true },
    { position: 3, again: false },
  ])
  await scheduler.stop()
})

test("a place that cannot be put back is told no longer", async () => {
  const { saleId } = world.sale()
  const [ghost] = people(1) as [AccountId]
  await joinAll(saleId, [ghost])
  expect(await room.turn(saleId, ghost)).toEqual({ state: "waiting", position: 1 })
  world.sales.set(saleId, { ...world.sales.get(saleId)!, closed: true })
  await world.redis.flushdb()
  await room.refresh()
  await recovered(saleId)
  expect(await room.turn(saleId, ghost)).toEqual({ state: "not_in_queue" })
})
