import { Type } from "@sinclair/typebox"
import { Elysia, t } from "elysia"
import { Fault } from "../fault.ts"
import type { RunId, SaleId } from "../ids.ts"
import { finalStates, pointBody, runBody, type Run } from "../lab/run.ts"
import { defaultSettings, requestOf } from "../lab/run-settings.ts"
import { phaseOf } from "../waiting-room/phase.ts"
import type { Gate } from "./gate.ts"
import { openK6Watch } from "./k6-watch.ts"
import type { Parts } from "./parts.ts"
import { pulseOf } from "./pulse.ts"
import { answers, Count, Id, input, Phase, Time } from "./schemas.ts"

const fansMax = 20_000
const fansMintedAtOnce = 500

const Length = t.String({ maxLength: 32, description: "a length of time such as 10s, 1m30s or 500ms" })
const Rate = Type.Integer({ minimum: 1, maximum: 600_000 })
const Cap = Type.Integer({ minimum: 1, maximum: 10_000_000 })
const Seats = Type.Integer({ minimum: 1, maximum: 200_000 })

const ScenarioView = t.Object({
  name: t.String(),
  story: t.String(),
  holds: t.String(),
  defaults: t.Object({ admit_per_minute: t.Optional(Count) }),
})
const ConfigView = t.Object({
  limits: t.Object({ vus_max: Count, total_seats: Count, length_ms: Count, fans: Count, body_bytes: Count }),
  defaults: t.Object({
    vus_max: Count,
    ramp_up: t.String(),
    steady: t.String(),
    ramp_down: t.String(),
    admit_per_minute: Count,
    waiting_room_cap: Count,
    total_seats: Count,
  }),
  scenarios: t.Array(ScenarioView),
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
const RunInput = input({
  scenario: t.String({ maxLength: 64 }),
  vus_max: t.Optional(Type.Integer()),
  ramp_up: t.Optional(Length),
  steady: t.Optional(Length),
  ramp_down: t.Optional(Length),
  admit_per_minute: t.Optional(Type.Integer()),
  waiting_room_cap: t.Optional(Type.Integer()),
  total_seats: t.Optional(Type.Integer()),
  sale_id: t.Optional(Id),
  seed: t.Optional(Type.Integer()),
})
const Status = t.UnionEnum(["queued", "preparing", "armed", "running", "auditing", ...finalStates])
const Figure = t.Nullable(t.Number())
const LiveView = t.Object({
  at: Time,
  people: t.Number(),
  requests_per_second: t.Number(),
  failed_rate: t.Number(),
  p95_ms: Figure,
  p99_ms: Figure,
  stolen_rate: Figure,
  k6_cpu_rate: Figure,
  waiting: t.Optional(Count),
  now_serving: t.Optional(Count),
  shoppers: t.Optional(Count),
  seats_available: t.Optional(Count),
  seats_held: t.Optional(Count),
  seats_sold: t.Optional(Count),
})
const SettingsView = t.Object({
  scenario: t.String(),
  vus_max: Count,
  ramp_up: t.String(),
  steady: t.String(),
  ramp_down: t.String(),
  admit_per_minute: Count,
  waiting_room_cap: Count,
  total_seats: Count,
  seed: Count,
  sale_id: t.Optional(Id),
})
const RunView = t.Object({
  run_id: Id,
  sale_id: Id,
  scenario: t.String(),
  status: Status,
  passed: t.Nullable(t.Boolean()),
  verdict: t.Nullable(t.UnionEnum(["PASS", "FAIL", "INCONCLUSIVE"])),
  failures: t.Array(t.String()),
  checks: t.Array(
    t.Object({
      name: t.String(),
      passed: t.Boolean(),
      judged: t.Boolean(),
      expected: t.String(),
      seen: t.String(),
      counter_example: t.Optional(t.String()),
    }),
  ),
  metrics: t.Record(t.String(), t.Number(), {
    description: "http_reqs, http_req_failed_rate, http_req_duration_p99_ms and others; empty until the run is over",
  }),
  settings: SettingsView,
  seed: Count,
  traffic_version: t.String(),
  k6_version: t.String(),
  created_at: Time,
  started_at: t.Nullable(Time),
  ended_at: t.Nullable(Time),
  length_ms: Count,
  live: t.Nullable(LiveView),
})
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

const RunParams = t.Object({ run_id: Id })
const tags = ["demo"]

/** Trying things out: fresh sales, fans by the thousand, the load lab. Only in demo mode, or behind a demo key. */
export const demoRoutes = (parts: Parts, gate: Gate) => {
  const { lab, demo, boxOffice, waitingRoom, metrics, health, config, clock } = parts
  const routes = new Elysia({ name: "demo" })
  if (lab === undefined) return routes
  const pulse = pulseOf(metrics)
  const k6 = openK6Watch(lab, clock)

  return routes
    .get(
      "/v1/demo/config",
      async ({ request }) => {
        gate.demo(request)
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
        gate.demo(request)
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
        gate.demo(request)
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
    .post(
      "/v1/demo/loadtest",
      async ({ body, request, status }) => {
        gate.demo(request)
        const run = await lab.start(body)
        return status(202, {
          run_id: run.runId as string,
          sale_id: run.saleId as string,
          scenario: run.scenario,
          status: "queued" as const,
        })
      },
      {
        body: RunInput,
        response: answers(
          { 202: t.Object({ run_id: Id, sale_id: Id, scenario: t.String(), status: t.Literal("queued") }) },
          400,
          403,
          404,
          413,
          415,
          429,
          503,
        ),
        detail: { summary: "Set a run going; one at a time", tags },
      },
    )
    .get(
      "/v1/demo/loadtest/:run_id",
      async ({ params, request }) => {
        gate.demo(request)
        return runAnswer(await lab.find(params.run_id as RunId))
      },
      {
        params: RunParams,
        response: answers({ 200: RunView }, 400, 403, 404, 503),
        detail: { summary: "How a run does, or how it ended", tags },
      },
    )
    .delete(
      "/v1/demo/loadtest/:run_id",
      async ({ params, request }) => {
        gate.demo(request)
        return runAnswer(await lab.stop(params.run_id as RunId))
      },
      {
        params: RunParams,
        parse: "none",
        response: answers({ 200: RunView }, 400, 403, 404, 503),
        detail: { summary: "Stop a run; one that has ended stays as it is", tags },
      },
    )
    .get(
      "/v1/demo/loadtests",
      async ({ request }) => {
        gate.demo(request)
        const runs = await lab.list(50)
        return { runs: runs.map(runAnswer), scenarios: lab.catalog.map(scenarioBody) }
      },
      {
        response: answers({ 200: t.Object({ runs: t.Array(RunView), scenarios: t.Array(ScenarioView) }) }, 403, 503),
        detail: { summary: "The latest 50 runs, newest first, and the scenarios there are", tags },
      },
    )
    .get(
      "/v1/demo/dashboard",
      async ({ query, request }) => {
        gate.demo(request)
        const saleId = (query.sale_id as SaleId | undefined) ?? lab.active()?.saleId ?? (await demo.current())
        const [sale, stats] = await Promise.all([boxOffice.sales.find(saleId), boxOffice.sales.stats(saleId)])
        const seen = waitingRoom.snapshot(saleId)
        const readiness = health.readiness()
        const beat = pulse.beat()
        return {
          sale_id: saleId as string,
          health: readiness.ready ? ("ok" as const) : ("degraded" as const),
          stores: Object.fromEntries(Object.entries(readiness.stores).map(([name, { up }]) => [name, up])),
          phase: seen?.phase ?? phaseOf(sale, { now: clock(), soldOut: stats.seatsAvailable + stats.seatsHeld === 0 }),
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

const runAnswer = (run: Run) => {
  const newest = run.live.at(-1)
  return { ...runBody(run), settings: requestOf(run.settings), live: newest === undefined ? null : pointBody(newest) }
}

type Scenario = NonNullable<Parts["lab"]>["catalog"][number]
const scenarioBody = ({ name, story, holds, defaults }: Scenario) => ({
  name,
  story,
  holds,
  defaults: defaults.admitPerMinute === undefined ? {} : { admit_per_minute: defaults.admitPerMinute },
})

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
