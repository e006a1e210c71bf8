import { OrderPage } from "../../../../views/fan/order-page.tsx"
import { TicketsPage } from "../../../../views/fan/tickets-page.tsx"
import { parseId, type AccountId, type OrderId, type TicketId } from "../../../ids.ts"
import { page } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { calendarOf } from "./calendar.ts"
import { forVisitor, frameOf, type FanParts } from "./parts.ts"

export const ticketPages = (parts: FanParts): PageRoute[] => [
  forVisitor(parts, "GET /me/tickets", list),
  forVisitor(parts, "GET /orders/:id", showOrder),
  forVisitor(parts, "GET /tickets/:id/calendar.ics", calendar),
]

const list = async (parts: FanParts, { request }: PageAsked, account: AccountId) => {
  const tickets = await parts.boxOffice.tickets.listOf(account)
  return page(TicketsPage({ frame: frameOf(parts, request), look: parts.look, tickets }))
}

const showOrder = async (parts: FanParts, { request, params }: PageAsked, account: AccountId) => {
  const order = await parts.boxOffice.orders.find(parseId<OrderId>(params["id"] ?? "", "The order's id"), account)
  return page(
    OrderPage({ frame: frameOf(parts, request), look: parts.look, order: { ...order, seats: order.tickets } }),
  )
}

const calendar = async ({ boxOffice, clock }: FanParts, { params }: PageAsked, account: AccountId) => {
  const ticket = await boxOffice.tickets.find(parseId<TicketId>(params["id"] ?? "", "The ticket's id"), account)
  return new Response(calendarOf(ticket, clock()), {
    headers: {
      "content-type": "text/calendar; charset=utf-8",
      "content-disposition": `attachment; filename="ticket-${ticket.ticketId}.ics"`,
      "cache-control": "private, no-store",
      "x-content-type-options": "nosniff",
    },
  })
}
