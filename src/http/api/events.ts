import { Elysia, t } from "elysia"
import { Fault } from "../../fault.ts"
import type { EventId, SaleId } from "../../ids.ts"
import { lookupTime, rfc3339 } from "../../units.ts"
import { phaseNow } from "../core/phase.ts"
import { shedInEventMode } from "../core/event-mode.ts"
import type { Parts } from "../core/parts.ts"
import { answers, Count, Id, Phase, Price, SaleParams, Time } from "../core/schemas.ts"

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

type EventRow = Awaited<ReturnType<Parts["boxOffice"]["events"]["find"]>>
const eventView = (event: EventRow) => ({
  event_id: event.eventId,
  name: event.name,
  venue: event.venue,
  city: event.city ?? null,
  category: event.category ?? null,
  starts_at: rfc3339(event.startsAt),
})

/** A day such as 2027-05-01, which begins at midnight UTC, or a moment with its zone. */
const Moment = t.String({
  pattern: "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2}))?$",
})
const dayIn = (text: string | undefined) => {
  if (text === undefined) return undefined
  const at = lookupTime(text)
  if (at === undefined) throw new Fault("invalid_input", "/query/from, to: write a day such as 2027-05-01")
  return at
}

export const eventRoutes = ({ boxOffice, waitingRoom, clock }: Parts) =>
  new Elysia({ name: "events" })
    .get(
      "/v1/events",
      async ({ query }) => {
        if (query.q !== undefined || query.city !== undefined) shedInEventMode({ boxOffice }, "The search for words")
        const events = await boxOffice.events.list({
          page: query.page ?? 1,
          text: query.q,
          city: query.city,
          category: query.category,
          from: dayIn(query.from),
          to: dayIn(query.to),
        })
        return { events: events.map(eventView), page: query.page ?? 1 }
      },
      {
        query: t.Object(
          {
            q: t.Optional(t.String({ maxLength: 200 })),
            city: t.Optional(t.String({ maxLength: 100 })),
            category: t.Optional(t.String({ maxLength: 100 })),
            from: t.Optional(Moment),
            to: t.Optional(Moment),
            page: t.Optional(t.Numeric({ minimum: 1, maximum: 1000, multipleOf: 1 })),
          },
          { additionalProperties: false },
        ),
        response: answers({ 200: t.Object({ events: t.Array(EventView), page: Count }) }, 400, 503),
        detail: {
          summary: "Events, soonest first, 50 a page; q looks for words, from and to bound the start",
          tags: ["events"],
        },
      },
    )
    .get(
      "/v1/events/:id",
      async ({ params }) => {
        const event = await boxOffice.events.find(params.id as EventId)
        const sales = await boxOffice.sales.listOf(event.eventId)
        return {
          ...eventView(event),
          sales: sales.map((sale) => ({
            sale_id: sale.saleId,
            opens_at: rfc3339(sale.opensAt),
            ends_at: rfc3339(sale.endsAt),
          })),
        }
      },
      {
        params: SaleParams,
        response: answers({ 200: t.Composite([EventView, t.Object({ sales: t.Array(EventSale) })]) }, 400, 404, 503),
        detail: { summary: "One event with its sales", tags: ["events"] },
      },
    )
    .get(
      "/v1/sales/:id",
      async ({ params }) => {
        const sale = await boxOffice.sales.find(params.id as SaleId)
        const [seats, prices] = await Promise.all([
          boxOffice.sales.stock(sale.saleId),
          boxOffice.sales.prices(sale.saleId),
        ])
        const seen = waitingRoom.snapshot(sale.saleId)
        return {
          sale_id: sale.saleId,
          event_id: sale.eventId,
          phase: phaseNow({ waitingRoom, clock }, sale, seats.available + seats.held),
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
      },
      {
        params: SaleParams,
        response: answers({ 200: SaleView }, 400, 404, 503),
        detail: { summary: "Phase, times, rates, prices and seats left of a sale", tags: ["events"] },
      },
    )
