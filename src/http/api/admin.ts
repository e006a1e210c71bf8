import { Type } from "@sinclair/typebox"
import { Elysia, t } from "elysia"
import type { Sale } from "../../box-office/sales.ts"
import { Fault } from "../../fault.ts"
import type { EventId, SaleId } from "../../ids.ts"
import { cents, type EpochMs, lookupTime, rfc3339, seconds } from "../../units.ts"
import { phaseNow } from "../core/phase.ts"
import type { Caller } from "../core/caller.ts"
import type { Operations } from "./operations.ts"
import type { Parts } from "../core/parts.ts"
import { answers, Count, Id, input, Price, SaleParams, Time } from "../core/schemas.ts"

const Text = (maxLength: number) => t.String({ minLength: 1, maxLength })
const Rate = Type.Integer({ minimum: 1, maximum: 1_000_000 })
const Cap = Type.Integer({ minimum: 1, maximum: 10_000_000 })
const Capacity = Type.Integer({ minimum: 1, maximum: 100_000 })
const Message = t.String({ maxLength: 500 })

const EventInput = input({
  name: Text(200),
  venue: Text(200),
  city: t.Optional(Text(100)),
  category: t.Optional(Text(100)),
  starts_at: Time,
})
const SaleInput = input({
  event_id: Id,
  opens_at: Time,
  queue_opens_at: t.Optional(Time),
  ends_at: Time,
  total_seats: Type.Integer({ minimum: 1, maximum: 200_000 }),
  admit_per_minute: Rate,
  waiting_room_cap: Cap,
  max_tickets_per_user: t.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  shopper_capacity: t.Optional(Capacity),
  price_cents: t.Optional(Type.Integer({ minimum: 0, maximum: 100_000_000 })),
  sections: t.Optional(
    t.Array(
      input({
        name: Text(64),
        rows: Type.Integer({ minimum: 1, maximum: 1000 }),
        seats_per_row: Type.Integer({ minimum: 1, maximum: 1000 }),
        price_cents: Type.Integer({ minimum: 0, maximum: 100_000_000 }),
      }),
      { minItems: 1, maxItems: 200 },
    ),
  ),
  call_window_sec: t.Optional(Type.Integer({ minimum: 5, maximum: 86_400 })),
  admission_sec: t.Optional(Type.Integer({ minimum: 10, maximum: 86_400 })),
  hold_sec: t.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
  message: t.Optional(Message),
})
const SalePatch = t.Partial(
  t.Object({ admit_per_minute: Rate, waiting_room_cap: Cap, shopper_capacity: Capacity, message: Message }),
  { additionalProperties: false, minProperties: 1 },
)
const SaleState = t.Object({
  sale_id: Id,
  admit_per_minute: Count,
  waiting_room_cap: Count,
  shopper_capacity: Count,
  message: t.String(),
  paused: t.Boolean(),
})
const Stats = t.Object({
  tickets_sold: Count,
  orders: Count,
  unique_buyers: Count,
  seats_total: Count,
  seats_available: Count,
  seats_held: Count,
  revenue_cents: Price,
  waiting: Count,
  joined: Count,
  now_serving: Count,
  shoppers: Count,
  phase: t.String(),
})
const Entries = t.Object({
  entries: t.Array(
    t.Object({
      user_id: Id,
      position: Count,
      joined_at: Time,
      called_at: t.Optional(Time),
      admitted_at: t.Optional(Time),
    }),
  ),
  next: t.Optional(Count),
})

/** Who is named in the log for what a program did. */
const apiKey = "API key"

/** The operator's routes, behind X-Admin-Key. Changes are live: fans feel them within a second. */
export const adminRoutes = ({ boxOffice, waitingRoom, clock }: Parts, caller: Caller, operations: Operations) => {
  const stateOf = (sale: Sale) => ({
    sale_id: sale.saleId,
    admit_per_minute: sale.admitPerMinute,
    waiting_room_cap: sale.waitingRoomCap,
    shopper_capacity: sale.shopperCapacity,
    message: sale.message,
    paused: sale.paused,
  })
  return new Elysia({ name: "admin" })
    .post(
      "/v1/admin/events",
      async ({ body, request, status }) => {
        caller.admin(request)
        const eventId = await operations.createEvent(apiKey, {
          name: body.name,
          venue: body.venue,
          city: body.city,
          category: body.category,
          startsAt: parseTime("starts_at", body.starts_at),
        })
        return status(201, { event_id: eventId as string })
      },
      {
        body: EventInput,
        response: answers({ 201: t.Object({ event_id: Id }) }, 400, 403, 413, 415, 503),
        detail: { summary: "Make an event", tags: ["operator"] },
      },
    )
    .post(
      "/v1/admin/sales",
      async ({ body, request, status }) => {
        caller.admin(request)
        const sale = await operations.createSale(apiKey, {
          eventId: body.event_id as EventId,
          opensAt: parseTime("opens_at", body.opens_at),
          queueOpensAt:
            body.queue_opens_at === undefined ? undefined : parseTime("queue_opens_at", body.queue_opens_at),
          endsAt: parseTime("ends_at", body.ends_at),
          totalSeats: body.total_seats,
          admitPerMinute: body.admit_per_minute,
          waitingRoomCap: body.waiting_room_cap,
          maxTicketsPerUser: body.max_tickets_per_user,
          shopperCapacity: body.shopper_capacity,
          priceCents: body.price_cents === undefined ? undefined : cents(body.price_cents),
          sections: body.sections?.map((each) => ({
            name: each.name,
            rows: each.rows,
            seatsPerRow: each.seats_per_row,
            priceCents: cents(each.price_cents),
          })),
          callWindow: body.call_window_sec === undefined ? undefined : seconds(body.call_window_sec),
          admissionLength: body.admission_sec === undefined ? undefined : seconds(body.admission_sec),
          holdLength: body.hold_sec === undefined ? undefined : seconds(body.hold_sec),
          message: body.message,
        })
        return status(201, { sale_id: sale.saleId as string })
      },
      {
        body: SaleInput,
        response: answers({ 201: t.Object({ sale_id: Id }) }, 400, 403, 404, 413, 415, 503),
        detail: { summary: "Make a sale with its seats and waiting room", tags: ["operator"] },
      },
    )
    .patch(
      "/v1/admin/sales/:id",
      async ({ params, body, request }) => {
        caller.admin(request)
        const sale = await operations.change(apiKey, params.id as SaleId, {
          admitPerMinute: body.admit_per_minute,
          waitingRoomCap: body.waiting_room_cap,
          shopperCapacity: body.shopper_capacity,
          message: body.message,
        })
        return stateOf(sale)
      },
      {
        params: SaleParams,
        body: SalePatch,
        response: answers({ 200: SaleState }, 400, 403, 404, 413, 415, 503),
        detail: { summary: "Change rate, caps or message while people wait", tags: ["operator"] },
      },
    )
    .post(
      "/v1/admin/sales/:id/pause",
      async ({ params, request }) => {
        caller.admin(request)
        return stateOf(await operations.pause(apiKey, params.id as SaleId))
      },
      {
        params: SaleParams,
        response: answers({ 200: SaleState }, 400, 403, 404, 503),
        detail: { summary: "Stop calling people; nobody loses anything", tags: ["operator"] },
      },
    )
    .post(
      "/v1/admin/sales/:id/resume",
      async ({ params, request }) => {
        caller.admin(request)
        return stateOf(await operations.resume(apiKey, params.id as SaleId))
      },
      {
        params: SaleParams,
        response: answers({ 200: SaleState }, 400, 403, 404, 503),
        detail: { summary: "Go on calling people", tags: ["operator"] },
      },
    )
    .get(
      "/v1/admin/sales/:id/stats",
      async ({ params, request }) => {
        caller.admin(request)
        const sale = await boxOffice.sales.find(params.id as SaleId)
        const stats = await boxOffice.sales.stats(sale.saleId)
        const seen = waitingRoom.snapshot(sale.saleId)
        return {
          tickets_sold: stats.ticketsSold,
          orders: stats.orders,
          unique_buyers: stats.uniqueBuyers,
          seats_total: stats.seatsTotal,
          seats_available: stats.seatsAvailable,
          seats_held: stats.seatsHeld,
          revenue_cents: stats.revenueCents as number,
          waiting: seen?.waiting ?? 0,
          joined: seen?.joined ?? 0,
          now_serving: seen?.nowServing ?? 0,
          shoppers: seen?.shoppers ?? 0,
          phase: phaseNow({ waitingRoom, clock }, sale, stats.seatsAvailable + stats.seatsHeld),
        }
      },
      {
        params: SaleParams,
        response: answers({ 200: Stats }, 400, 403, 404, 503),
        detail: { summary: "Figures of a sale", tags: ["operator"] },
      },
    )
    .get(
      "/v1/admin/sales/:id/queue-entries",
      async ({ params, query, request }) => {
        caller.admin(request)
        const sale = await boxOffice.sales.find(params.id as SaleId)
        const limit = query.limit ?? 1000
        const entries = await waitingRoom.entries(sale.saleId, { after: query.after ?? 0, limit })
        const last = entries.at(-1)
        return {
          entries: entries.map((each) => ({
            user_id: each.accountId as string,
            position: each.position,
            joined_at: rfc3339(each.joinedAt),
            ...(each.calledAt === undefined ? {} : { called_at: rfc3339(each.calledAt) }),
            ...(each.admittedAt === undefined ? {} : { admitted_at: rfc3339(each.admittedAt) }),
          })),
          ...(entries.length === limit && last ? { next: last.position } : {}),
        }
      },
      {
        params: SaleParams,
        query: t.Object(
          {
            after: t.Optional(t.Numeric({ minimum: 0, maximum: 1_000_000_000_000, multipleOf: 1 })),
            limit: t.Optional(t.Numeric({ minimum: 1, maximum: 5000, multipleOf: 1 })),
          },
          { additionalProperties: false },
        ),
        response: answers({ 200: Entries }, 400, 403, 404, 503),
        detail: { summary: "The queue in order of position, for an audit", tags: ["operator"] },
      },
    )
}

/** @throws Fault invalid_input for a time that the schema let through but no calendar has */
const parseTime = (name: string, text: string): EpochMs => {
  const at = lookupTime(text)
  if (at === undefined)
    throw new Fault(
      "invalid_input",
      `/body/${name}: "${text.slice(0, 40)}" is no time; write it as 2027-05-01T20:00:00Z`,
    )
  return at
}
