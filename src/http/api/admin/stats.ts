import { t } from "elysia"
import type { SaleId } from "../../../ids.ts"
import type { Parts } from "../../core/parts.ts"
import { phaseNow } from "../../core/phase.ts"
import { apiRoute } from "../../core/route.ts"
import { Count, Price, SaleParams } from "../../core/schemas.ts"

type Used = Pick<Parts, "boxOffice" | "waitingRoom" | "clock">

export const statsRoutes = (parts: Used) => [
  apiRoute({
    method: "GET",
    path: "/v1/admin/sales/:id/stats",
    who: "admin",
    limit: "none",
    summary: "Figures of a sale",
    tag: "operator",
    params: SaleParams,
    body: "none",
    answers: { 200: Stats },
    refuses: [404, 503],
    handler: ({ params }) => statsOf(parts, params.id as SaleId),
  }),
]

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

const statsOf = async (parts: Used, saleId: SaleId) => {
  const { sales } = parts.boxOffice
  const sale = await sales.find(saleId)
  const stats = await sales.stats(saleId)
  const seen = parts.waitingRoom.snapshot(saleId)
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
    phase: phaseNow(parts, sale, stats.seatsAvailable + stats.seatsHeld),
  }
}
