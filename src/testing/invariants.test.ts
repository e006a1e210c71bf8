import { expect, test } from "bun:test"
import { newId, type SaleId, type TicketId } from "../ids.ts"
import { minutes } from "../units.ts"
import { freshShop, outcomes, type Shop } from "./box-office.ts"
import { brokenInvariants } from "./invariants.ts"

/** A shop with guards off: what is found broken then shows that they are looked at. */
const brokenShop = async (given?: Shop) => {
  const shop = given ?? (await freshShop())
  const sale = await shop.sale()
  const ada = await shop.shopper(sale.saleId)
  const { holds, orders, seats } = shop.boxOffice
  const hold = await holds.hold(ada, { quantity: 2, idempotencyKey: "h" })
  const receipt = await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
  const bob = await shop.shopper(sale.saleId)
  const live = await holds.hold(bob, { quantity: 2, idempotencyKey: "h" })
  expect(await brokenInvariants(shop.sql, sale.saleId)).toEqual([])
  const broken = async (saleId: SaleId = sale.saleId) =>
    (await brokenInvariants(shop.sql, saleId, shop.clock())).map((each) => `${each.invariant} ${each.rule}`)
  return { ...shop, saleId: sale.saleId, ada, bob, hold, live, receipt, seats, holds, orders, broken }
}

test("without the guard on tickets an oversell happens, and the invariants name the seat", async () => {
  const { sql, broken, saleId, hold, receipt, ada, clock } = await brokenShop()
  await sql`drop index one_live_ticket`
  await sql`drop trigger count_tickets on tickets`
  const ticket = {
    ticketId: newId<TicketId>(clock()) as string,
    saleId,
    seatId: hold.seatIds[0]!,
    orderId: receipt.orderId,
    accountId: ada.accountId,
    holderName: "Eve",
    generation: 2,
    issuedAt: clock(),
  }
  await sql`insert into tickets ${sql(ticket)}`
  expect(await brokenInvariants(sql, saleId)).toContainEqual({
    invariant: "I1",
    rule: "no seat has two live tickets",
    count: 1,
    example: hold.seatIds[0]!,
  })
  expect(await broken()).toContain("I9 the counts of each account are true")
})

test("without its locks a crowd oversells, and the invariants see it: the races prove something", async () => {
  const shop = await freshShop()
  const { saleId } = await shop.sale({ totalSeats: 4 })
  const buyers = await shop.shoppers(saleId, 8)
  const { holds, orders, seats } = shop.boxOffice
  const [seat] = await seats.list(buyers[0]!)
  await shop.sql`drop index one_live_ticket`
  await shop.sql`alter table seats drop constraint seats_order`
  const taken = []
  for (const buyer of buyers.slice(0, 2)) {
    taken.push(await holds.hold(buyer, { seatIds: [seat!.seatId], idempotencyKey: "h" }))
    await shop.sql`update seats set state = 'available', hold_id = null, order_id = null where seat_id = ${seat!.seatId} and state = 'held'`
    const { holdId } = taken.at(-1)!
    await shop.sql`update seats set state = 'held', hold_id = ${holdId} where seat_id = ${seat!.seatId}`
    await orders.checkout(buyer, { holdId, idempotencyKey: "c" })
    await shop.sql`update seats set state = 'available', hold_id = null, order_id = null where seat_id = ${seat!.seatId}`
  }
  const broken = await brokenInvariants(shop.sql, saleId)
  expect(broken.map((each) => each.rule)).toContain("no seat has two live tickets")
  expect(broken.map((each) => each.rule)).toContain("a live ticket has a seat sold to its order")
})

test("without the cap an account buys more than it may, and the invariants name it", async () => {
  const { sql, saleId, ada, again, holds, broken } = await brokenShop()
  await sql`alter table purchase_caps drop constraint cap_not_exceeded`
  const { values } = await outcomes([holds.hold(again(ada), { quantity: 4, idempotencyKey: "more" })])
  expect(values).toHaveLength(1)
  expect(await brokenInvariants(sql, saleId)).toEqual([
    { invariant: "I9", rule: "no account is over its cap", count: 1, example: ada.accountId },
  ])
  expect(await broken()).toHaveLength(1)
})

test("each other rule is seen when its rows are broken", async () => {
  const shop = await freshShop()
  await shop.sql`alter table holds drop constraint holds_within_admission`
  await shop.sql`alter table orders drop constraint orders_within_admission`
  await shop.sql`drop trigger keep_admission on shop_admissions`
  const at = shop.clock()
  type Broken = Awaited<ReturnType<typeof brokenShop>>
  const attacks: [string, (shop: Broken) => Promise<unknown>][] = [
    [
      "I2 the sale has the seats that it was made with",
      ({ sql, saleId }) => sql`update sales set total_seats = 41 where sale_id = ${saleId}`,
    ],
    [
      "I2 sold is never more than the seats",
      ({ sql, saleId }) => sql`update sales set total_seats = 1 where sale_id = ${saleId}`,
    ],
    [
      "I2 the counters of the seats are true",
      ({ sql, saleId }) =>
        sql`update seat_stock set available = available - 1, held = held + 1 where sale_id = ${saleId} and available > 0`,
    ],
    [
      "I3 a sold seat has a live ticket of its order",
      ({ sql, saleId }) => sql`update tickets set status = 'revoked', revoked_at = ${at} where sale_id = ${saleId}`,
    ],
    [
      "I3 a live ticket has a seat sold to its order",
      ({ sql, saleId }) =>
        sql`update seats set state = 'available', hold_id = null, order_id = null where state = 'sold' and sale_id = ${saleId}`,
    ],
    [
      "I3 a paid order has a ticket and a line for each seat of its hold, and their price",
      ({ sql, saleId }) => sql`update order_lines set price_cents = 1 where sale_id = ${saleId}`,
    ],
    [
      "I4 a captured payment has one paid order of its amount",
      ({ sql, saleId }) => sql`update orders set status = 'expired', paid_at = null where sale_id = ${saleId}`,
    ],
    [
      "I4 a paid order has one captured payment",
      ({ sql, receipt }) => sql`update payments set status = 'failed' where order_id = ${receipt.orderId}`,
    ],
    [
      "I7 an answered key has its one effect",
      ({ sql, saleId }) =>
        sql`update idempotency set answer = replace(answer, '"holdId":"01', '"holdId":"00') where sale_id = ${saleId}`,
    ],
    [
      "I8 a hold is taken within an admission of its account",
      ({ sql, saleId }) => sql`update holds set taken_at = taken_at - interval '1 second' where sale_id = ${saleId}`,
    ],
    [
      "I8 an order is placed within an admission of its account",
      ({ sql, saleId }) => sql`update orders set placed_at = placed_at - interval '1 second' where sale_id = ${saleId}`,
    ],
    [
      "I8 a paid order has finished its admission",
      ({ sql, saleId }) => sql`update shop_admissions set finished_at = null where sale_id = ${saleId}`,
    ],
    [
      "I9 the counts of each account are true",
      ({ sql, saleId }) => sql`update purchase_caps set sold = 0 where sale_id = ${saleId}`,
    ],
    [
      "I12 a held seat has a live hold",
      ({ sql, live }) => sql`update holds set released_at = ${at} where hold_id = ${live.holdId}`,
    ],
    [
      "I12 a live hold has its seats",
      ({ sql, live }) => sql`update seats set state = 'available', hold_id = null where hold_id = ${live.holdId}`,
    ],
    ["I12 an expired hold is given back within 5 s", async ({ after }) => after(minutes(11))],
  ]
  for (const [rule, attack] of attacks) {
    const broken = await brokenShop(shop)
    await attack(broken)
    expect(await broken.broken()).toContain(rule)
  }
})
