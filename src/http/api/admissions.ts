import { t } from "elysia"
import { apiRoute } from "../core/route.ts"
import { SaleParams } from "../core/schemas.ts"
import type { Shop } from "./shop.ts"

export const admissionRoutes = (shop: Pick<Shop, "leave">) => [
  apiRoute({
    method: "DELETE",
    path: "/v1/sales/:id/admission",
    who: "admission",
    limit: "none",
    summary: "Leave the shop and give the place to the next",
    tag: "shop",
    params: SaleParams,
    body: "none",
    answers: { 204: t.Void() },
    refuses: [404, 503],
    handler: ({ shopper }) => shop.leave(shopper),
  }),
]
