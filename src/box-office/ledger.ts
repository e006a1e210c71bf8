import type { AccountId, EventId, SaleId } from "../ids.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Cents, EpochMs } from "../units.ts"

export type SaleLine = {
  saleId: SaleId
  eventId: EventId
  eventName: string
  venue: string
  startsAt: EpochMs
  opensAt: EpochMs
  sold: number
  total: number
}
export type MinuteLine = { at: EpochMs; tickets: number; revenueCents: Cents }
export type TicketLine = {
  ticketId: string
  orderId: string
  accountId: string
  email: string
  holderName: string
  section: string
  row: string
  num: number
  priceCents: Cents
  status: string
  paidAt: EpochMs
}
export type Purchase = {
  kind: "hold" | "order"
  id: string
  at: EpochMs
  state: string
  seats: number
  amountCents?: Cents
}

/** What an organiser reads of a sale; nothing here changes anything. */
export const openLedger = ({ sql }: { sql: Pool }) => ({
  sales: async (limit = 100): Promise<SaleLine[]> => {
    const rows = await sql<SaleLine[]>`
      select sale.sale_id, sale.event_id, event.name as event_name, event.venue, event.starts_at, sale.opens_at, sale.total_seats as total,
        (select coalesce(sum(sold), 0)::int from seat_stock stock where stock.sale_id = sale.sale_id) as sold
      from sales sale join events event using (event_id)
      order by sale.created_at desc
      limit ${Math.min(limit, 200)}`
    return [...rows]
  },

  /** Tickets and money of each minute in which something was sold, at most a day of them. */
  minutes: async (saleId: SaleId, from: EpochMs): Promise<MinuteLine[]> => {
    const rows = await sql<MinuteLine[]>`
      select date_trunc('minute', orders.paid_at) as at, count(*)::int as tickets, sum(line.price_cents)::bigint as revenue_cents
      from orders join order_lines line using (order_id)
      where orders.sale_id = ${saleId} and orders.status = 'paid' and orders.paid_at >= ${from}
      group by 1
      order by 1
      limit 1440`
    return [...rows]
  },

  /** Every ticket of the sale, in pages, so that an export of any length needs little memory. */
  tickets: async function* (saleId: SaleId): AsyncGenerator<TicketLine[]> {
    for (let after = ""; ;) {
      const rows = await sql<TicketLine[]>`
        select ticket.ticket_id, ticket.order_id, ticket.account_id, coalesce(account.email, '') as email, ticket.holder_name,
          section.name as section, seat.row_no::text as row, seat.num, line.price_cents, ticket.status::text as status, orders.paid_at
        from tickets ticket
        join orders on orders.order_id = ticket.order_id
        join accounts account on account.id = ticket.account_id
        join order_lines line on line.order_id = ticket.order_id and line.seat_id = ticket.seat_id
        join seats seat on seat.sale_id = ticket.sale_id and seat.seat_id = ticket.seat_id
        join sections section on section.sale_id = seat.sale_id and section.section_no = seat.section_no
        where ticket.sale_id = ${saleId} and ticket.ticket_id > ${after}
        order by ticket.ticket_id
        limit ${pageSize}`
      if (rows.length > 0) yield [...rows]
      if (rows.length < pageSize) return
      after = rows.at(-1)!.ticketId
    }
  },

  purchases: async (saleId: SaleId, accountId: AccountId): Promise<Purchase[]> => {
    const holds = await sql<
      { holdId: string; seats: number; takenAt: EpochMs; releasedAt: EpochMs | null; consumedAt: EpochMs | null }[]
    >`
      select hold_id, seats, taken_at, released_at, consumed_at from holds
      where sale_id = ${saleId} and account_id = ${accountId}
      order by taken_at desc
      limit 100`
    const orders = await sql<
      { orderId: string; status: string; placedAt: EpochMs; amountCents: Cents; seats: number }[]
    >`
      select orders.order_id, orders.status::text as status, orders.placed_at, orders.amount_cents, hold.seats
      from orders join holds hold using (hold_id)
      where orders.sale_id = ${saleId} and orders.account_id = ${accountId}
      order by orders.placed_at desc
      limit 100`
    return [
      ...holds.map((hold): Purchase => ({
        kind: "hold",
        id: hold.holdId,
        at: hold.takenAt,
        state: hold.consumedAt ? "paid" : hold.releasedAt ? "released" : "live",
        seats: hold.seats,
      })),
      ...orders.map((order): Purchase => ({
        kind: "order",
        id: order.orderId,
        at: order.placedAt,
        state: order.status,
        seats: order.seats,
        amountCents: order.amountCents,
      })),
    ].sort((a, b) => a.at - b.at)
  },
})

const pageSize = 1000
