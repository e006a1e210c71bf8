import type { SaleId } from "../ids.ts"
import type { Pool, Sql } from "../stores/postgres.ts"
import { later, millis, seconds, type EpochMs } from "../units.ts"

/** A rule that rows break although each of them is legal, or was written while its guard was off. `example` is the first id. */
export type BrokenRule = { invariant: string; rule: string; count: number; example: string }

/** An expired hold may be live this much longer, until the sweeper has seen it. */
const sweepWithin = seconds(5)

/**
 * Which of the design's invariants one sale breaks, read in one snapshot: none is an empty list.
 * With `now` it also looks for expired holds that were not given back in time.
 */
export const brokenInvariants = (sql: Pool, saleId: SaleId, now?: EpochMs): Promise<BrokenRule[]> =>
  sql.begin("isolation level repeatable read read only", async (tx) => {
    await tx`set local statement_timeout = '60s'`
    // The planner knows no sizes of the parts below and would compare every row of one with every row of the other.
    await tx`set local enable_nestloop = off`
    await tx`set local jit = off`
    const rows = await readBroken(tx, saleId, now === undefined ? null : later(now, millis(-sweepWithin)))
    return [...rows]
  }) as Promise<BrokenRule[]>

const readBroken = (sql: Sql, saleId: SaleId, overdue: EpochMs | null) => sql<BrokenRule[]>`
  with ${rowsOf(sql, saleId)},
  broken as (
    ${seatRules(sql, saleId)}
    union all ${orderRules(sql, saleId)}
    union all ${admissionRules(sql, saleId)}
    union all ${accountRules(sql, saleId)}
    union all ${holdRules(sql, overdue)}
  )
  select invariant, rule, count(*)::int as count, min(example) as example from broken
  group by invariant, rule
  order by invariant, rule
  limit 100`

const rowsOf = (sql: Sql, saleId: SaleId) => sql`
  seat as materialized (select seat_id, section_no, stripe, state, hold_id, order_id from seats where sale_id = ${saleId}),
  live_ticket as materialized (
    select ticket_id, seat_id, order_id, account_id from tickets where sale_id = ${saleId} and status in ('valid', 'used')
  ),
  live_hold as materialized (
    select hold_id, account_id, seats, expires_at from holds
    where sale_id = ${saleId} and released_at is null and consumed_at is null
  ),
  paid as materialized (select order_id, account_id, hold_id, amount_cents, admission_id from orders where sale_id = ${saleId} and status = 'paid'),
  counted as (
    select section_no, stripe,
      count(*) as total, count(*) filter (where state = 'available') as available,
      count(*) filter (where state = 'held') as held, count(*) filter (where state = 'sold') as sold
    from seat group by section_no, stripe
  ),
  bought as (select account_id, count(*) as n from live_ticket group by account_id),
  holding as (select account_id, sum(seats) as n from live_hold group by account_id)`

const seatRules = (sql: Sql, saleId: SaleId) => sql`
  select 'I1' as invariant, 'no seat has two live tickets' as rule, seat_id as example
  from live_ticket group by seat_id having count(*) > 1
  union all
  select 'I2', 'sold is never more than the seats', sale_id from sales
  where sale_id = ${saleId} and (select count(*) from live_ticket) > total_seats
  union all
  select 'I2', 'the sale has the seats that it was made with', sale_id from sales
  where sale_id = ${saleId} and (select count(*) from seat) <> total_seats
  union all
  select 'I2', 'the counters of the seats are true', counted.section_no || '/' || counted.stripe from counted
  left join seat_stock stock on stock.sale_id = ${saleId} and stock.section_no = counted.section_no and stock.stripe = counted.stripe
  where (stock.total, stock.available, stock.held, stock.sold)
    is distinct from (counted.total::int, counted.available::int, counted.held::int, counted.sold::int)`

const orderRules = (sql: Sql, saleId: SaleId) => sql`
  select 'I3', 'a sold seat has a live ticket of its order', seat.seat_id from seat
  left join live_ticket using (seat_id, order_id)
  where state = 'sold' and live_ticket.ticket_id is null
  union all
  select 'I3', 'a live ticket has a seat sold to its order', live_ticket.ticket_id from live_ticket
  left join seat on seat.seat_id = live_ticket.seat_id and seat.order_id = live_ticket.order_id and seat.state = 'sold'
  where seat.seat_id is null
  union all
  select 'I3', 'a paid order has a ticket and a line for each seat of its hold, and their price', paid.order_id from paid
  join holds using (hold_id)
  left join lateral (
    select count(*) as n, sum(price_cents) as price from order_lines line where line.order_id = paid.order_id
  ) lines on true
  left join lateral (
    select count(distinct seat_id) as n from tickets where tickets.order_id = paid.order_id
  ) issued on true
  where lines.n <> holds.seats or issued.n <> holds.seats or lines.price <> paid.amount_cents or holds.consumed_at is null
  union all
  select 'I4', 'a captured payment has one paid order of its amount', payment_id from payments
  join orders using (order_id)
  where orders.sale_id = ${saleId} and payments.status = 'captured'
    and (orders.status <> 'paid' or orders.amount_cents <> payments.amount_cents)
  union all
  select 'I4', 'a paid order has one captured payment', paid.order_id from paid
  where (select count(*) from payments where payments.order_id = paid.order_id and status = 'captured') <> 1
  union all
  select 'I7', 'an answered key has its one effect', kept.operation || ' ' || kept.key from (
    select account_id, operation, key, answer::json #>> '{value,holdId}' as hold_id, answer::json #>> '{value,orderId}' as order_id
    from idempotency where sale_id = ${saleId} and answer::json ->> 'state' = 'done'
  ) kept
  left join holds on holds.hold_id = kept.hold_id and holds.account_id = kept.account_id
  left join orders on orders.order_id = kept.order_id and orders.account_id = kept.account_id and orders.status = 'paid'
  where case kept.operation
    when 'checkout' then orders.order_id is null
    when 'extend' then holds.extended_at is null
    else holds.hold_id is null
  end`

const admissionRules = (sql: Sql, saleId: SaleId) => sql`
  select 'I8', 'a hold is taken within an admission of its account', hold_id from holds
  left join shop_admissions admission using (admission_id, sale_id, account_id)
  where holds.sale_id = ${saleId}
    and (admission.admission_id is null or taken_at < admission.granted_at or taken_at >= admission.ends_at)
  union all
  select 'I8', 'an order is placed within an admission of its account', order_id from orders
  left join shop_admissions admission using (admission_id, sale_id, account_id)
  where orders.sale_id = ${saleId}
    and (admission.admission_id is null or placed_at < admission.granted_at or placed_at >= admission.ends_at)
  union all
  select 'I8', 'a paid order has finished its admission', paid.order_id from paid
  left join shop_admissions admission using (admission_id)
  where admission.finished_at is null`

const accountRules = (sql: Sql, saleId: SaleId) => sql`
  select 'I9', 'no account is over its cap', coalesce(bought.account_id, holding.account_id) from bought
  full join holding using (account_id)
  left join purchase_caps counted on counted.sale_id = ${saleId} and counted.account_id = coalesce(bought.account_id, holding.account_id)
  where coalesce(bought.n, 0) + coalesce(holding.n, 0) > coalesce(counted.cap, 0)
  union all
  select 'I9', 'the counts of each account are true', counted.account_id from purchase_caps counted
  left join bought using (account_id)
  left join holding using (account_id)
  where counted.sale_id = ${saleId} and (counted.sold <> coalesce(bought.n, 0) or counted.held <> coalesce(holding.n, 0))`

const holdRules = (sql: Sql, overdue: EpochMs | null) => sql`
  select 'I12', 'a held seat has a live hold', seat.seat_id from seat
  left join live_hold using (hold_id)
  where state = 'held' and live_hold.hold_id is null
  union all
  select 'I12', 'a live hold has its seats', live_hold.hold_id from live_hold
  left join seat on seat.hold_id = live_hold.hold_id and seat.state = 'held'
  group by live_hold.hold_id, live_hold.seats having count(seat.seat_id) <> live_hold.seats
  union all
  select 'I12', 'an expired hold is given back within 5 s', hold_id from live_hold
  where expires_at < ${overdue}::timestamptz`
