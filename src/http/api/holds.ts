import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import type { Hold } from "../../box-office/hold-seats.ts"
import type { HoldId, SeatId } from "../../ids.ts"
import { rfc3339 } from "../../units.ts"
import { apiRoute } from "../core/route.ts"
import { Id, input, Key, Price, SaleParams, Time } from "../core/schemas.ts"
import type { Shop } from "./shop.ts"

export const holdRoutes = (shop: Pick<Shop, "hold" | "extend" | "release">) => [
  apiRoute({
    method: "POST",
    path: "/v1/sales/:id/holds",
    who: "admission",
    limit: "holds",
    repeatable: true,
    summary: "Hold seats by id, or the best available by quantity: all or none",
    tag: "shop",
    params: SaleParams,
    body: HoldInput,
    answers: { 200: HoldView },
    refuses: [404, 409, 422, 503],
    handler: async ({ shopper, body }) => {
      const hold = await shop.hold(shopper, {
        seatIds: body.seat_ids as SeatId[] | undefined,
        quantity: body.quantity,
        idempotencyKey: body.idempotency_key,
      })
      return holdView(hold)
    },
  }),
  apiRoute({
    method: "POST",
    path: "/v1/sales/:id/holds/:hold_id/extend",
    who: "admission",
    limit: "holds",
    repeatable: true,
    summary: "Keep held seats once more for the sale's hold length, but never past the admission's end",
    tag: "shop",
    params: HoldParams,
    body: ExtendInput,
    answers: { 200: HoldView },
    refuses: [404, 409, 410, 422, 503],
    handler: async ({ shopper, params, body }) =>
      holdView(await shop.extend(shopper, { holdId: params.hold_id as HoldId, idempotencyKey: body.idempotency_key })),
  }),
  apiRoute({
    method: "DELETE",
    path: "/v1/sales/:id/holds/:hold_id",
    who: "admission",
    limit: "none",
    summary: "Give a hold back",
    tag: "shop",
    params: HoldParams,
    body: "none",
    answers: { 204: t.Void() },
    refuses: [404, 410, 503],
    handler: ({ shopper, params }) => shop.release(shopper, params.hold_id as HoldId),
  }),
]

const holdView = (hold: Hold) => ({
  hold_id: hold.holdId as string,
  seat_ids: hold.seatIds as string[],
  expires_at: rfc3339(hold.expiresAt),
  amount_cents: hold.amountCents as number,
})

const HoldParams = t.Object({ id: Id, hold_id: Id })
const ExtendInput = input({ idempotency_key: Key })
const HoldInput = input({
  seat_ids: t.Optional(t.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true })),
  quantity: t.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  idempotency_key: Key,
})
const HoldView = t.Object({ hold_id: Id, seat_ids: t.Array(Id), expires_at: Time, amount_cents: Price })
