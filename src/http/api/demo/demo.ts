import { Type } from "@sinclair/typebox"
import { Elysia, t } from "elysia"
import { Fault } from "../../../fault.ts"
import type { SaleId } from "../../../ids.ts"
import { presets } from "../../../lab/scenarios/presets.ts"
import { defaultSettings } from "../../../lab/model/settings.ts"
import { phaseNow } from "../../core/phase.ts"
import type { Caller } from "../../core/caller.ts"
import { openK6Watch } from "./k6-watch.ts"
import type { Parts } from "../../core/parts.ts"
import { pulseOf } from "./pulse.ts"
import { DefaultsView, PresetView, scenarioBody, ScenarioView } from "./run-schemas.ts"
import { runRoutes } from "./runs.ts"
import { answers, Count, Id, input, Phase } from "../../core/schemas.ts"

const fansMax = 20_000
const fansMintedAtOnce = 500

const Rate = Type.Integer({ minimum: 1, maximum: 600_000 })
const Cap = Type.Integer({ minimum: 1, maximum: 10_000_000 })
const Seats = Type.Integer({ minimum: 1, maximum: 200_000 })

const ConfigView = t.Object({
  limits: t.Object({ vus_max: Count, total_seats: Count, length_ms: Count, fans: Count, body_bytes: Count }),
  defaults: DefaultsView,
  scenarios: t.Array(ScenarioView),
  presets: t.Array(PresetView),
  k6: t.Object({ ready: t.Boolean(), version: t.Nullable(t.String()), detail: t.String() }),
  demo_key_needed: t.Boolean(),
})
const ResetInput = t.Optional(
  input({
    admit_per_minute: t.Optional(Rate),
    waiting_room_cap: t.Optional(Cap),
    total_seats: t.Optional(Seats),
    shopper_capacity: t.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  }),
)
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

const tags = ["demo"]

/** Trying things out: fresh sales, fans by the thousand, the load lab. Only in demo mode, or behind a demo key. */
export const demoRoutes = (parts: Parts, caller: Caller) => {
  const { lab, demo, boxOffice, waitingRoom, health, config, clock } = parts
  const routes = new Elysia({ name: "demo" })
  if (lab === undefined) return routes
  const pulse = pulseOf(parts)
  const k6 = openK6Watch(lab, clock)

  return routes
    .get(
      "/v1/demo/config",
      async ({ request }) => {
        caller.demo(request)
        const found = await k6.find()
        const { vusMax, totalSeats, length } = lab.limits
        return {
          limits: {
            vus_max: vusMax,
            total_seats: totalSeats,
            length_ms: length as number,
            fans: fansMax,
            body_bytes: 65_536,
          },
          defaults: defaultSettings,
          scenarios: lab.catalog.map(scenarioBody),
          presets,
          k6:
            "missing" in found
              ? { ready: false, version: null, detail: found.missing }
              : { ready: true, version: found.version, detail: `k6 ${found.version} is ready` },
          demo_key_needed: config.demoKey !== undefined,
        }
      },
      {
        response: answers({ 200: ConfigView }, 403, 503),
        detail: { summary: "Limits and defaults of the demo, and whether k6 is there", tags },
      },
    )
    .post(
      "/v1/demo/reset",
      async ({ body, request }) => {
        caller.demo(request)
        const saleId = await demo.prepare({
          admitPerMinute: body?.admit_per_minute ?? 600,
          waitingRoomCap: body?.waiting_room_cap ?? defaultSettings.waiting_room_cap,
          totalSeats: body?.total_seats ?? defaultSettings.total_seats,
          shopperCapacity: body?.shopper_capacity,
        })
        return { sale_id: saleId as string, message: "A fresh sale is open. Earlier sales go on as they are." }
      },
      {
        body: ResetInput,
        response: answers({ 200: t.Object({ sale_id: Id, message: t.String() }) }, 400, 403, 413, 415, 503),
        detail: { summary: "A fresh sale that is open now", tags },
      },
    )
    .post(
      "/v1/demo/fans",
      ({ body, request }) => {
        caller.demo(request)
        return fansAnswer(demo.fans, body.count)
      },
      {
        body: input({ count: Type.Integer({ minimum: 1, maximum: fansMax }) }),
        detail: {
          summary: "Accounts without passwords, one JSON line each",
          tags,
          responses: {
            201: {
              description: "lines of {user_id, token}",
              content: {
                "application/x-ndjson": {
                  schema: {
                    type: "object",
                    required: ["user_id", "token"],
                    properties: { user_id: { type: "string" }, token: { type: "string" } },
                  },
                },
              },
            },
            ...Object.fromEntries(
              [400, 403, 413, 415, 503].map((status) => [
                status,
                {
                  description: "refused",
                  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
                },
              ]),
            ),
          },
        },
      },
    )
    .use(runRoutes(lab, caller))
    .get(
      "/v1/demo/dashboard",
      async ({ query, request }) => {
        caller.demo(request)
        const saleId = (query.sale_id as SaleId | undefined) ?? lab.active()?.saleId ?? (await demo.current())
        const [sale, stats] = await Promise.all([boxOffice.sales.find(saleId), boxOffice.sales.stats(saleId)])
        const seen = waitingRoom.snapshot(saleId)
        const readiness = health.readiness()
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
      },
      {
        query: t.Object({ sale_id: t.Optional(Id) }, { additionalProperties: false }),
        response: answers({ 200: DashboardView }, 400, 403, 404, 503),
        detail: { summary: "What the server sees of a sale at this moment", tags },
      },
    )
}

/** Minted as they are read, so that 20,000 of them never lie in memory at once. The first come before the status is sent. */
const fansAnswer = async (mint: Parts["demo"]["fans"], count: number) => {
  const encoder = new TextEncoder()
  let left = count
  const batch = async () => {
    const fans = await mint(Math.min(left, fansMintedAtOnce))
    if (fans.length === 0) throw new Fault("store_away", "No account could be made at this moment")
    left -= fans.length
    return encoder.encode(fans.map((each) => `${JSON.stringify(each)}\n`).join(""))
  }
  const first = await batch()
  const lines = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(first)
      if (left === 0) controller.close()
    },
    pull: async (controller) => {
      controller.enqueue(await batch())
      if (left === 0) controller.close()
    },
  })
  return new Response(lines, {
    status: 201,
    headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" },
  })
}
