import { t } from "elysia"
import type { Sale } from "../../../box-office/sales.ts"
import type { SaleId } from "../../../ids.ts"
import { apiRoute } from "../../core/route.ts"
import { Count, Id, SaleParams } from "../../core/schemas.ts"
import { apiKey, type Operations } from "../operations.ts"
import { Cap, Capacity, Message, newSaleOf, Rate, SaleInput } from "./sale-fields.ts"

export const adminSaleRoutes = (operations: Pick<Operations, "createSale" | "change" | "pause" | "resume">) => [
  apiRoute({
    method: "POST",
    path: "/v1/admin/sales",
    who: "admin",
    limit: "none",
    summary: "Make a sale with its seats and waiting room",
    tag: "operator",
    body: SaleInput,
    answers: { 201: t.Object({ sale_id: Id }) },
    refuses: [404, 503],
    handler: async ({ body }) => ({ sale_id: (await operations.createSale(apiKey, newSaleOf(body))).saleId }),
  }),
  apiRoute({
    method: "PATCH",
    path: "/v1/admin/sales/:id",
    who: "admin",
    limit: "none",
    summary: "Change rate, caps or message while people wait",
    tag: "operator",
    params: SaleParams,
    body: SalePatch,
    answers: { 200: SaleState },
    refuses: [404, 503],
    handler: async ({ params, body }) =>
      stateOf(
        await operations.change(apiKey, params.id as SaleId, {
          admitPerMinute: body.admit_per_minute,
          waitingRoomCap: body.waiting_room_cap,
          shopperCapacity: body.shopper_capacity,
          message: body.message,
        }),
      ),
  }),
  apiRoute({
    method: "POST",
    path: "/v1/admin/sales/:id/pause",
    who: "admin",
    limit: "none",
    summary: "Stop calling people; nobody loses anything",
    tag: "operator",
    params: SaleParams,
    body: "none",
    answers: { 200: SaleState },
    refuses: [404, 503],
    handler: async ({ params }) => stateOf(await operations.pause(apiKey, params.id as SaleId)),
  }),
  apiRoute({
    method: "POST",
    path: "/v1/admin/sales/:id/resume",
    who: "admin",
    limit: "none",
    summary: "Go on calling people",
    tag: "operator",
    params: SaleParams,
    body: "none",
    answers: { 200: SaleState },
    refuses: [404, 503],
    handler: async ({ params }) => stateOf(await operations.resume(apiKey, params.id as SaleId)),
  }),
]

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

const stateOf = (sale: Sale) => ({
  sale_id: sale.saleId,
  admit_per_minute: sale.admitPerMinute,
  waiting_room_cap: sale.waitingRoomCap,
  shopper_capacity: sale.shopperCapacity,
  message: sale.message,
  paused: sale.paused,
})
