import { Type } from "@sinclair/typebox"
import { Elysia, t } from "elysia"
import type { HoldId, SaleId, SeatId } from "../../ids.ts"
import { type Cents, rfc3339 } from "../../units.ts"
import type { Caller } from "../core/caller.ts"
import type { Parts } from "../core/parts.ts"
import { answers, Id, input, Key, Price, SaleParams, Time } from "../core/schemas.ts"
import type { Shop } from "./shop.ts"

const Seat = t.Object({
  id: Id,
  section: t.String(),
  row: t.String(),
  num: Type.Integer(),
  status: t.Literal("available"),
  price_cents: Price,
})
const SeatQuery = t.Object(
  {
    section: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
    max_price_cents: t.Optional(t.Numeric({ minimum: 0, maximum: 100_000_000, multipleOf: 1 })),
    after: t.Optional(Id),
    limit: t.Optional(t.Numeric({ minimum: 1, maximum: 200, multipleOf: 1 })),
  },
  { additionalProperties: false },
)
const Quantity = Type.Integer({ minimum: 1, maximum: 1000 })
const HoldInput = input({
  seat_ids: t.Optional(t.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true })),
  quantity: t.Optional(Quantity),
  idempotency_key: Key,
})
const CheckoutInput = input({
  hold_id: Id,
  idempotency_key: Key,
  payment: t.Optional(
    input({
      amount_cents: t.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
      card: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
    }),
  ),
  holder_name: t.Optional(t.String({ minLength: 1, maxLength: 120 })),
})

/** What only a shopper may do: every route here asks for an admission of the sale. */
export const seatRoutes = ({ boxOffice }: Parts, caller: Caller, shop: Shop) =>
  new Elysia({ name: "seats" })
    .get(
      "/v1/sales/:id/seats",
      async ({ params, query, request }) => {
        const shopper = caller.shopper(request, params.id as SaleId)
        const seats = await boxOffice.seats.list(shopper, {
          section: query.section,
          maxPriceCents: query.max_price_cents as Cents | undefined,
          after: query.after as SeatId | undefined,
          limit: query.limit ?? 200,
        })
        return {
          seats: seats.map((seat) => ({
            id: seat.seatId,
            section: seat.section,
            row: seat.row,
            num: seat.num,
            status: "available" as const,
            price_cents: seat.priceCents,
          })),
        }
      },
      {
        params: SaleParams,
        query: SeatQuery,
        response: answers({ 200: t.Object({ seats: t.Array(Seat) }) }, 400, 401, 403, 404, 503),
        detail: { summary: "Seats that can be held, at most 200 a page", tags: ["shop"] },
      },
    )
    .post(
      "/v1/sales/:id/holds",
      async ({ params, body, request, set }) => {
        const shopper = caller.shopper(request, params.id as SaleId)
        const hold = await shop.hold(
          shopper,
          {
            seatIds: body.seat_ids as SeatId[] | undefined,
            quantity: body.quantity,
            idempotencyKey: body.idempotency_key,
          },
          set.headers,
        )
        return {
          hold_id: hold.holdId,
          seat_ids: hold.seatIds as string[],
          expires_at: rfc3339(hold.expiresAt),
          amount_cents: hold.amountCents as number,
        }
      },
      {
        params: SaleParams,
        body: HoldInput,
        response: answers(
          { 200: t.Object({ hold_id: Id, seat_ids: t.Array(Id), expires_at: Time, amount_cents: Price }) },
          400,
          401,
          403,
          404,
          409,
          413,
          415,
          422,
          429,
          503,
        ),
        detail: { summary: "Hold seats by id, or the best available by quantity: all or none", tags: ["shop"] },
      },
    )
    .delete(
      "/v1/sales/:id/holds/:hold_id",
      async ({ params, request, set }) => {
        const shopper = caller.shopper(request, params.id as SaleId)
        await shop.release(shopper, params.hold_id as HoldId)
        set.status = 204
      },
      {
        params: t.Object({ id: Id, hold_id: Id }),
        response: answers({ 204: t.Void() }, 400, 401, 403, 404, 410, 503),
        detail: { summary: "Give a hold back", tags: ["shop"] },
      },
    )
    .post(
      "/v1/sales/:id/checkout",
      async ({ params, body, request, set }) => {
        const shopper = caller.shopper(request, params.id as SaleId)
        const order = await shop.checkout(
          shopper,
          {
            holdId: body.hold_id as HoldId,
            idempotencyKey: body.idempotency_key,
            payment: body.payment && {
              amountCents: body.payment.amount_cents as Cents | undefined,
              card: body.payment.card,
            },
            holderName: body.holder_name,
          },
          set.headers,
        )
        return {
          order_id: order.orderId,
          ticket_ids: order.ticketIds as string[],
          status: order.status,
          amount_cents: order.amountCents as number,
        }
      },
      {
        params: SaleParams,
        body: CheckoutInput,
        response: answers(
          { 200: t.Object({ order_id: Id, ticket_ids: t.Array(Id), status: t.Literal("paid"), amount_cents: Price }) },
          400,
          401,
          402,
          403,
          404,
          409,
          410,
          413,
          415,
          422,
          429,
          503,
        ),
        detail: { summary: "Pay for a hold; the total is computed here", tags: ["shop"] },
      },
    )
    .delete(
      "/v1/sales/:id/admission",
      async ({ params, request, set }) => {
        const shopper = caller.shopper(request, params.id as SaleId)
        await shop.leave(shopper)
        set.status = 204
      },
      {
        params: SaleParams,
        response: answers({ 204: t.Void() }, 400, 401, 403, 404, 503),
        detail: { summary: "Leave the shop and give the place to the next", tags: ["shop"] },
      },
    )
