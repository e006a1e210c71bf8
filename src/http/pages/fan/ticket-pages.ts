import { OrderPage } from "../../../../views/fan/order-page.tsx"
import { TicketsPage } from "../../../../views/fan/tickets-page.tsx"
import { parseId, type AccountId, type OrderId, type TicketId } from "../../../ids.ts"
import { page } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { calendarOf } from "./calendar.ts"
import { forVisitor, frameOf, type Fan } from "./visitor.ts"

/** What a person has bought. */
export const ticketPages = (fan: Fan): PageRoute[] => [
  forVisitor(fan, "GET /me/tickets", list),
  forVisitor(fan, "GET /orders/:id", showOrder),
  forVisitor(fan, "GET /tickets/:id/calendar.ics", calendar),
]

const list = async (fan: Fan, { request }: PageAsked, account: AccountId) => {
  const tickets = await fan.parts.boxOffice.tickets.listOf(account)
  return page(TicketsPage({ frame: frameOf(fan, request), look: fan.look, tickets }))
}

const showOrder = async (fan: Fan, { request, params }: PageAsked, account: AccountId) => {
  const order = await fan.parts.boxOffice.orders.find(parseId<OrderId>(params["id"] ?? "", "The order's id"), account)
  return page(OrderPage({ frame: frameOf(fan, request), look: fan.look, order: { ...order, seats: order.tickets } }))
}

const calendar = async ({ parts: { boxOffice, clock } }: Fan, { params }: PageAsked, account: AccountId) => {
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
