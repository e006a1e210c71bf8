import { Fault } from "../fault.ts"
import type { AccountId, EventId, OrderId, SaleId, SeatId, TicketId } from "../ids.ts"
import type { Pool } from "../stores/postgres.ts"
import { type Cents, type EpochMs } from "../units.ts"
import { codeSvg, type Codes } from "./qr.ts"

export type Ticket = {
  ticketId: TicketId
  orderId: OrderId
  saleId: SaleId
  eventId: EventId
  eventName: string
  venue: string
  startsAt: EpochMs
  seatId: SeatId
  section: string
  row: string
  num: number
  priceCents: Cents
  holderName: string
  status: "valid" | "used" | "revoked"
  issuedAt: EpochMs
}

/** There is no verb that changes a ticket's account or holder. */
export const openTickets = ({ sql, codes }: { sql: Pool; codes: Codes }) => {
  const read = async (accountId: AccountId, ticketId?: TicketId): Promise<TicketRow[]> =>
    sql<TicketRow[]>`
    select
      ticket.ticket_id, ticket.order_id, ticket.sale_id, ticket.seat_id, event.event_id, event.gate_no, event.name as event_name,
      event.venue, event.starts_at,
      section.name as section, seat.row_no::text as row, seat.num, line.price_cents, ticket.holder_name, ticket.status, ticket.generation,
      ticket.issued_at
    from tickets ticket
    join order_lines line on line.order_id = ticket.order_id and line.seat_id = ticket.seat_id
    join seats seat on seat.sale_id = ticket.sale_id and seat.seat_id = ticket.seat_id
    join sections section on section.sale_id = seat.sale_id and section.section_no = seat.section_no
    join sales sale on sale.sale_id = ticket.sale_id
    join events event on event.event_id = sale.event_id
    where ticket.account_id = ${accountId} ${ticketId === undefined ? sql`` : sql`and ticket.ticket_id = ${ticketId}`}
    order by ticket.ticket_id desc
    limit ${ticketsListedMax}`.then((rows) => [...rows])

  const find = async (ticketId: TicketId, accountId: AccountId): Promise<TicketRow> => {
    const [row] = await read(accountId, ticketId)
    if (!row) throw new Fault("ticket_not_found", `You have no ticket ${ticketId}`)
    return row
  }

  const codeOf = (row: TicketRow) => codes.codeOf({ ...row, eventNo: row.gateNo })

  return {
    listOf: async (accountId: AccountId): Promise<Ticket[]> => (await read(accountId)).map(ticketOf),

    find: async (ticketId: TicketId, accountId: AccountId): Promise<Ticket> =>
      ticketOf(await find(ticketId, accountId)),

    code: async (ticketId: TicketId, accountId: AccountId): Promise<string> => codeOf(await find(ticketId, accountId)),

    qrSvg: async (ticketId: TicketId, accountId: AccountId): Promise<string> =>
      codeSvg(codeOf(await find(ticketId, accountId))),
  }
}

const ticketsListedMax = 500

type TicketRow = Ticket & { gateNo: number; generation: number }

const ticketOf = ({ gateNo: _gateNo, generation: _generation, ...ticket }: TicketRow): Ticket => ticket
