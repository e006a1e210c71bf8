import { afterAll, beforeAll, expect, test } from "bun:test"
import { newId, type AdmissionId, type SaleId } from "../../ids.ts"
import { silentLog } from "../../log.ts"
import type { Pool } from "../../stores/postgres.ts"
import { eventually, people, roomWorld, type RoomWorld } from "../../testing/waiting-room.ts"
import { later, minutes } from "../../units.ts"
import { openJournal } from "./journal.ts"
import { keysOf } from "../keys.ts"
import type { WaitingRoom } from "../waiting-room.ts"

let world: RoomWorld
let room: WaitingRoom
beforeAll(async () => {
  world = await roomWorld()
  room = await world.node()
})
afterAll(() => world.close())

const journaled = (saleId: SaleId) =>
  world.sql<{ accountId: string; position: number }[]>`
    select account_id, position from queue_entries where sale_id = ${saleId} order by position limit 10000`

test("everything a room does ends up in Postgres once, and the stream is trimmed", async () => {
  const { saleId } = world.sale({ shopperCapacity: 2, admitPerMinute: 60_000 })
  const accounts = people(700)
  const outcomes = await Promise.all(accounts.map((account) => room.join(saleId, account)))
  const scheduler = await world.scheduler()
  await world.pass(1000, scheduler)
  await room.refresh()
  const [first, second] = [await room.turn(saleId, accounts[0]!), await room.turn(saleId, accounts[1]!)]
  if (first.state !== "admitted" || second.state !== "admitted") throw new Error("not admitted")
  await room.finish(saleId, accounts[0]!, first.admissionId)
  await world.pass(minutes(11))
  for (let left = 140; left > 0; left--) await world.pass(5000, undefined).then(() => scheduler.tick())
  await room.drain(saleId)

  expect<unknown>([...(await journaled(saleId))]).toEqual(
    accounts.map((accountId, index) => {
      const outcome = outcomes[index]!
      return { accountId, position: outcome.state === "joined" ? outcome.position : -1 }
    }),
  )
  expect(
    await world.sql`select admission_id, position from queue_admissions where sale_id = ${saleId} order by position limit 9`,
  ).toMatchObject([
    { admissionId: first.admissionId, position: 1 },
    { admissionId: second.admissionId, position: 2 },
  ])
  expect(
    await world.sql`select admission_id, reason from queue_finishes where sale_id = ${saleId} order by finished_at limit 9`,
  ).toMatchObject([
    { admissionId: first.admissionId, reason: "finished" },
    { admissionId: second.admissionId, reason: "expired" },
  ])
  const calls = await world.sql<{ fromPosition: number; toPosition: number }[]>`
    select from_position, to_position from queue_calls where sale_id = ${saleId} and not again order by called_at, from_position limit 10000`
  let next = 1
  for (const { fromPosition, toPosition } of calls) {
    expect(fromPosition).toBe(next)
    next = toPosition + 1
  }
  expect(next - 1).toBe(Number(await world.redis.hget(keysOf(saleId).state, "now_serving")))
  expect(await world.redis.xlen(keysOf(saleId).journal)).toBe(0)
  expect(await world.redis.hget(keysOf(saleId).state, "journaled")).toBe("700")
  await scheduler.stop()
})

test("an entry that is copied again changes nothing, also by two at once", async () => {
  const { saleId } = world.sale()
  await Promise.all(people(50).map((account) => room.join(saleId, account)))
  const { journal } = keysOf(saleId)
  const copy = (await world.redis.dumpBuffer(journal))!
  const journals = [
    openJournal({ redis: world.redis, sql: world.sql, log: silentLog }),
    openJournal({ redis: world.redis, sql: world.openPool(), log: silentLog }),
  ]
  await Promise.all(journals.map((each) => each.drain(saleId)))
  const before = await journaled(saleId)
  expect(before).toHaveLength(50)
  // As after a crash between the commit and the trimming.
  await world.redis.restore(journal, 0, copy, "REPLACE")
  await Promise.all(journals.map((each) => each.drain(saleId)))
  await world.redis.restore(journal, 0, copy, "REPLACE")
  await world.sql`update queue_rooms set journaled_id = '0-0' where sale_id = ${saleId}`
  await Promise.all(journals.map((each) => each.drain(saleId)))
  expect(await journaled(saleId)).toEqual(before)
  expect(await world.redis.hget(keysOf(saleId).state, "alarm")).toBeNull()
})

test("a position that two accounts have raises the alarm and stops admission", async () => {
  const { saleId } = world.sale()
  await Promise.all(people(3).map((account) => room.join(saleId, account)))
  const errors: unknown[] = []
  const journal = openJournal({
    redis: world.redis,
    sql: world.sql,
    log: { ...silentLog, error: (each: unknown) => errors.push(each) },
  })
  await world.sql`
    insert into queue_entries (sale_id, account_id, position, joined_at, restored)
    values (${saleId}, ${people(1)[0]!}, 2, ${world.now()}, false)`
  expect(await journal.drain(saleId)).toBe(false)
  expect(errors).toHaveLength(1)
  const scheduler = await world.scheduler()
  await scheduler.tick()
  await world.pass(1000, scheduler)
  await room.refresh()
  expect(room.snapshot(saleId)).toMatchObject({ nowServing: 0, phase: "open" })
  expect(await world.sql`select alarm from queue_rooms where sale_id = ${saleId} limit 1`).toMatchObject([
    { alarm: expect.any(String) },
  ])

  // Somebody has looked, and taken the row out that nobody answered for.
  expect(await room.lookupAlarm(saleId)).toContain("queue_entries_position_once")
  await world.sql`delete from queue_entries where sale_id = ${saleId}`
  await room.clearAlarm(saleId)
  expect(await room.lookupAlarm(saleId)).toBeUndefined()
  await world.pass(1000, scheduler)
  await room.refresh()
  expect(room.snapshot(saleId)?.nowServing).toBeGreaterThan(0)
  await scheduler.stop()
})

test("joins outlive a Postgres that is away, and are journaled when it is back", async () => {
  const { saleId } = world.sale()
  await room.open(world.sales.get(saleId)!)
  const closed = world.openPool()
  await closed.end()
  const without = openJournal({ redis: world.redis, sql: closed as Pool, log: silentLog })
  await Promise.all(people(20).map((account) => room.join(saleId, account)))
  await expect(without.drain(saleId)).rejects.toThrow()
  expect(await journaled(saleId)).toHaveLength(0)
  await Promise.all(people(20).map((account) => room.join(saleId, account)))
  await room.drain(saleId)
  expect(await journaled(saleId)).toHaveLength(40)
})

test("the entries tell by page who joined, was called and was admitted", async () => {
  const { saleId } = world.sale({ shopperCapacity: 2, admitPerMinute: 60_000 })
  const accounts = people(5)
  for (const account of accounts) await room.join(saleId, account)
  const scheduler = await world.scheduler()
  await world.pass(1000)
  await scheduler.tick()
  await room.refresh()
  await room.turn(saleId, accounts[1]!)
  const joinedAt = later(world.now(), minutes(0))
  const page = await room.entries(saleId, { after: 0, limit: 3 })
  expect(page.map((each) => [each.position, each.accountId])).toEqual(
    [1, 2, 3].map((position) => [position, accounts[position - 1]!]),
  )
  expect(page[0]).toMatchObject({ calledAt: joinedAt })
  expect(page[0]?.admittedAt).toBeUndefined()
  expect(page[1]).toMatchObject({ calledAt: joinedAt, admittedAt: joinedAt })
  expect(page[2]?.calledAt).toBeUndefined()
  expect((await room.entries(saleId, { after: 3, limit: 3 })).map((each) => each.position)).toEqual([4, 5])
  await scheduler.stop()
})

test("an entry of a kind that this build does not know is not skipped", async () => {
  const { saleId } = world.sale()
  await room.join(saleId, people(1)[0]!)
  await world.redis.xadd(keysOf(saleId).journal, "*", "kind", "later", "at", "1", "id", newId<AdmissionId>(world.now()))
  await expect(room.drain(saleId)).rejects.toThrow("kind later")
  expect(await eventually(() => world.redis.xlen(keysOf(saleId).journal))).toBe(2)
})

test("many small joins are copied in one go, though each batch of them is small", async () => {
  const { saleId } = world.sale()
  for (const account of people(300)) await room.join(saleId, account)
  const journal = openJournal({ redis: world.redis, sql: world.sql, log: silentLog })
  expect(await world.redis.xlen(keysOf(saleId).journal)).toBeGreaterThan(256)
  await journal.drain(saleId, { batchMin: 2000 })
  expect(await world.redis.xlen(keysOf(saleId).journal)).toBe(0)
})
