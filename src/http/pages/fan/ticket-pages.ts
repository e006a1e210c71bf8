import { Elysia } from "elysia"
import { OrderPage } from "../../../../views/fan/order-page.tsx"
import { TicketsPage } from "../../../../views/fan/tickets-page.tsx"
import { parseId, type OrderId, type TicketId } from "../../../ids.ts"
import { page } from "../../core/page.ts"
import { calendarOf } from "./calendar.ts"
import type { Fan } from "./visitor.ts"

const hide = { detail: { hide: true } }

/** What a person has bought. */
export const ticketPages = (fan: Fan) => {
  const { orders, tickets } = fan.parts.boxOffice
  return new Elysia({ name: "ticket-pages" })
    .get(
      "/me/tickets",
      ({ request }) =>
        fan.orNotice(request, () =>
          fan.signedIn(request, async (account) =>
            page(TicketsPage({ frame: fan.frame(request), look: fan.look, tickets: await tickets.listOf(account) })),
          ),
        ),
      hide,
    )
    .get(
      "/orders/:id",
      ({ request, params }) =>
        fan.orNotice(request, () =>
          fan.signedIn(request, async (account) => {
            const order = await orders.find(parseId<OrderId>(params.id, "The order's id"), account)
            return page(
              OrderPage({ frame: fan.frame(request), look: fan.look, order: { ...order, seats: order.tickets } }),
            )
          }),
        ),
      hide,
    )
    .get(
      "/tickets/:id/calendar.ics",
      ({ request, params }) =>
        fan.orNotice(request, () =>
          fan.signedIn(request, async (account) => {
            const ticket = await tickets.find(parseId<TicketId>(params.id, "The ticket's id"), account)
            return new Response(calendarOf(ticket, fan.parts.clock()), {
              headers: {
                "content-type": "text/calendar; charset=utf-8",
                "content-disposition": `attachment; filename="ticket-${ticket.ticketId}.ics"`,
                "cache-control": "private, no-store",
                "x-content-type-options": "nosniff",
              },
            })
          }),
        ),
      hide,
    )
}
