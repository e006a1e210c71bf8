import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import type { HoldId } from "../../ids.ts"
import type { Cents } from "../../units.ts"
import { apiRoute } from "../core/route.ts"
import { Id, input, Key, Price, SaleParams } from "../core/schemas.ts"
import type { Shop } from "./shop.ts"

export const checkoutRoutes = (shop: Pick<Shop, "checkout">) => [
  apiRoute({
    method: "POST",
    path: "/v1/sales/:id/checkout",
    who: "admission",
    limit: "checkouts",
    repeatable: true,
    summary: "Pay for a hold; the total is computed here",
    tag: "shop",
    params: SaleParams,
    body: CheckoutInput,
    answers: { 200: OrderView },
    refuses: [402, 404, 409, 410, 422, 503],
    handler: async ({ shopper, body }) => {
      const order = await shop.checkout(shopper, {
        holdId: body.hold_id as HoldId,
        idempotencyKey: body.idempotency_key,
        payment: body.payment && {
          amountCents: body.payment.amount_cents as Cents | undefined,
          card: body.payment.card,
        },
        holderName: body.holder_name,
      })
      return {
        order_id: order.orderId,
        ticket_ids: order.ticketIds as string[],
        status: order.status,
        amount_cents: order.amountCents as number,
      }
    },
  }),
]

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
const OrderView = t.Object({
  order_id: Id,
  ticket_ids: t.Array(Id),
  status: t.Literal("paid"),
  amount_cents: Price,
})
