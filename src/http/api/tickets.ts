import { Elysia, t } from "elysia"
import { Fault } from "../../fault.ts"
import type { OrderId, TicketId } from "../../ids.ts"
import { rfc3339 } from "../../units.ts"
import type { Caller } from "../core/caller.ts"
import type { Parts } from "../core/parts.ts"
import { answers, Count, Id, Price, SaleParams, Time } from "../core/schemas.ts"

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

/** One's own orders and tickets; anybody else's is 404. */
export const ticketRoutes = ({ boxOffice }: Parts, caller: Caller) =>
  new Elysia({ name: "tickets" })
    .get(
      "/v1/orders/:id",
      async ({ params, request }) => {
        const order = await boxOffice.orders.find(params.id as OrderId, caller.account(request))
        return {
          order_id: order.orderId,
          sale_id: order.saleId,
          status: order.status,
          amount_cents: order.amountCents as number,
          ticket_ids: order.tickets.map((ticket) => ticket.ticketId as string),
          paid_at: order.paidAt === undefined ? null : rfc3339(order.paidAt),
        }
      },
      {
        params: SaleParams,
        response: answers({ 200: OrderView }, 400, 401, 404, 503),
        detail: { summary: "One order of one's own", tags: ["tickets"] },
      },
    )
    .get(
      "/v1/me/tickets",
      async ({ request }) => {
        const tickets = await boxOffice.tickets.listOf(caller.account(request))
        return {
          tickets: tickets.map((ticket) => ({
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
          })),
        }
      },
      {
        response: answers({ 200: t.Object({ tickets: t.Array(TicketView) }) }, 401, 503),
        detail: { summary: "One's own tickets", tags: ["tickets"] },
      },
    )
    .get(
      "/v1/tickets/:id/qr.svg",
      async ({ params, request }) => {
        const svg = await boxOffice.tickets.qrSvg(params.id as TicketId, caller.account(request))
        return new Response(svg, {
          headers: {
            "content-type": "image/svg+xml",
            "cache-control": "private, no-store",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
          },
        })
      },
      {
        params: SaleParams,
        detail: {
          summary: "The signed code that the gate scans, as SVG",
          tags: ["tickets"],
          responses: {
            200: { description: "image", content: { "image/svg+xml": { schema: { type: "string" } } } },
            404: { description: "not one's own" },
            503: { description: "a store is away" },
          },
        },
      },
    )
    .post(
      "/v1/tickets/transfer",
      () => {
        throw new Fault(
          "transfer_blocked",
          "A ticket carries its holder's name and stays with the account that bought it",
        )
      },
      { response: answers({}, 403), detail: { summary: "Always refused", tags: ["tickets"] } },
    )
