import { expect, test } from "bun:test"
import { later, millis, minutes, seconds, type EpochMs } from "../units.ts"
import { freshShop, refusesWith } from "../testing/box-office.ts"
import { brokenInvariants } from "../testing/invariants.ts"
import { setTimesBack } from "./times-back.ts"

const hour = minutes(60)

/** A node an hour ahead has let ada in, who holds, has extended and was declined, and bob, who holds; then its clock is right. */
const poisoned = async () => {
  const shop = await freshShop()
  const sale = await shop.sale({ holdLength: minutes(2), admissionLength: minutes(10) })
  const { saleId } = sale
  const { holds, orders, sweeper } = shop.boxOffice
  await sweeper.tick()
  const cyd = await shop.shopper(saleId)
  const cyds = await holds.hold(cyd, { quantity: 1, idempotencyKey: "h" })
  shop.after(hour)
  const [ada, bob] = (await shop.shoppers(saleId, 2)) as [typeof cyd, typeof cyd]
  const adas = await holds.hold(ada, { quantity: 2, idempotencyKey: "h" })
  await holds.extend(ada, { holdId: adas.holdId, idempotencyKey: "e" })
  const payment = { card: "4000000000000002" }
  await orders.checkout(ada, { holdId: adas.holdId, idempotencyKey: "c", payment }).catch(() => {})
  const first = await holds.hold(bob, { quantity: 1, idempotencyKey: "h" })
  await holds.release(bob, first.holdId)
  const bobs = await holds.hold(bob, { quantity: 1, idempotencyKey: "h2" })
  // As the sweeper of that node did: an outage of an hour, to all appearances.
  await shop.sql`update holds set expires_at = expires_at + interval '1 hour' where hold_id = ${cyds.holdId}`
  shop.after(millis(-hour))
  const ends = async () => {
    const rows = await shop.sql<{ holdId: string; takenAt: EpochMs; expiresAt: EpochMs; endsAt: EpochMs }[]>`
      select hold_id, taken_at, expires_at, admission_ends_at as ends_at from holds where released_at is null`
    return new Map(rows.map((each) => [each.holdId as string, each]))
  }
  const right = (admission: typeof cyd) => ({
    ...admission,
    grantedAt: shop.clock(),
    endsAt: later(admission.endsAt, millis(-hour)),
  })
  return { ...shop, saleId, ada, bob, cyd, adas, bobs, cyds, ends, right, holds, orders }
}

test("what is in the future is set back with the time that it has left", async () => {
  const shop = await poisoned()
  const { sweeper, setTimesBack } = shop.reopened()
  expect(await setTimesBack({ saleId: shop.saleId })).toEqual({ admissions: 2, holds: 3 })
  expect(await sweeper.tick()).toEqual({ released: 0 })
  const ends = await shop.ends()
  const now = shop.clock()
  for (const [hold, left] of [
    [shop.adas, minutes(4)],
    [shop.bobs, minutes(2)],
  ] as const) {
    const { takenAt, expiresAt, endsAt } = ends.get(hold.holdId)!
    expect([takenAt, expiresAt, endsAt]).toEqual([now, later(now, left), later(now, minutes(10))])
  }
  await refusesWith(
    "admission_invalid",
    shop.orders.checkout(shop.ada, { holdId: shop.adas.holdId, idempotencyKey: "d" }),
  )
  await shop.orders.checkout(shop.right(shop.ada), { holdId: shop.adas.holdId, idempotencyKey: "d" })
  let released = 0
  for (let passed = 0; passed <= 120; passed += 4) {
    shop.after(seconds(4))
    released += (await sweeper.tick()).released
    if (passed < 116) expect(released).toBe(0)
  }
  expect(released).toBe(1)
  expect((await shop.boxOffice.sales.stock(shop.saleId)).held).toBe(1)
  expect(await brokenInvariants(shop.sql, shop.saleId, shop.clock())).toEqual([])
})

test("by hand also what ends later than it can is shortened, once; the rest is let be", async () => {
  const shop = await poisoned()
  const { reopened, sql, saleId } = shop
  const other = await shop.sale({ holdLength: minutes(2) })
  const dan = await shop.shopper(other.saleId)
  const dans = await shop.holds.hold(dan, { quantity: 1, idempotencyKey: "h" })
  const before = (await shop.ends()).get(dans.holdId)
  const setBack = () => reopened().setTimesBack({ saleId, tooLong: true })
  expect(await setBack()).toEqual({ admissions: 2, holds: 4 })
  const ends = await shop.ends()
  expect(ends.get(shop.cyds.holdId)!.expiresAt).toBe(later(shop.clock(), minutes(2)))
  expect(ends.get(dans.holdId)).toEqual(before)
  expect(await setBack()).toEqual({ admissions: 0, holds: 0 })
  expect(await shop.ends()).toEqual(ends)
  expect(await setTimesBack(sql, shop.clock(), { tooLong: true })).toEqual({ admissions: 0, holds: 0 })
  expect(await brokenInvariants(sql, saleId, shop.clock())).toEqual([])
})

test("without it nobody moves when an admission was granted, ends it earlier or extends a hold twice", async () => {
  const shop = await poisoned()
  const { sql, ada, adas } = shop
  await expect(
    sql`update shop_admissions set ends_at = ends_at - interval '1 s' where admission_id = ${ada.admissionId}`,
  ).rejects.toThrow("stays with its account")
  await expect(
    sql`update shop_admissions set granted_at = granted_at - interval '1 s' where admission_id = ${ada.admissionId}`,
  ).rejects.toThrow("stays with its account")
  await expect(sql`update holds set extended_at = taken_at where hold_id = ${adas.holdId}`).rejects.toThrow(
    "extended once",
  )
  await sql.begin(async (tx) => {
    await tx`select set_times_back(now(), null, false)`
    await expect(
      tx.savepoint((inner) => inner`update holds set extended_at = taken_at where hold_id = ${adas.holdId}`),
    ).rejects.toThrow("extended once")
  })
})
