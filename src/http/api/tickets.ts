import { t } from "elysia"
import type { Order } from "../../box-office/orders.ts"
import type { Ticket } from "../../box-office/tickets.ts"
import { Fault } from "../../fault.ts"
import type { OrderId, TicketId } from "../../ids.ts"
import { rfc3339 } from "../../units.ts"
import type { Parts } from "../core/parts.ts"
import { apiRoute, media } from "../core/route.ts"
import { Count, Id, Price, Problem, SaleParams, Time } from "../core/schemas.ts"

export const ticketRoutes = ({ boxOffice: { orders, tickets } }: Pick<Parts, "boxOffice">) => [
  apiRoute({
    method: "GET",
    path: "/v1/orders/:id",
    who: "account",
    limit: "none",
    summary: "One order of one's own",
    tag: "tickets",
    params: SaleParams,
    body: "none",
    answers: { 200: OrderView },
    refuses: [404, 503],
    handler: async ({ params, accountId }) => orderView(await orders.find(params.id as OrderId, accountId)),
  }),
  apiRoute({
    method: "GET",
    path: "/v1/me/tickets",
    who: "account",
    limit: "none",
    summary: "One's own tickets",
    tag: "tickets",
    body: "none",
    answers: { 200: t.Object({ tickets: t.Array(TicketView) }) },
    refuses: [503],
    handler: async ({ accountId }) => ({ tickets: (await tickets.listOf(accountId)).map(ticketView) }),
  }),
  apiRoute({
    method: "GET",
    path: "/v1/tickets/:id/qr.svg",
    who: "account",
    limit: "none",
    summary: "The signed code that the gate scans, as SVG",
    tag: "tickets",
    params: SaleParams,
    body: "none",
    answers: { 200: media("image/svg+xml") },
    refuses: [404, 503],
    handler: async ({ params, accountId }) => picture(await tickets.qrSvg(params.id as TicketId, accountId)),
  }),
  apiRoute({
    method: "POST",
    path: "/v1/tickets/transfer",
    who: "anybody",
    limit: "none",
    summary: "Always refused",
    tag: "tickets",
    body: "none",
    answers: { 403: Problem },
    refuses: [],
    handler: () => {
      throw new Fault(
        "transfer_blocked",
        "A ticket carries its holder's name and stays with the account that bought it",
      )
    },
  }),
]

const OrderView = t.Object({
  order_id: Id,
  sale_id: Id,
  status: t.String(),
  amount_cents: Price,
  ticket_ids: t.Array(Id),
  paid_at: t.Nullable(Time),
})
const TicketView = t.Object({
  ticket_id: Id,
  order_id: Id,
  sale_id: Id,
  event: t.String(),
  venue: t.String(),
  starts_at: Time,
  section: t.String(),
  row: t.String(),
  num: Count,
  holder_name: t.String(),
  status: t.String(),
})

const orderView = (order: Order) => ({
  order_id: order.orderId,
  sale_id: order.saleId,
  status: order.status,
  amount_cents: order.amountCents as number,
  ticket_ids: order.tickets.map((ticket) => ticket.ticketId as string),
  paid_at: order.paidAt === undefined ? null : rfc3339(order.paidAt),
})

const ticketView = (ticket: Ticket) => ({
  ticket_id: ticket.ticketId,
  order_id: ticket.orderId,
  sale_id: ticket.saleId,
  event: ticket.eventName,
  venue: ticket.venue,
  starts_at: rfc3339(ticket.startsAt),
  section: ticket.section,
  row: ticket.row,
  num: ticket.num,
  holder_name: ticket.holderName,
  status: ticket.status,
})

const picture = (svg: string) =>
  new Response(svg, {
    headers: {
      "content-type": "image/svg+xml",
      "cache-control": "private, no-store",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  })
