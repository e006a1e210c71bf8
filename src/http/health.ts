import { t } from "elysia"
import { Fault } from "../fault.ts"
import type { Metrics } from "../metrics.ts"
import { problem } from "./core/problem.ts"
import type { Health, Readiness } from "./core/readiness.ts"
import { apiRoute, media } from "./core/route.ts"

export const healthRoutes = (
  { health, metrics }: { health: Pick<Health, "readiness">; metrics: Metrics },
  pendingRequests: () => number,
) => [
  apiRoute({
    method: "GET",
    path: "/health/live",
    who: "anybody",
    limit: "none",
    summary: "The process answers",
    tag: "operation",
    body: "none",
    answers: { 200: t.Object({ live: t.Literal(true) }) },
    refuses: [],
    handler: () => ({ live: true as const }),
  }),
  apiRoute({
    method: "GET",
    path: "/health/ready",
    who: "anybody",
    limit: "none",
    summary: "Whether a balancer may send requests here, and which store is away",
    tag: "operation",
    body: "none",
    answers: { 200: ReadinessView },
    refuses: [503],
    handler: () => {
      const readiness = health.readiness()
      return readiness.ready ? readiness : problem(notReady(readiness), "/health/ready")
    },
  }),
  apiRoute({
    method: "GET",
    path: "/metrics",
    who: "anybody",
    limit: "none",
    summary: "Figures for Prometheus",
    tag: "operation",
    body: "none",
    answers: { 200: media("text/plain") },
    refuses: [],
    handler: async () => {
      metrics.pending.set(pendingRequests())
      return new Response(await metrics.text(), { headers: { "content-type": metrics.registry.contentType } })
    },
  }),
]

const StoreView = t.Object({ up: t.Boolean(), latency_ms: t.Nullable(t.Number()) })
const ReadinessView = t.Object({
  ready: t.Boolean(),
  draining: t.Boolean(),
  stores: t.Object({ redis: StoreView, redis_cache: StoreView, postgres: StoreView }),
  clock: t.Object({
    trusted: t.Boolean(),
    reason: t.Nullable(t.String()),
    offset_ms: t.Object({
      machine: t.Optional(t.Number()),
      redis: t.Optional(t.Number()),
      postgres: t.Optional(t.Number()),
    }),
  }),
})

export const notReady = ({ draining, stores, clock, ready }: Readiness): Fault => {
  const away = Object.entries(stores)
    .filter(([, { up }]) => !up)
    .map(([name]) => name)
  const facts = { ready, draining, stores, clock }
  if (draining) return new Fault("draining", "The server is stopping", { facts })
  return away.length === 0
    ? new Fault("clock_off", clock.reason ?? "The clock is not trusted", { facts })
    : new Fault("store_away", `${away.join(" and ")} ${away.length === 1 ? "does" : "do"} not answer`, { facts })
}
