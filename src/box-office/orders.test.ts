import type { Admission } from "../admission.ts"
import { expect, test } from "bun:test"
import { newId, type HoldId, type OrderId, type TicketId } from "../ids.ts"
import { minutes, seconds } from "../units.ts"
import { faultOf, freshShop, outcomes, refusesWith } from "../testing/box-office.ts"
import { brokenInvariants } from "../testing/invariants.ts"

const shop = await freshShop()
const { admissions, holds, seats, sales, orders, tickets } = shop.boxOffice

const held = async (quantity = 2) => {
  const sale = await shop.sale()
  const ada = await shop.shopper(sale.saleId)
  return { sale, saleId: sale.saleId, ada, hold: await holds.hold(ada, { quantity, idempotencyKey: "h" }) }
}
const unpaid = async ({ saleId, accountId }: Admission, quantity: number) => {
  expect(await sales.stock(saleId)).toMatchObject({ held: quantity, sold: 0 })
  expect(await tickets.listOf(accountId)).toEqual([])
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
}

test("a paid hold is an order with a ticket for each seat, at the server's price", async () => {
  const { saleId, ada, hold } = await held()
  const receipt = await orders.checkout(ada, {
    holdId: hold.holdId,
    idempotencyKey: "c",
    payment: { amountCents: 5 },
    holderName: "Ada Lovelace",
  })
  expect(receipt).toMatchObject({ status: "paid", amountCents: 9000 })
  expect(new Set(receipt.ticketIds).size).toBe(2)
  expect(await sales.stock(saleId)).toEqual({ total: 40, available: 38, held: 0, sold: 2 })
  const order = await orders.find(receipt.orderId, ada.accountId)
  expect(order).toMatchObject({ status: "paid", amountCents: 9000, holderName: "Ada Lovelace", paidAt: shop.clock() })
  expect(order.tickets.map((ticket) => ticket.seatId)).toEqual(hold.seatIds)
  expect((await tickets.listOf(ada.accountId)).map((ticket) => ticket.ticketId).toSorted()).toEqual(
    receipt.ticketIds.toSorted(),
  )
  expect(await tickets.find(receipt.ticketIds[0]!, ada.accountId)).toMatchObject({
    holderName: "Ada Lovelace",
    status: "valid",
    eventName: "The Night",
    priceCents: 4500,
  })
  expect(await sales.stats(saleId)).toEqual({
    ticketsSold: 2,
    orders: 1,
    uniqueBuyers: 1,
    seatsTotal: 40,
    seatsAvailable: 38,
    seatsHeld: 0,
    revenueCents: 9000 as never,
  })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a paid order finishes the admission; its own answer is still repeated", async () => {
  const { ada, hold } = await held()
  const receipt = await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
  await refusesWith("admission_required", seats.list(ada))
  await refusesWith("admission_required", holds.hold(ada, { quantity: 1, idempotencyKey: "h2" }))
  await refusesWith("admission_required", orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c2" }))
  expect(JSON.stringify(await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" }))).toBe(
    JSON.stringify(receipt),
  )
  await refusesWith(
    "idempotency_mismatch",
    orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c", holderName: "Eve" }),
  )
})

test("a declined payment keeps the hold; its key repeats the refusal and another key pays", async () => {
  const { ada, saleId, hold } = await held()
  const declined = { holdId: hold.holdId, idempotencyKey: "c", payment: { amountCents: 1 } }
  await refusesWith("payment_declined", orders.checkout(ada, declined))
  await refusesWith("payment_declined", orders.checkout(ada, declined))
  await unpaid(ada, 2)
  expect(
    await shop.sql`select payments.status, attempt from payments join orders using (order_id) where sale_id = ${saleId}`,
  ).toEqual([{ status: "failed", attempt: 1 }] as never)
  await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "d" })
  expect(await sales.stock(saleId)).toMatchObject({ held: 0, sold: 2 })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a declined hold that is let go leaves an expired order and room for the next hold", async () => {
  const { ada, saleId, hold } = await held()
  await refusesWith(
    "payment_declined",
    orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c", payment: { amountCents: 1 } }),
  )
  await holds.release(ada, hold.holdId)
  const next = await holds.hold(ada, { quantity: 4, idempotencyKey: "h2" })
  await refusesWith("hold_expired", orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "d" }))
  await orders.checkout(ada, { holdId: next.holdId, idempotencyKey: "e" })
  expect(
    await shop.sql`select status from orders where sale_id = ${saleId} order by placed_at, order_id`.then((rows) =>
      rows.map((row) => row.status as string).toSorted(),
    ),
  ).toEqual(["expired", "paid"])
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a hold past its end cannot be paid, swept or not", async () => {
  const { sale, ada, hold } = await held()
  shop.after(sale.holdLength)
  await refusesWith("hold_expired", orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" }))
  await unpaid(ada, 2)
  await shop.boxOffice.sweeper.tick()
  await refusesWith("hold_expired", orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" }))
  await unpaid(ada, 0)
})

test("another's hold, order and ticket are not found", async () => {
  const { ada, saleId, hold } = await held()
  const bob = await shop.shopper(saleId)
  await refusesWith("hold_not_found", orders.checkout(bob, { holdId: hold.holdId, idempotencyKey: "c" }))
  await refusesWith(
    "hold_not_found",
    orders.checkout(ada, { holdId: newId<HoldId>(shop.clock()), idempotencyKey: "c" }),
  )
  const { orderId, ticketIds } = await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
  await refusesWith("order_not_found", orders.find(orderId, bob.accountId))
  await refusesWith("order_not_found", orders.find(newId<OrderId>(shop.clock()), ada.accountId))
  await refusesWith("ticket_not_found", tickets.find(ticketIds[0]!, bob.accountId))
  await refusesWith("ticket_not_found", tickets.qrSvg(ticketIds[0]!, bob.accountId))
  await refusesWith("ticket_not_found", tickets.find(newId<TicketId>(shop.clock()), ada.accountId))
  expect(await tickets.listOf(bob.accountId)).toEqual([])
})

test("a hold in another sale is not found there", async () => {
  const { ada, hold } = await held()
  const other = await shop.sale()
  await refusesWith(
    "hold_not_found",
    orders.checkout({ ...shop.again(ada), saleId: other.saleId }, { holdId: hold.holdId, idempotencyKey: "c" }),
  )
})

test("malformed purchases are refused and nothing is sold", async () => {
  const { ada, hold } = await held()
  const purchase = { holdId: hold.holdId, idempotencyKey: "c" }
  for (const amountCents of [-1, 0.5, 2 ** 31, "1" as never])
    await refusesWith("invalid_input", orders.checkout(ada, { ...purchase, payment: { amountCents } }))
  for (const holderName of ["", " ", "x".repeat(121), "a\nb", 7 as never])
    await refusesWith("invalid_input", orders.checkout(ada, { ...purchase, holderName }))
  await refusesWith("invalid_input", orders.checkout(ada, { ...purchase, idempotencyKey: "" }))
  await refusesWith("malformed_id", orders.checkout(ada, { ...purchase, holdId: "hold" as HoldId }))
  await unpaid(ada, 2)
})

test("leaving gives the seats back and ends the admission, also when done twice", async () => {
  const { ada, saleId } = await held(4)
  await admissions.leave(ada)
  await admissions.leave(ada)
  await refusesWith("admission_required", holds.hold(ada, { quantity: 1, idempotencyKey: "h2" }))
  expect(await sales.stock(saleId)).toMatchObject({ available: 40, held: 0 })
  const fresh = await shop.shopper(saleId)
  await admissions.leave(fresh)
  await refusesWith("admission_required", seats.list(fresh))
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a checkout that fails at the last step leaves the hold as it was, and the same key pays later", async () => {
  const { ada, saleId, hold } = await held()
  await shop.sql`create function cut() returns trigger language plpgsql as 'begin raise exception ''cut''; end'`
  await shop.sql`create trigger cut before insert on idempotency for each row execute function cut()`
  await expect(orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })).rejects.toThrow("cut")
  await unpaid(ada, 2)
  await shop.sql`drop trigger cut on idempotency`
  await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
  expect(
    await shop.sql`select count(*)::int as n from payments join orders using (order_id) where sale_id = ${saleId}`,
  ).toEqual([{ n: 1 }] as never)
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("twenty equal checkouts at once: one order, and the others hear the same or that it is running", async () => {
  const { ada, saleId, hold } = await held()
  const purchase = { holdId: hold.holdId, idempotencyKey: "c" }
  const { values, codes } = await outcomes(Array.from({ length: 20 }, () => orders.checkout(ada, purchase)))
  expect(values.length).toBeGreaterThan(0)
  expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1)
  expect(codes.every((code) => code === "idempotency_running")).toBe(true)
  expect(await sales.stats(saleId)).toMatchObject({ orders: 1, ticketsSold: 2 })
  expect(await orders.checkout(ada, purchase)).toEqual(values[0]!)
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a request with a key that is under way is told so at once and with Retry-After", async () => {
  const { ada, hold } = await held()
  const [release, released] = ((): [() => void, Promise<void>] => {
    const { promise, resolve } = Promise.withResolvers<void>()
    return [resolve, promise]
  })()
  const locked = Promise.withResolvers<void>()
  const holder = shop.sql.begin(async (tx) => {
    await tx`select 1 from holds where hold_id = ${hold.holdId} for update`
    locked.resolve()
    await released
  })
  await locked.promise
  const first = orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
  await untilWaiting()
  const fault = await orders
    .checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
    .catch((error: unknown) => error)
  expect(fault).toMatchObject({ code: "idempotency_running", headers: { "retry-after": "1" } })
  release()
  await holder
  expect((await first).status).toBe("paid")
})

const untilWaiting = async () => {
  for (let left = 500; left > 0; left--) {
    const rows = await shop.sql`select 1 from pg_locks where not granted`
    if (rows.length > 0) return
  }
  throw new Error("nothing came to wait")
}

test("different keys for one hold at once: one pays, the others are told why", async () => {
  const { ada, saleId, hold } = await held()
  const { values, codes } = await outcomes(
    Array.from({ length: 10 }, (_, n) => orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: `c${n}` })),
  )
  expect(values).toHaveLength(1)
  expect(codes).toEqual(Array(9).fill("admission_required"))
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a hold that ends while it is paid is either paid or given back, never both", async () => {
  const sale = await shop.sale({ totalSeats: 120, holdLength: seconds(1) })
  const buyers = await shop.shoppers(sale.saleId, 30)
  const taken = await Promise.all(
    buyers.map(async (buyer) => ({ buyer, hold: await holds.hold(buyer, { quantity: 4, idempotencyKey: "h" }) })),
  )
  shop.after(seconds(0.999))
  const paying = taken.map(({ buyer, hold }) => orders.checkout(buyer, { holdId: hold.holdId, idempotencyKey: "c" }))
  shop.after(seconds(0.001))
  const sweeping = Array.from({ length: 4 }, () => shop.reopened().sweeper.tick())
  const { values, codes } = await outcomes(paying)
  const released = (await Promise.all(sweeping)).reduce((sum, each) => sum + each.released, 0)
  expect(values.length + codes.length).toBe(30)
  expect(codes.every((code) => code === "hold_expired")).toBe(true)
  expect(values.length + released).toBe(30)
  expect(await sales.stock(sale.saleId)).toEqual({
    total: 120,
    available: released * 4,
    held: 0,
    sold: values.length * 4,
  })
  expect(await brokenInvariants(shop.sql, sale.saleId, shop.clock())).toEqual([])
  shop.after(minutes(1))
})

test("leaving once more with an admission that is over leaves the hold of the next one alone", async () => {
  const { saleId } = await shop.sale()
  const ada = await shop.shopper(saleId)
  await admissions.leave(ada)
  const again = shop.again(ada)
  const { holdId } = await holds.hold(again, { quantity: 2, idempotencyKey: "h" })
  await admissions.leave(ada)
  expect(await holds.find(holdId, ada.accountId)).toMatchObject({ state: "live" })
  await orders.checkout(again, { holdId, idempotencyKey: "c" })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("what was paid is answered again after the admission's end, and nothing new is", async () => {
  const { ada, hold } = await held()
  const purchase = { holdId: hold.holdId, idempotencyKey: "c" }
  const receipt = await orders.checkout(ada, purchase)
  shop.after(minutes(60))
  expect(await orders.checkout(ada, purchase)).toEqual(receipt)
  expect(await holds.hold(ada, { quantity: 2, idempotencyKey: "h" })).toEqual(hold)
  await refusesWith("admission_invalid", orders.checkout(ada, { ...purchase, idempotencyKey: "d" }))
  await refusesWith("admission_invalid", holds.hold(ada, { quantity: 1, idempotencyKey: "i" }))
})

for (const [what, table] of [
  ["before it begins to decide", "shop_admissions"],
  ["in the middle", "seats"],
] as const)
  test(`a checkout that is held up ${what} until the hold is over sells nothing, then or later`, async () => {
    const { ada, saleId, sale, hold } = await held()
    const purchase = { holdId: hold.holdId, idempotencyKey: "c" }
    const locked = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const holder = shop.sql.begin(async (tx) => {
      await tx`lock table ${tx(table)} in access exclusive mode`
      locked.resolve()
      await release.promise
    })
    await locked.promise
    const late = faultOf(orders.checkout(ada, purchase))
    await untilWaiting()
    shop.after(sale.holdLength)
    release.resolve()
    await holder
    expect((await late).code).toBeOneOf(["hold_expired", "admission_invalid"])
    await refusesWith((await late).code, orders.checkout(ada, purchase))
    await unpaid(ada, 2)
    expect(await sales.stats(saleId)).toMatchObject({ orders: 0 })
  })
