import { afterAll, beforeAll, expect, test } from "bun:test"
import { migrations } from "../../../sql/migrations.ts"
import { openBoxOffice } from "../../box-office/box-office.ts"
import { newId, type AccountId, type AdmissionId, type SaleId } from "../../ids.ts"
import { silentLog } from "../../log.ts"
import { migrate } from "../../stores/migrate.ts"
import type { Pool } from "../../stores/postgres.ts"
import { stores } from "../../testing/stores.ts"
import { epochMs, later, minutes, seconds } from "../../units.ts"
import { keysOf } from "../../waiting-room/keys.ts"
import { auditStores } from "./audit.ts"
import { readTruth, saleExists } from "./truth-reader.ts"

const now = epochMs(Date.UTC(2026, 10, 21, 10))
let sql: Pool
beforeAll(async () => {
  sql = (await (await stores()).freshDatabase()).sql
  await migrate(sql, migrations)
}, 60_000)
afterAll(() => sql.end())

/** A sale in which one of two people who joined has bought two seats. */
const soldSale = async () => {
  const { redis } = await stores()
  const boxOffice = openBoxOffice({ sql, clock: () => now, log: silentLog })
  const { eventId } = await boxOffice.events.create({
    name: "The Night",
    venue: "Old Hall",
    startsAt: later(now, minutes(600)),
  })
  const { saleId } = await boxOffice.sales.create({
    eventId,
    opensAt: now,
    endsAt: later(now, minutes(60)),
    totalSeats: 20,
    admitPerMinute: 600,
    waitingRoomCap: 100,
  })
  const [ada, bob] = [newId<AccountId>(now), newId<AccountId>(now)]
  const admissionId = newId<AdmissionId>(now)
  const shopper = { saleId, accountId: ada, admissionId, grantedAt: now, endsAt: later(now, minutes(10)) }
  await sql`insert into accounts (id, created_at) values (${ada}, ${now}), (${bob}, ${now})`
  await sql`
    insert into queue_entries (sale_id, account_id, position, joined_at, restored)
    values (${saleId}, ${ada}, 1, ${now}, false), (${saleId}, ${bob}, 2, ${now}, false)`
  await sql`
    insert into queue_calls (sale_id, generation, entry_id, from_position, to_position, again, epoch, called_at)
    values (${saleId}, 1, '1-0', 1, 2, false, 1, ${now})`
  await sql`
    insert into queue_admissions (admission_id, sale_id, account_id, position, granted_at, ends_at)
    values (${admissionId}, ${saleId}, ${ada}, 1, ${now}, ${shopper.endsAt})`
  await sql`insert into queue_finishes (admission_id, sale_id, reason, finished_at) values (${admissionId}, ${saleId}, 'finished', ${later(now, seconds(9))})`
  await redis.hset(keysOf(saleId).positions, ada, `1:${now}:used`, bob, `2:${now}`)
  const { holdId } = await boxOffice.holds.hold(shopper, { quantity: 2, idempotencyKey: "h" })
  const { orderId } = await boxOffice.orders.checkout(shopper, { holdId, idempotencyKey: "o" })
  return { redis, saleId, ada, bob, admissionId, holdId, orderId }
}

test("the truth of a sale is read whole and passes the audit", async () => {
  const { redis, saleId, ada, bob, admissionId, holdId, orderId } = await soldSale()
  const truth = await readTruth(sql, redis, saleId)
  expect(truth.sale).toEqual({
    totalSeats: 20,
    admitPerMinute: 600,
    shopperCapacity: 1000,
    maxTicketsPerUser: 4,
    callWindow: minutes(2),
  })
  expect(truth.seats).toBe(20)
  expect(truth.entries).toEqual([
    { account: ada, position: 1, joinedAt: now },
    { account: bob, position: 2, joinedAt: now },
  ])
  expect(truth.roomEntries?.toSorted((a, b) => a.position - b.position)).toEqual(truth.entries)
  expect(truth.calls).toEqual([{ from: 1, to: 2, again: false, generation: 1, entryId: "1-0", calledAt: now }])
  expect(truth.admissions).toEqual([
    {
      admissionId,
      account: ada,
      position: 1,
      grantedAt: now,
      endsAt: later(now, minutes(10)),
      finishedAt: later(now, seconds(9)),
    },
  ])
  expect(truth.holds).toEqual([
    {
      holdId,
      account: ada,
      admissionId,
      live: false,
      seats: 2,
      seatsKept: 0,
      takenAt: now,
      expiresAt: later(now, minutes(5)),
    },
  ])
  const amountCents = truth.payments[0]!.amountCents
  expect(truth.orders).toEqual([{ orderId, account: ada, admissionId, holdId, amountCents, paidAt: now }])
  expect(truth.payments).toEqual([{ paymentId: expect.any(String), orderId, amountCents }])
  expect(amountCents).toBeGreaterThan(0)
  expect(truth.tickets.map((each) => each.orderId)).toEqual([orderId, orderId])
  expect(auditStores(truth).filter((each) => !each.passed)).toEqual([])
})

test("a hold that nobody released is looked at as of now, and as of the last sweep where no server runs", async () => {
  const { redis, saleId, bob } = await soldSale()
  const admissionId = newId<AdmissionId>(now)
  const shopper = { saleId, accountId: bob, admissionId, grantedAt: now, endsAt: later(now, minutes(10)) }
  const boxOffice = openBoxOffice({ sql, clock: () => now, log: silentLog })
  const { holdId } = await boxOffice.holds.hold(shopper, { quantity: 1, idempotencyKey: "h" })
  const late = later(now, minutes(6))
  const [hold] = (await readTruth(sql, redis, saleId, late)).holds.filter((each) => each.holdId === holdId)
  expect(hold).toMatchObject({ live: true, seatsKept: 1, expiresAt: later(now, minutes(5)) })
  expect((await readTruth(sql, redis, saleId, late)).sweptUntil).toBe(late)
  expect((await readTruth(sql, redis, saleId)).sweptUntil).toBe(epochMs(0))
  await openBoxOffice({ sql, clock: () => late, log: silentLog }).sweeper.tick()
  const after = await readTruth(sql, redis, saleId)
  expect(after.sweptUntil).toBe(late)
  expect(after.holds.find((each) => each.holdId === holdId)).toMatchObject({
    live: false,
    seatsKept: 0,
    releasedAt: late,
  })
})

test("a position that only Redis knows turns the audit red", async () => {
  const { redis, saleId, bob } = await soldSale()
  await sql`delete from queue_entries where sale_id = ${saleId} and account_id = ${bob}`
  const red = auditStores(await readTruth(sql, redis, saleId)).filter((each) => !each.passed)
  expect(red.map((each) => each.counterExample)).toEqual([`${bob} has position 2 in Redis and none in the journal`])
})

test("a room that Redis no longer has is not compared", async () => {
  const { redis, saleId } = await soldSale()
  await redis.del(keysOf(saleId).positions)
  expect((await readTruth(sql, redis, saleId)).roomEntries).toBeUndefined()
  await redis.hset(keysOf(saleId).state, "joined", 2)
  expect((await readTruth(sql, redis, saleId)).roomEntries).toEqual([])
})

test("a sale that is not there has no truth", async () => {
  const { redis } = await stores()
  const nowhere = newId<SaleId>(now)
  expect(await saleExists(sql, nowhere)).toBe(false)
  await expect(readTruth(sql, redis, nowhere)).rejects.toMatchObject({ code: "sale_not_found" })
})
