import { t } from "elysia"
import type { SaleId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import type { Parts } from "../../core/parts.ts"
import { phaseNow } from "../../core/phase.ts"
import { apiRoute } from "../../core/route.ts"
import { Count, Id, Phase } from "../../core/schemas.ts"
import { pulseOf, type Pulse } from "./pulse.ts"

type Used = Pick<Parts, "boxOffice" | "waitingRoom" | "clock" | "health" | "demo" | "metrics" | "log">

export const dashboardRoutes = (parts: Used, lab: Lab) => {
  const pulse = pulseOf(parts)
  return [
    apiRoute({
      method: "GET",
      path: "/v1/demo/dashboard",
      who: "demo",
      limit: "none",
      summary: "What the server sees of a sale at this moment",
      tag: "demo",
      query: t.Object({ sale_id: t.Optional(Id) }, { additionalProperties: false }),
      body: "none",
      answers: { 200: DashboardView },
      refuses: [404, 503],
      handler: async ({ query }) => {
        const asked = query.sale_id as SaleId | undefined
        return dashboardOf(parts, lab, pulse, asked ?? lab.active()?.saleId ?? (await parts.demo.current()))
      },
    }),
  ]
}

const DashboardView = t.Object({
  sale_id: Id,
  health: t.Union([t.Literal("ok"), t.Literal("degraded")]),
  stores: t.Record(t.String(), t.Boolean()),
  phase: Phase,
  queue_depth: Count,
  joined: Count,
  now_serving: Count,
  admitted_count: Count,
  shoppers: Count,
  admit_per_minute: Count,
  measured_per_minute: t.Number(),
  tickets_sold: Count,
  available_seats: Count,
  held_seats: Count,
  total_seats: Count,
  error_rate_pct: t.Number({ description: "answers 5xx of the last ten seconds, on this node" }),
  requests_per_sec_approx: t.Number({
    description: "requests to /v1 besides /v1/demo and the static board, of the last ten seconds, on this node",
  }),
  last_latency_ms: t.Number({ description: "mean of the latest second in which something was answered" }),
  event_loop_lag_ms: t.Number(),
  run_id: t.Nullable(Id),
})

const dashboardOf = async (parts: Used, lab: Lab, pulse: Pulse, saleId: SaleId) => {
  const { sales } = parts.boxOffice
  const [sale, stats] = await Promise.all([sales.find(saleId), sales.stats(saleId)])
  const seen = parts.waitingRoom.snapshot(saleId)
  const readiness = parts.health.readiness()
  const beat = pulse.beat()
  return {
    sale_id: saleId as string,
    health: readiness.ready ? ("ok" as const) : ("degraded" as const),
    stores: Object.fromEntries(Object.entries(readiness.stores).map(([name, { up }]) => [name, up])),
    phase: phaseNow(parts, sale, stats.seatsAvailable + stats.seatsHeld),
    queue_depth: seen?.waiting ?? 0,
    joined: seen?.joined ?? 0,
    now_serving: seen?.nowServing ?? 0,
    admitted_count: Math.max(0, (seen?.joined ?? 0) - (seen?.waiting ?? 0)),
    shoppers: seen?.shoppers ?? 0,
    admit_per_minute: sale.admitPerMinute,
    measured_per_minute: seen?.measuredPerMinute ?? 0,
    tickets_sold: stats.ticketsSold,
    available_seats: stats.seatsAvailable,
    held_seats: stats.seatsHeld,
    total_seats: stats.seatsTotal,
    error_rate_pct: beat.errorRatePct,
    requests_per_sec_approx: beat.requestsPerSecond,
    last_latency_ms: beat.lastLatencyMs,
    event_loop_lag_ms: beat.loopLagMs,
    run_id: (lab.active()?.runId as string | undefined) ?? null,
  }
}
