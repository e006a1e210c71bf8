import { expect, test } from "bun:test"
import { newId, type OrderId, type TicketId } from "../ids.ts"
import { openPostgres } from "../stores/postgres.ts"
import { minutes } from "../units.ts"
import { freshShop, refusalOf } from "../testing/box-office.ts"
import { brokenInvariants } from "../testing/invariants.ts"

const shop = await freshShop()
const { sql } = shop
const { admissions, holds, orders, seats, sales } = shop.boxOffice
const at = () => shop.clock()

const sold = async () => {
  const sale = await shop.sale()
  const [ada, bob] = (await shop.shoppers(sale.saleId, 2)) as [
    Awaited<ReturnType<typeof shop.shopper>>,
    Awaited<ReturnType<typeof shop.shopper>>,
  ]
  const hold = await holds.hold(ada, { quantity: 2, idempotencyKey: "h" })
  const receipt = await orders.checkout(ada, { holdId: hold.holdId, idempotencyKey: "c" })
  const live = await holds.hold(bob, { quantity: 2, idempotencyKey: "h" })
  const free = (await seats.list(bob)).map((seat) => seat.seatId)
  return {
    saleId: sale.saleId,
    ada,
    bob,
    hold,
    receipt,
    live,
    free,
    orderId: receipt.orderId,
    ticketId: receipt.ticketIds[0]!,
  }
}
const ticket = (given: { saleId: string; seatId: string; orderId: string; accountId: string; generation?: number }) =>
  sql`insert into tickets ${sql({ ticketId: newId<TicketId>(shop.clock()), holderName: "Eve", issuedAt: at(), generation: 1, ...given })}`
const line = (given: { saleId: string; seatId: string; orderId: string; accountId: string }) =>
  sql`insert into order_lines ${sql({ priceCents: 1, ...given })}`
const holdRow = (shopper: Awaited<ReturnType<typeof shop.shopper>>, count = 1) => ({
  holdId: newId(shop.clock()) as string,
  saleId: shopper.saleId as string,
  accountId: shopper.accountId as string,
  admissionId: shopper.admissionId as string,
  admissionGrantedAt: shopper.grantedAt,
  admissionEndsAt: shopper.endsAt,
  seats: count,
  takenAt: at(),
  expiresAt: shop.clock() + minutes(1),
})
const holdOf = (...given: Parameters<typeof holdRow>) => sql`insert into holds ${sql(holdRow(...given))}`

test("a seat has one live ticket; a revoked one may be issued again to the same order", async () => {
  const { saleId, ada, hold, orderId, ticketId } = await sold()
  const again = { saleId, seatId: hold.seatIds[0]!, orderId, accountId: ada.accountId, generation: 2 }
  expect(await refusalOf(ticket(again))).toBe("one_live_ticket")
  const [row] = await sql<{ ticketId: string }[]>`select ticket_id from tickets where seat_id = ${hold.seatIds[0]!}`
  expect(await refusalOf(sql`update tickets set status = 'revoked' where ticket_id = ${ticketId}`)).toBe(
    "tickets_revoked_shape",
  )
  await sql`update tickets set status = 'revoked', revoked_at = ${at()} where ticket_id = ${row!.ticketId}`
  await ticket(again)
  expect(await brokenInvariants(sql, saleId)).toEqual([])
})

test("a ticket belongs to its order's account, sale and seats", async () => {
  const { saleId, ada, bob, hold, live, free, orderId } = await sold()
  const seatId = hold.seatIds[0]!
  expect(await refusalOf(ticket({ saleId, seatId, orderId, accountId: bob.accountId, generation: 2 }))).toMatch(
    /tickets_line|one_live_ticket/,
  )
  expect(await refusalOf(ticket({ saleId, seatId: live.seatIds[0]!, orderId, accountId: ada.accountId }))).toMatch(
    /tickets_line|cap_held_not_negative/,
  )
  expect(await refusalOf(line({ saleId, seatId: free[0]!, orderId, accountId: bob.accountId }))).toBe(
    "order_lines_order",
  )
  const other = await sold()
  expect(await refusalOf(line({ saleId, seatId: other.free[0]!, orderId, accountId: ada.accountId }))).toBe(
    "order_lines_seat",
  )
  expect(
    await refusalOf(line({ saleId: other.saleId, seatId: other.free[0]!, orderId, accountId: ada.accountId })),
  ).toBe("order_lines_order")
})

test("a ticket without a hold for it cannot be counted, so it cannot be", async () => {
  const { saleId, ada, free, orderId } = await sold()
  await line({ saleId, seatId: free[0]!, orderId, accountId: ada.accountId })
  expect(await refusalOf(ticket({ saleId, seatId: free[0]!, orderId, accountId: ada.accountId }))).toBe(
    "cap_held_not_negative",
  )
})

test("an account's hold cannot pass its cap, and it has one at a time", async () => {
  const { saleId, ada, bob } = await sold()
  const cyd = await shop.shopper(saleId)
  await admissions.leave(cyd)
  expect(await refusalOf(holdOf(cyd, 5))).toBe("cap_not_exceeded")
  await holdOf(cyd, 4)
  expect(await refusalOf(holdOf(cyd, 1))).toBe("one_live_hold")
  expect(await refusalOf(holdOf(bob, 1))).toBe("one_live_hold")
  expect(await refusalOf(holdOf(ada, 3))).toBe("cap_not_exceeded")
  expect(await refusalOf(sql`update purchase_caps set held = 5 where account_id = ${cyd.accountId}`)).toBe(
    "cap_not_exceeded",
  )
})

test("a hold stands on an admission of its account and sale, within its time", async () => {
  const { saleId, bob } = await sold()
  const cyd = await shop.shopper(saleId)
  await admissions.leave(cyd)
  const other = await sold()
  expect(await refusalOf(holdOf(await shop.shopper(saleId)))).toBe("holds_admission")
  expect(await refusalOf(holdOf({ ...cyd, accountId: other.ada.accountId }))).toBe("holds_admission")
  expect(await refusalOf(holdOf({ ...cyd, saleId: other.saleId }))).toBe("holds_admission")
  expect(await refusalOf(sql`insert into holds ${sql({ ...holdRow(cyd), takenAt: cyd.grantedAt - 1 })}`)).toBe(
    "holds_within_admission",
  )
  expect(
    await refusalOf(sql`insert into holds ${sql({ ...holdRow(cyd), takenAt: cyd.endsAt, expiresAt: cyd.endsAt + 1 })}`),
  ).toBe("holds_within_admission")
  expect(await refusalOf(sql`insert into holds ${sql({ ...holdRow(cyd), admissionEndsAt: cyd.endsAt + 1 })}`)).toBe(
    "holds_admission",
  )
  expect(
    await refusalOf(
      sql`update holds set released_at = ${at()}, consumed_at = ${at()} where account_id = ${bob.accountId}`,
    ),
  ).toBe("holds_end_once")
  expect(
    await refusalOf(
      sql`update shop_admissions set account_id = ${bob.accountId} where admission_id = ${other.ada.admissionId}`,
    ),
  ).toBe("shop_admissions_kept")
})

test("a seat is held and sold only through holds and orders of its own sale", async () => {
  const { saleId, live, free, orderId, hold } = await sold()
  const other = await sold()
  const set = (seatId: string, values: Record<string, string | null>) =>
    sql`update seats set ${sql(values)} where sale_id = ${saleId} and seat_id = ${seatId}`
  expect(await refusalOf(set(free[0]!, { state: "held", holdId: other.live.holdId }))).toBe("seats_hold")
  expect(await refusalOf(set(free[0]!, { state: "held" }))).toBe("seat_state_shape")
  expect(await refusalOf(set(free[0]!, { state: "sold", orderId }))).toBe("seat_state_shape")
  expect(await refusalOf(set(live.seatIds[0]!, { state: "available" }))).toBe("seat_state_shape")
  expect(await refusalOf(set(live.seatIds[0]!, { state: "sold", orderId }))).toBe("seats_order")
  expect(
    await refusalOf(set(live.seatIds[0]!, { state: "sold", orderId: other.orderId, holdId: other.hold.holdId })),
  ).toMatch(/seats_(hold|order)/)
  expect(await refusalOf(set(hold.seatIds[0]!, { state: "sold", orderId: null }))).toBe("seat_state_shape")
})

test("a hold has one order, an account one open order, an admission one paid order", async () => {
  const { saleId, ada, bob, hold, live } = await sold()
  const order = (given: Record<string, unknown>) => {
    const row = {
      orderId: newId<OrderId>(shop.clock()) as string,
      saleId: saleId as string,
      accountId: bob.accountId as string,
      holdId: live.holdId as string,
      admissionId: bob.admissionId as string,
      admissionGrantedAt: bob.grantedAt,
      admissionEndsAt: bob.endsAt,
      amountCents: 9000,
      holderName: "Bob",
      placedAt: at(),
    }
    return sql`insert into orders ${sql({ ...row, ...given })}`
  }
  expect(await refusalOf(order({ holdId: hold.holdId, accountId: ada.accountId, admissionId: ada.admissionId }))).toBe(
    "one_order_per_hold",
  )
  expect(await refusalOf(order({ holdId: hold.holdId }))).toMatch(/orders_hold|one_order_per_hold/)
  expect(await refusalOf(order({ admissionId: ada.admissionId }))).toBe("orders_admission")
  expect(await refusalOf(order({ status: "paid" }))).toBe("orders_paid_shape")
  expect(await refusalOf(order({ placedAt: bob.endsAt }))).toBe("orders_within_admission")
  await order({})
  await sql`update holds set released_at = ${at()} where hold_id = ${live.holdId}`
  await sql`update seats set state = 'available', hold_id = null where hold_id = ${live.holdId}`
  const next = await holds.hold(bob, { quantity: 1, idempotencyKey: "h2" })
  expect(await refusalOf(order({ holdId: next.holdId }))).toBe("one_open_order")
  await sql`update orders set status = 'expired' where hold_id = ${live.holdId}`
  await order({ holdId: next.holdId })
  const paid = { status: "paid", paidAt: at() }
  await sql`update orders set ${sql(paid)} where hold_id = ${next.holdId}`
  expect(await refusalOf(sql`update orders set ${sql(paid)} where hold_id = ${live.holdId}`)).toBe(
    "one_paid_order_per_admission",
  )
})

test("a hold is extended once, and not past its own end", async () => {
  const { live } = await sold()
  const extend = (at: number) => sql`update holds set extended_at = ${at} where hold_id = ${live.holdId}`
  expect(await refusalOf(extend(live.expiresAt))).toBe("holds_extended_while_live")
  await extend(shop.clock())
  expect(await refusalOf(extend(shop.clock() + 1))).toBe("holds_extended_once")
  expect(await refusalOf(sql`update holds set extended_at = null where hold_id = ${live.holdId}`)).toBe(
    "holds_extended_once",
  )
})

test("an order is captured once, whole, and never twice under one reference", async () => {
  const { orderId } = await sold()
  const other = await sold()
  const [row] = await sql<{ providerRef: string }[]>`select provider_ref from payments where order_id = ${orderId}`
  const payment = (given: Record<string, unknown>) => {
    const whole = {
      paymentId: newId(shop.clock()) as string,
      orderId: orderId as string,
      attempt: 2,
      provider: "simulated",
      providerRef: "x",
      amountCents: 9000,
      status: "captured",
      madeAt: at(),
    }
    return sql`insert into payments ${sql({ ...whole, ...given })}`
  }
  expect(await refusalOf(payment({}))).toBe("one_capture")
  expect(await refusalOf(payment({ status: "failed", amountCents: 1 }))).toBe("payments_of_the_whole_order")
  expect(await refusalOf(payment({ status: "failed", attempt: 1 }))).toBe("payments_attempt_once")
  expect(await refusalOf(payment({ status: "failed", orderId: other.orderId, providerRef: row!.providerRef }))).toBe(
    "payments_ref_once",
  )
  expect(await refusalOf(sql`update orders set amount_cents = 1 where order_id = ${orderId}`)).toBe(
    "payments_of_the_whole_order",
  )
})

test("the counters of seats cannot leave their bounds", async () => {
  const { saleId } = await sold()
  expect(await refusalOf(sql`update seat_stock set sold = total + 1 where sale_id = ${saleId}`)).toMatch(
    /seat_stock_adds_up|sold_not_over_seats/,
  )
  expect(
    await refusalOf(sql`update seat_stock set sold = total + 1, available = -held - 1 where sale_id = ${saleId}`),
  ).toBe("sold_not_over_seats")
})

test("a ticket stays with its holder, even for the owner of the tables", async () => {
  const { ticketId, bob, free } = await sold()
  const attacks: Record<string, string | number>[] = [
    { accountId: bob.accountId },
    { holderName: "Eve" },
    { seatId: free[0]! },
    { orderId: newId(shop.clock()) },
    { generation: 2 },
  ]
  for (const attack of attacks)
    expect(await refusalOf(sql`update tickets set ${sql(attack)} where ticket_id = ${ticketId}`)).toBe(
      "tickets_stay_personal",
    )
  await sql`update tickets set status = 'used' where ticket_id = ${ticketId}`
})

test("the application's role buys from hold to ticket, and may change neither holder nor counters nor history", async () => {
  const { saleId, ticketId, bob, live } = await sold()
  const asMember = openPostgres(shop.url, { max: 2 })
  const office = shop.reopened(asMember)
  await office.orders.checkout(bob, { holdId: live.holdId, idempotencyKey: "c" })
  const cyd = await shop.shopper(saleId)
  const { holdId } = await office.holds.hold(cyd, { quantity: 3, idempotencyKey: "h" })
  await office.holds.release(cyd, holdId)
  await office.admissions.leave(cyd)
  await office.sweeper.tick()
  await office.sales.change(saleId, { admitPerMinute: 7 })
  await office.sales.create({ ...(await sales.find(saleId)), totalSeats: 10 })
  const denied = [
    asMember`update tickets set holder_name = 'Eve' where ticket_id = ${ticketId}`,
    asMember`update tickets set account_id = ${bob.accountId} where ticket_id = ${ticketId}`,
    asMember`delete from tickets`,
    asMember`update seat_stock set sold = 0`,
    asMember`update purchase_caps set sold = 0`,
    asMember`update payments set status = 'failed'`,
    asMember`update order_lines set price_cents = 0`,
    asMember`update orders set amount_cents = 0`,
    asMember`update orders set account_id = ${bob.accountId}`,
    asMember`update holds set seats = 1`,
    asMember`delete from orders`,
  ]
  for (const attack of denied) expect(await refusalOf(attack)).toBe("42501")
  expect(await brokenInvariants(sql, saleId)).toEqual([])
  await asMember.end()
})
