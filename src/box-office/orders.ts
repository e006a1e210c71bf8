import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import {
  newId,
  parseId,
  type AccountId,
  type HoldId,
  type OrderId,
  type SaleId,
  type SeatId,
  type TicketId,
} from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { cents, rfc3339, type Cents, type EpochMs } from "../units.ts"
import { enter, finishAdmission, refuseEnded } from "./admissions.ts"
import { parseLine, parseWhole } from "./validate.ts"
import { holdNotFound } from "./release.ts"
import { once, parseKey, valueOf, type Answer } from "./idempotency.ts"
import type { GivenPayment, Provider } from "./payments.ts"
import { inWords } from "./refusals.ts"
import { sellHeld, type TakenSeat } from "./seats.ts"

export type Receipt = { orderId: OrderId; ticketIds: TicketId[]; status: "paid"; amountCents: Cents }
export type Purchase = { holdId: HoldId; idempotencyKey: string; payment?: GivenPayment; holderName?: string }

export type Order = {
  orderId: OrderId
  saleId: SaleId
  status: "pending" | "paid" | "expired"
  amountCents: Cents
  holderName: string
  placedAt: EpochMs
  paidAt?: EpochMs
  tickets: { ticketId: TicketId; seatId: SeatId; section: string; row: string; num: number; priceCents: Cents }[]
}

export const openOrders = ({ sql, clock, provider }: { sql: Pool; clock: Clock; provider: Provider }) => ({
  /**
   * Pays a hold: order, payment, tickets and the end of the admission come in one transaction, or nothing does.
   * A declined payment is the answer of its key: the hold stays, and another key tries again.
   * @throws Fault payment_declined, hold_expired, hold_not_found, cap_exceeded, invalid_input, admission_invalid,
   * admission_required, idempotency_running, idempotency_mismatch.
   */
  checkout: async (shopper: Admission, given: Purchase): Promise<Receipt> => {
    const purchase = parsePurchase(shopper, given)
    const { idempotencyKey: key, ...body } = purchase
    const { saleId, accountId } = shopper
    const intent = { saleId, accountId, operation: "checkout", key, body } as const
    const answer = await inWords(() =>
      transaction(sql, (tx) => once(tx, intent, clock(), () => pay(tx, { provider, clock }, shopper, purchase))),
    )
    return valueOf(answer)
  },

  find: (orderId: OrderId, accountId: AccountId): Promise<Order> => find(sql, orderId, accountId),
})

const parsePurchase = ({ accountId }: Admission, { holdId, idempotencyKey, payment, holderName }: Purchase) => ({
  holdId: parseId<HoldId>(holdId, "hold_id"),
  idempotencyKey: parseKey(idempotencyKey),
  payment: payment && {
    amountCents:
      payment.amountCents === undefined
        ? undefined
        : parseWhole(payment.amountCents, "payment.amount_cents", 0, 2 ** 31 - 1),
    card: payment.card === undefined ? undefined : parseLine(payment.card, "payment.card", 1, 64),
  },
  holderName: holderName === undefined ? `Guest ${accountId.slice(-6)}` : parseLine(holderName, "holder_name", 1, 120),
})

const pay = async (
  tx: Sql,
  { provider, clock }: { provider: Provider; clock: Clock },
  shopper: Admission,
  { holdId, idempotencyKey, payment, holderName }: ReturnType<typeof parsePurchase>,
): Promise<Answer<Receipt>> => {
  // The connection is had: time spent in waiting for it has passed.
  const now = clock()
  const admission = await enter(tx, shopper, now)
  const hold = await lockHold(tx, shopper, holdId, now)
  const placedAt = Math.max(now, admission.grantedAt)
  const [order] = await tx<{ orderId: OrderId; attempts: number }[]>`
    insert into orders (
      order_id, sale_id, account_id, hold_id, admission_id, admission_granted_at, admission_ends_at, amount_cents, holder_name, placed_at
    ) values (
      ${newId<OrderId>(now)}, ${shopper.saleId}, ${shopper.accountId}, ${holdId}, ${admission.admissionId}, ${admission.grantedAt},
      ${admission.endsAt}, ${hold.amountCents}, ${holderName}, ${placedAt}
    )
    on conflict (hold_id) do update set
      holder_name = excluded.holder_name, admission_id = excluded.admission_id, admission_granted_at = excluded.admission_granted_at,
      admission_ends_at = excluded.admission_ends_at, placed_at = excluded.placed_at
    returning order_id, (select count(*)::int from payments where payments.order_id = orders.order_id) as attempts`
  const { orderId, attempts } = order!
  refuseLate(admission, hold, clock())
  const capture = await provider.capture({
    orderId,
    amount: hold.amountCents,
    key: [shopper.saleId, shopper.accountId, holdId, idempotencyKey].join(":"),
    payment,
  })
  await tx`
    insert into payments (payment_id, order_id, attempt, provider, provider_ref, amount_cents, status, made_at)
    values (
      ${newId(now)}, ${orderId}, ${attempts + 1}, ${provider.name}, ${capture.providerRef}, ${hold.amountCents},
      ${capture.state === "captured" ? "captured" : "failed"}, ${now}
    )`
  if (capture.state === "declined") return { state: "refused", code: "payment_declined", detail: capture.reason }
  const seats = await sellHeld(tx, shopper.saleId, holdId, orderId)
  if (seats.length !== hold.seats) throw new Error(`Hold ${holdId} of ${hold.seats} seats has ${seats.length}`)
  const ticketIds = await issue(tx, shopper, { orderId, holderName, seats, now })
  await Promise.all([
    tx`update holds set consumed_at = ${now} where hold_id = ${holdId}`,
    tx`update orders set status = 'paid', paid_at = ${now} where order_id = ${orderId}`,
    finishAdmission(tx, shopper, now),
  ])
  // Postgres may have stood still meanwhile: what is refused for good must not be sold when it wakes.
  refuseLate(admission, hold, clock())
  return { state: "done", value: { orderId, ticketIds, status: "paid", amountCents: hold.amountCents } }
}

const refuseLate = (admission: Pick<Admission, "grantedAt" | "endsAt">, hold: { expiresAt: EpochMs }, now: EpochMs) => {
  refuseEnded(admission, now)
  if (now >= hold.expiresAt) throw holdOver(hold.expiresAt)
}

const holdOver = (endedAt: EpochMs) =>
  new Fault("hold_expired", `The hold ended at ${rfc3339(endedAt)}; its seats are back on sale`)

/** The price is the server's, from the seats that are held. */
const lockHold = async (tx: Sql, { saleId, accountId }: Admission, holdId: HoldId, now: EpochMs) => {
  const [hold] = await tx<
    { seats: number; expiresAt: EpochMs; releasedAt: EpochMs | null; consumedAt: EpochMs | null }[]
  >`
    select seats, expires_at, released_at, consumed_at from holds
    where hold_id = ${holdId} and sale_id = ${saleId} and account_id = ${accountId}
    for update`
  if (!hold) throw holdNotFound(holdId)
  if (hold.consumedAt) throw new Fault("hold_expired", "This hold was paid already")
  if (hold.releasedAt || hold.expiresAt <= now) throw holdOver(hold.releasedAt ?? hold.expiresAt)
  const [price] = await tx<{ amountCents: number }[]>`
    select coalesce(sum(price_cents), 0)::bigint as amount_cents
    from seats join sections using (sale_id, section_no)
    where hold_id = ${holdId} and state = 'held'`
  return { seats: hold.seats, expiresAt: hold.expiresAt, amountCents: cents(price!.amountCents) }
}

type Issue = { orderId: OrderId; holderName: string; seats: TakenSeat[]; now: EpochMs }

const issue = async (
  tx: Sql,
  { saleId, accountId }: Admission,
  { orderId, holderName, seats, now }: Issue,
): Promise<TicketId[]> => {
  const tickets = seats.map(({ seatId }) => ({
    ticketId: newId<TicketId>(now),
    saleId,
    seatId,
    orderId,
    accountId,
    holderName,
    issuedAt: now,
  }))
  await Promise.all([
    tx`insert into order_lines ${tx(seats.map(({ seatId, priceCents }) => ({ orderId, saleId, accountId, seatId, priceCents: Number(priceCents) })))}`,
    tx`insert into tickets ${tx(tickets)}`,
  ])
  return tickets.map((ticket) => ticket.ticketId)
}

type OrderRow = Omit<Order, "paidAt" | "tickets"> & { paidAt: EpochMs | null }

const find = async (sql: Sql, orderId: OrderId, accountId: AccountId): Promise<Order> => {
  const [row] = await sql<OrderRow[]>`
    select order_id, sale_id, status, amount_cents, holder_name, placed_at, paid_at from orders
    where order_id = ${orderId} and account_id = ${accountId}
    limit 1`
  if (!row) throw new Fault("order_not_found", `You have no order ${orderId}`)
  const tickets = await sql<Order["tickets"]>`
    select ticket.ticket_id, ticket.seat_id, section.name as section, seat.row_no::text as row, seat.num, line.price_cents
    from tickets ticket
    join order_lines line on line.order_id = ticket.order_id and line.seat_id = ticket.seat_id
    join seats seat on seat.sale_id = ticket.sale_id and seat.seat_id = ticket.seat_id
    join sections section on section.sale_id = seat.sale_id and section.section_no = seat.section_no
    where ticket.order_id = ${orderId}
    order by ticket.seat_id, ticket.generation
    limit 1000`
  return { ...row, paidAt: row.paidAt ?? undefined, tickets: [...tickets] }
}
