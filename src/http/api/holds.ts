import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import type { HoldId, SeatId } from "../../ids.ts"
import { rfc3339 } from "../../units.ts"
import { apiRoute } from "../core/route.ts"
import { Id, input, Key, Price, SaleParams, Time } from "../core/schemas.ts"
import type { Shop } from "./shop.ts"

export const holdRoutes = (shop: Pick<Shop, "hold" | "release">) => [
  apiRoute({
    method: "POST",
    path: "/v1/sales/:id/holds",
    who: "admission",
    limit: "holds",
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
      return {
        hold_id: hold.holdId,
        seat_ids: hold.seatIds as string[],
        expires_at: rfc3339(hold.expiresAt),
        amount_cents: hold.amountCents as number,
      }
    },
  }),
  apiRoute({
    method: "DELETE",
    path: "/v1/sales/:id/holds/:hold_id",
    who: "admission",
    limit: "none",
    summary: "Give a hold back",
    tag: "shop",
    params: t.Object({ id: Id, hold_id: Id }),
    body: "none",
    answers: { 204: t.Void() },
    refuses: [404, 410, 503],
    handler: ({ shopper, params }) => shop.release(shopper, params.hold_id as HoldId),
  }),
]

const HoldInput = input({
  seat_ids: t.Optional(t.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true })),
  quantity: t.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  idempotency_key: Key,
})
const HoldView = t.Object({ hold_id: Id, seat_ids: t.Array(Id), expires_at: Time, amount_cents: Price })
