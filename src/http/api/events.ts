import { t } from "elysia"
import type { Event } from "../../box-office/events.ts"
import type { Sale } from "../../box-office/sales.ts"
import { Fault } from "../../fault.ts"
import type { EventId, SaleId } from "../../ids.ts"
import { lookupTime, rfc3339 } from "../../units.ts"
import { phaseNow } from "../core/phase.ts"
import { shedInEventMode } from "../core/event-mode.ts"
import type { Parts } from "../core/parts.ts"
import { apiRoute } from "../core/route.ts"
import { Count, Id, Phase, Price, SaleParams, Time } from "../core/schemas.ts"

type Used = Pick<Parts, "boxOffice" | "waitingRoom" | "clock">

export const eventRoutes = (parts: Used) => [
  apiRoute({
    method: "GET",
    path: "/v1/events",
    who: "anybody",
    limit: "none",
    summary: "Events, soonest first, 50 a page; q looks for words, from and to bound the start",
    tag: "events",
    query: Search,
    body: "none",
    answers: { 200: t.Object({ events: t.Array(EventView), page: Count }) },
    refuses: [503],
    handler: ({ query }) => search(parts, query),
  }),
  apiRoute({
    method: "GET",
    path: "/v1/events/:id",
    who: "anybody",
    limit: "none",
    summary: "One event with its sales",
    tag: "events",
    params: SaleParams,
    body: "none",
    answers: { 200: t.Composite([EventView, t.Object({ sales: t.Array(EventSale) })]) },
    refuses: [404, 503],
    handler: ({ params }) => showEvent(parts, params.id as EventId),
  }),
  apiRoute({
    method: "GET",
    path: "/v1/sales/:id",
    who: "anybody",
    limit: "none",
    summary: "Phase, times, rates, prices and seats left of a sale",
    tag: "events",
    params: SaleParams,
    body: "none",
    answers: { 200: SaleView },
    refuses: [404, 503],
    handler: ({ params }) => showSale(parts, params.id as SaleId),
  }),
]

/** A day such as 2027-05-01, which begins at midnight UTC, or a moment with its zone. */
const Moment = t.String({
  pattern: "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2}))?$",
})
const Search = t.Object(
  {
    q: t.Optional(t.String({ maxLength: 200 })),
    city: t.Optional(t.String({ maxLength: 100 })),
    category: t.Optional(t.String({ maxLength: 100 })),
    from: t.Optional(Moment),
    to: t.Optional(Moment),
    page: t.Optional(t.Numeric({ minimum: 1, maximum: 1000, multipleOf: 1 })),
  },
  { additionalProperties: false },
)
const EventView = t.Object({
  event_id: Id,
  name: t.String(),
  venue: t.String(),
  city: t.Nullable(t.String()),
  category: t.Nullable(t.String()),
  starts_at: Time,
})
const EventSale = t.Object({ sale_id: Id, opens_at: Time, ends_at: Time })
const SaleView = t.Object({
  sale_id: Id,
  event_id: Id,
  phase: Phase,
  message: t.String(),
  queue_opens_at: Time,
  opens_at: Time,
  ends_at: Time,
  admit_per_minute: Count,
  waiting_room_cap: Count,
  max_tickets_per_user: Count,
  shopper_capacity: Count,
  waiting: Count,
  now_serving: Count,
  seats: t.Object({ total: Count, available: Count, held: Count, sold: Count }),
  prices: t.Array(t.Object({ section: t.String(), price_cents: Price, available: Count })),
})

const search = async ({ boxOffice }: Used, { q, city, category, from, to, page = 1 }: typeof Search.static) => {
  if (q !== undefined || city !== undefined) shedInEventMode({ boxOffice }, "The search for words")
  const events = await boxOffice.events.list({ page, text: q, city, category, from: dayIn(from), to: dayIn(to) })
  return { events: events.map(eventView), page }
}

const dayIn = (text: string | undefined) => {
  if (text === undefined) return undefined
  const at = lookupTime(text)
  if (at === undefined) throw new Fault("invalid_input", "/query/from, to: write a day such as 2027-05-01")
  return at
}

const showEvent = async ({ boxOffice }: Used, id: EventId) => {
  const event = await boxOffice.events.find(id)
  const sales = await boxOffice.sales.listOf(event.eventId)
  return { ...eventView(event), sales: sales.map(eventSale) }
}

const eventView = (event: Event) => ({
  event_id: event.eventId,
  name: event.name,
  venue: event.venue,
  city: event.city ?? null,
  category: event.category ?? null,
  starts_at: rfc3339(event.startsAt),
})

const eventSale = (sale: Sale) => ({
  sale_id: sale.saleId,
  opens_at: rfc3339(sale.opensAt),
  ends_at: rfc3339(sale.endsAt),
})

const showSale = async (parts: Used, id: SaleId) => {
  const { boxOffice, waitingRoom } = parts
  const sale = await boxOffice.sales.find(id)
  const [seats, prices] = await Promise.all([boxOffice.sales.stock(sale.saleId), boxOffice.sales.prices(sale.saleId)])
  const seen = waitingRoom.snapshot(sale.saleId)
  return {
    sale_id: sale.saleId,
    event_id: sale.eventId,
    phase: phaseNow(parts, sale, seats.available + seats.held),
    message: sale.message,
    queue_opens_at: rfc3339(sale.queueOpensAt),
    opens_at: rfc3339(sale.opensAt),
    ends_at: rfc3339(sale.endsAt),
    admit_per_minute: sale.admitPerMinute,
    waiting_room_cap: sale.waitingRoomCap,
    max_tickets_per_user: sale.maxTicketsPerUser,
    shopper_capacity: sale.shopperCapacity,
    waiting: seen?.waiting ?? 0,
    now_serving: seen?.nowServing ?? 0,
    seats,
    prices: prices.sections.map((each) => ({
      section: each.section,
      price_cents: each.priceCents,
      available: each.available,
    })),
  }
}
