import { expect, test } from "bun:test"
import { newId, type AdmissionId, type HoldId, type SeatId } from "../ids.ts"
import { later, minutes, rfc3339, seconds, type EpochMs } from "../units.ts"
import { faultOf, freshShop, refusesWith } from "../testing/box-office.ts"
import { brokenInvariants } from "../testing/invariants.ts"

const shop = await freshShop()
const { admissions, holds, seats, sales, orders } = shop.boxOffice
const shelf = async () => {
  const sale = await shop.sale()
  const ada = await shop.shopper(sale.saleId)
  return { sale, saleId: sale.saleId, ada, free: await seats.list(ada) }
}
const untouched = async (saleId: Parameters<typeof sales.stock>[0]) => {
  expect(await sales.stock(saleId)).toEqual({ total: 40, available: 40, held: 0, sold: 0 })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
  expect(await shop.sql`select 1 from holds where sale_id = ${saleId}`).toHaveLength(0)
  expect(await shop.sql`select 1 from idempotency where sale_id = ${saleId}`).toHaveLength(0)
}

test("a hold takes the named seats and says what they cost and until when", async () => {
  const { sale, saleId, ada, free } = await shelf()
  const seatIds = [free[3]!.seatId, free[1]!.seatId]
  const hold = await holds.hold(ada, { seatIds, idempotencyKey: "a" })
  expect(hold).toEqual({
    holdId: hold.holdId,
    seatIds: seatIds.toSorted(),
    expiresAt: later(shop.clock(), sale.holdLength),
    amountCents: 9000 as never,
  })
  expect(await sales.stock(saleId)).toEqual({ total: 40, available: 38, held: 2, sold: 0 })
  expect((await seats.list(ada)).map((seat) => seat.seatId)).not.toContain(seatIds[0])
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a hold never outlives its admission", async () => {
  const { saleId } = await shelf()
  const ada = await shop.shopper(saleId, seconds(30))
  expect((await holds.hold(ada, { quantity: 1, idempotencyKey: "a" })).expiresAt).toBe(ada.endsAt)
})

test("a node whose clock is behind takes a hold at the moment of the admission, not before", async () => {
  const { saleId, ada } = await shelf()
  const hold = await holds.hold(
    { ...ada, grantedAt: later(ada.grantedAt, seconds(2)) },
    { quantity: 1, idempotencyKey: "a" },
  )
  const [row] = await shop.sql<{ takenAt: EpochMs }[]>`select taken_at from holds where hold_id = ${hold.holdId}`
  expect(row!.takenAt).toBe(later(ada.grantedAt, seconds(2)))
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("the best seats are side by side in one row of the best section", async () => {
  const { ada, saleId, free } = await shelf()
  const bob = await shop.shopper(saleId)
  await holds.hold(bob, { seatIds: [free[1]!.seatId, free[6]!.seatId], idempotencyKey: "b" })
  const { seatIds } = await holds.hold(ada, { quantity: 4, idempotencyKey: "a" })
  expect(seatIds).toEqual(free.slice(2, 6).map((seat) => seat.seatId))
})

test("without neighbours left the best seats are wherever there are some", async () => {
  const { saleId, free } = await shelf()
  const others = await shop.shoppers(saleId, 10)
  const odd = free.filter((_, index) => index % 2 === 1).map((seat) => seat.seatId)
  for (const [index, bob] of others.entries())
    if (odd.slice(index * 4, index * 4 + 4).length > 0)
      await holds.hold(bob, { seatIds: odd.slice(index * 4, index * 4 + 4), idempotencyKey: "b" })
  const { seatIds } = await holds.hold(await shop.shopper(saleId), { quantity: 3, idempotencyKey: "a" })
  expect(seatIds).toEqual([free[0]!.seatId, free[2]!.seatId, free[4]!.seatId])
})

test("more seats than there are is unavailable and takes none", async () => {
  const sale = await shop.sale({ totalSeats: 3 })
  await refusesWith("unavailable", holds.hold(await shop.shopper(sale.saleId), { quantity: 4, idempotencyKey: "a" }))
  expect(await sales.stock(sale.saleId)).toMatchObject({ available: 3, held: 0 })
})

test("five seats over a cap of four are refused before any seat is touched", async () => {
  const { saleId, ada, free } = await shelf()
  await shop.sql`create function refuse_any_seat() returns trigger language plpgsql as 'begin raise exception ''a seat was touched''; end'`
  await shop.sql`create trigger refuse_any_seat before update on seats for each statement execute function refuse_any_seat()`
  const five = free.slice(0, 5).map((seat) => seat.seatId)
  await refusesWith("cap_exceeded", holds.hold(ada, { seatIds: five, idempotencyKey: "a" }))
  await refusesWith("cap_exceeded", holds.hold(ada, { quantity: 5, idempotencyKey: "a" }))
  await expect(holds.hold(ada, { quantity: 4, idempotencyKey: "a" })).rejects.toThrow("a seat was touched")
  await shop.sql`drop trigger refuse_any_seat on seats`
  await untouched(saleId)
})

test("the cap counts tickets that were bought in an earlier turn", async () => {
  const { ada, saleId } = await shelf()
  const { holdId } = await holds.hold(ada, { quantity: 3, idempotencyKey: "a" })
  await orders.checkout(ada, { holdId, idempotencyKey: "a" })
  const back = shop.again(ada)
  await refusesWith("cap_exceeded", holds.hold(back, { quantity: 2, idempotencyKey: "b" }))
  await holds.hold(back, { quantity: 1, idempotencyKey: "c" })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a seat of another sale is unavailable, and so is everything asked for with it", async () => {
  const { saleId, ada, free } = await shelf()
  const other = await shelf()
  await refusesWith(
    "unavailable",
    holds.hold(ada, { seatIds: [free[0]!.seatId, other.free[0]!.seatId], idempotencyKey: "a" }),
  )
  await untouched(saleId)
  await untouched(other.saleId)
})

test("malformed wishes are refused and leave nothing", async () => {
  const { saleId, ada, free } = await shelf()
  const one = free[0]!.seatId
  for (const quantity of [0, -1, 1.5, 51, 1e9, Number.NaN, "2" as never])
    await refusesWith("invalid_input", holds.hold(ada, { quantity, idempotencyKey: "a" }))
  for (const seatIds of [[], [one, one], Array<SeatId>(51).fill(one), "x" as never])
    await refusesWith("invalid_input", holds.hold(ada, { seatIds, idempotencyKey: "a" }))
  await refusesWith("malformed_id", holds.hold(ada, { seatIds: ["seat-1" as SeatId], idempotencyKey: "a" }))
  await refusesWith("invalid_input", holds.hold(ada, { idempotencyKey: "a" }))
  await refusesWith("invalid_input", holds.hold(ada, { quantity: 1, seatIds: [one], idempotencyKey: "a" }))
  for (const idempotencyKey of ["", "k".repeat(129), 7 as never])
    await refusesWith("invalid_input", holds.hold(ada, { quantity: 1, idempotencyKey }))
  await untouched(saleId)
})

test("a second hold is refused and names the first", async () => {
  const { ada } = await shelf()
  const first = await holds.hold(ada, { quantity: 1, idempotencyKey: "a" })
  const fault = await faultOf(holds.hold(ada, { quantity: 1, idempotencyKey: "b" }))
  expect(fault).toMatchObject({
    code: "hold_exists",
    facts: { hold_id: first.holdId, expires_at: rfc3339(first.expiresAt) },
  })
})

test("one's own hold that has ended gives way at once, without the sweeper", async () => {
  const { sale, ada, saleId } = await shelf()
  await holds.hold(ada, { quantity: 4, idempotencyKey: "a" })
  shop.after(sale.holdLength)
  const second = await holds.hold(ada, { quantity: 4, idempotencyKey: "b" })
  expect(second.seatIds).toHaveLength(4)
  expect(await sales.stock(saleId)).toMatchObject({ available: 36, held: 4 })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a released hold gives back its seats and its cap, also when released twice", async () => {
  const { ada, saleId } = await shelf()
  const { holdId } = await holds.hold(ada, { quantity: 4, idempotencyKey: "a" })
  await holds.release(ada, holdId)
  await holds.release(ada, holdId)
  expect(await sales.stock(saleId)).toMatchObject({ available: 40, held: 0 })
  expect((await holds.hold(ada, { quantity: 4, idempotencyKey: "b" })).seatIds).toHaveLength(4)
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a hold can be extended once, by its sale's length again, and keeps its seats", async () => {
  const { ada, saleId } = await shelf()
  const hold = await holds.hold(ada, { quantity: 2, idempotencyKey: "a" })
  const extended = later(hold.expiresAt, minutes(5))
  expect((await holds.find(hold.holdId, ada.accountId)).extendableTo).toBe(extended)
  shop.after(minutes(4))
  expect(await holds.extend(ada, { holdId: hold.holdId, idempotencyKey: "e" })).toEqual({
    ...hold,
    expiresAt: extended,
  })
  const fault = await faultOf(holds.extend(ada, { holdId: hold.holdId, idempotencyKey: "e2" }))
  expect([fault.code, fault.status]).toEqual(["hold_already_extended", 409])
  expect(await holds.find(hold.holdId, ada.accountId)).toMatchObject({ state: "live", expiresAt: extended })
  expect((await holds.find(hold.holdId, ada.accountId)).extendableTo).toBeUndefined()
  shop.after(minutes(2))
  await shop.boxOffice.sweeper.tick()
  expect(await sales.stock(saleId)).toMatchObject({ held: 2 })
  await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("an extension ends with the admission, and is not offered where it would give nothing", async () => {
  const { saleId } = await shelf()
  const ada = await shop.shopper(saleId, minutes(7))
  const { holdId } = await holds.hold(ada, { quantity: 1, idempotencyKey: "a" })
  expect((await holds.find(holdId, ada.accountId)).extendableTo).toBe(ada.endsAt)
  expect((await holds.extend(ada, { holdId, idempotencyKey: "e" })).expiresAt).toBe(ada.endsAt)
  const bob = await shop.shopper(saleId, minutes(5))
  const bobs = await holds.hold(bob, { quantity: 1, idempotencyKey: "b" })
  expect((await holds.find(bobs.holdId, bob.accountId)).extendableTo).toBeUndefined()
  expect((await holds.extend(bob, { holdId: bobs.holdId, idempotencyKey: "e" })).expiresAt).toBe(bob.endsAt)
})

test("the same key extends once and answers the same, also when the hold is given back by then", async () => {
  const { ada } = await shelf()
  const { holdId } = await holds.hold(ada, { quantity: 1, idempotencyKey: "k" })
  const first = await holds.extend(ada, { holdId, idempotencyKey: "k" })
  expect(await holds.extend(ada, { holdId, idempotencyKey: "k" })).toEqual(first)
  await holds.release(ada, holdId)
  expect(await holds.extend(ada, { holdId, idempotencyKey: "k" })).toEqual(first)
  const next = await holds.hold(ada, { quantity: 1, idempotencyKey: "k2" })
  await refusesWith("idempotency_mismatch", holds.extend(ada, { holdId: next.holdId, idempotencyKey: "k" }))
})

test("a hold that is over, paid, somebody else's, of another sale or of nobody is not extended", async () => {
  const { ada, saleId } = await shelf()
  const bob = await shop.shopper(saleId)
  const { holdId } = await holds.hold(ada, { quantity: 1, idempotencyKey: "a" })
  const extend = (shopper: typeof ada, hold: HoldId) => holds.extend(shopper, { holdId: hold, idempotencyKey: "e" })
  await refusesWith("hold_not_found", extend(bob, holdId))
  await refusesWith("hold_not_found", extend(ada, newId<HoldId>(shop.clock())))
  const other = await shelf()
  await refusesWith("hold_not_found", extend({ ...shop.again(ada), saleId: other.saleId }, holdId))
  shop.after(minutes(5))
  await refusesWith("hold_expired", extend(ada, holdId))
  await holds.release(ada, holdId)
  await refusesWith("hold_expired", extend(ada, holdId))
  expect(await shop.sql`select 1 from holds where extended_at is not null and sale_id = ${saleId}`).toHaveLength(0)
  const eve = await shop.shopper(saleId)
  const paid = await holds.hold(eve, { quantity: 1, idempotencyKey: "a" })
  await orders.checkout(eve, { holdId: paid.holdId, idempotencyKey: "c" })
  await refusesWith("admission_required", extend(eve, paid.holdId))
  await refusesWith("hold_expired", extend(shop.again(eve), paid.holdId))
})

test("somebody else's hold is not found", async () => {
  const { ada, saleId } = await shelf()
  const bob = await shop.shopper(saleId)
  const { holdId } = await holds.hold(ada, { quantity: 1, idempotencyKey: "a" })
  await refusesWith("hold_not_found", holds.release(bob, holdId))
  await refusesWith("hold_not_found", holds.release(ada, newId<HoldId>(shop.clock())))
  expect(await sales.stock(saleId)).toMatchObject({ held: 1 })
})

test("an admission that ended, is finished, or is somebody else's opens nothing", async () => {
  const { ada, saleId } = await shelf()
  const bob = await shop.shopper(saleId)
  await holds.hold(ada, { quantity: 1, idempotencyKey: "a" })
  await refusesWith(
    "admission_invalid",
    holds.hold({ ...bob, admissionId: ada.admissionId }, { quantity: 1, idempotencyKey: "b" }),
  )
  await admissions.leave(ada)
  await refusesWith("admission_required", holds.hold(ada, { quantity: 1, idempotencyKey: "c" }))
  await refusesWith("admission_required", seats.list(ada))
  shop.after(minutes(10))
  await refusesWith("admission_invalid", holds.hold(bob, { quantity: 1, idempotencyKey: "b" }))
  await refusesWith("admission_invalid", seats.list(bob))
  await refusesWith(
    "sale_not_found",
    holds.hold({ ...shop.again(bob), saleId: newId(shop.clock()) }, { quantity: 1, idempotencyKey: "b" }),
  )
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a closed sale gives no new holds", async () => {
  const { ada, saleId } = await shelf()
  await sales.change(saleId, { closed: true })
  await refusesWith("sale_closed", holds.hold(ada, { quantity: 1, idempotencyKey: "a" }))
})

test("the same key and wish give the same hold, another wish with it is refused", async () => {
  const { ada, saleId } = await shelf()
  const first = await holds.hold(ada, { quantity: 2, idempotencyKey: "a" })
  expect(JSON.stringify(await holds.hold(ada, { quantity: 2, idempotencyKey: "a" }))).toBe(JSON.stringify(first))
  await refusesWith("idempotency_mismatch", holds.hold(ada, { quantity: 1, idempotencyKey: "a" }))
  expect(await sales.stock(saleId)).toMatchObject({ held: 2 })
  const bob = await shop.shopper(saleId)
  expect((await holds.hold(bob, { quantity: 2, idempotencyKey: "a" })).holdId).not.toBe(first.holdId)
})

test("a refusal is not kept: the same key may try again", async () => {
  const { ada, saleId, free } = await shelf()
  const bob = await shop.shopper(saleId)
  const seatIds = [free[0]!.seatId]
  const { holdId } = await holds.hold(bob, { seatIds, idempotencyKey: "b" })
  await refusesWith("unavailable", holds.hold(ada, { seatIds, idempotencyKey: "a" }))
  await holds.release(bob, holdId)
  expect((await holds.hold(ada, { seatIds, idempotencyKey: "a" })).seatIds).toEqual(seatIds)
})

test("an admission is kept as it was first seen", async () => {
  const { ada } = await shelf()
  await holds.hold(ada, { quantity: 1, idempotencyKey: "a" })
  const [row] =
    await shop.sql`select sale_id, account_id, granted_at, ends_at, finished_at from shop_admissions where admission_id = ${ada.admissionId}`
  expect(row).toEqual({
    saleId: ada.saleId,
    accountId: ada.accountId,
    grantedAt: ada.grantedAt,
    endsAt: ada.endsAt,
    finishedAt: null,
  })
  expect(ada.admissionId).not.toBe(newId<AdmissionId>(shop.clock()))
})
