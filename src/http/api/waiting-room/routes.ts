import { Elysia, t } from "elysia"
import type { SaleId } from "../../../ids.ts"
import type { openPollLimiter } from "../../../guard/poll-limiter.ts"
import { Fault } from "../../../fault.ts"
import type { Metrics } from "../../../metrics.ts"
import { boardOf } from "./board.ts"
import { shedInEventMode } from "../../core/event-mode.ts"
import type { Caller } from "../../core/caller.ts"
import { openJoins, parseSale } from "./join.ts"
import type { Parts } from "../../core/parts.ts"
import { Count, Id, Phase, SaleParams, Time } from "../../core/schemas.ts"
import { openStatus } from "./status.ts"
import { openStreams } from "./stream.ts"

type Server = Bun.Server<undefined>
type Routed = Bun.BunRequest<"/v1/sales/:id/waiting-room/status">

const JoinView = t.Object({ position: t.Integer({ minimum: 1 }), receipt: t.String(), message: t.String() })
const StatusView = t.Object({
  position: t.Integer({ minimum: 1 }),
  ahead_count: Count,
  estimated_wait_sec: Count,
  estimated_wait_sec_p90: Count,
  admitted: t.Boolean(),
  turn: t.Optional(
    t.Union([t.Literal("missed"), t.Literal("used")], {
      description:
        "missed: called, but too late; let in as soon as a place is free. used: paid, left or ran out; joining again asks for another turn, once nobody waits for a first one",
    }),
  ),
  admission_token: t.Optional(t.String()),
  admission_expires_at: t.Optional(Time),
  retry_after_ms: Count,
  phase: Phase,
  message: t.String(),
  now_serving: Count,
})
const BoardView = t.Object({
  sale_id: Id,
  phase: Phase,
  now_serving: Count,
  joined: Count,
  waiting: Count,
  shoppers: Count,
  admit_per_minute: Count,
  measured_per_minute: t.Number({ minimum: 0 }),
  wait_ms_per_position: t.Object({ p50: t.Number(), p90: t.Number() }),
  seats_left: t.Nullable(Count),
  seats: t.Nullable(t.Object({ total: Count, available: Count, held: Count, sold: Count })),
  message: t.String(),
  queue_opens_at: Time,
  opens_at: Time,
  ends_at: Time,
  poll: t.Object({ min_ms: Count, max_ms: Count, share_of_wait: t.Number() }),
})

/**
 * The routes that a crowd uses. They are plain Bun routes, without a framework's work per request; the Elysia routes of the
 * same paths describe them in /openapi.json and answer with the same functions.
 */
export const openWaitingRooms = (
  parts: Parts,
  caller: Caller,
  pollLimiter: ReturnType<typeof openPollLimiter>,
  answerError: (error: unknown, request: Request) => Response,
  checkHost: (request: Request) => void,
) => {
  const { waitingRoom, tokens, clock, metrics, log } = parts
  const status = openStatus({ waitingRoom, tokens, clock })
  const join = openJoins(parts, caller)
  const streams = openStreams({ waitingRoom, clock, statusOf: status.find, metrics, log })
  const statusHeaders = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  })

  const answerStatus = (request: Request, saleId: SaleId): Response | Promise<Response> => {
    const accountId = caller.account(request)
    const stayAwayMs = pollLimiter.take(accountId)
    if (stayAwayMs > 0)
      throw new Fault("rate_limited", "Poll as retry_after_ms says; your position does not depend on it", {
        headers: { "retry-after": String(Math.ceil(stayAwayMs / 1000)) },
      })
    const waiting = status.lookup(saleId, accountId)
    const answered = (text: string) => new Response(text, { headers: statusHeaders })
    return waiting === undefined ? status.find(saleId, accountId).then(answered) : answered(waiting)
  }
  /** Only until the board is swapped in as a static answer, and for sales that have none. */
  const answerBoard = (request: Request, saleId: SaleId) => {
    const snapshot = waitingRoom.snapshot(saleId)
    if (snapshot === undefined) throw new Fault("sale_not_found", `No waiting room is open for sale ${saleId}`)
    return boardOf(snapshot, request.headers.get("if-none-match"))
  }

  /** An answer that is there at once is given without a promise. */
  const timed = (
    name: string,
    metric: ReturnType<Metrics["route"]>,
    answer: (request: Routed, server: Server) => Response | Promise<Response>,
  ) => ({
    [name]: (request: Routed, server: Server): Response | Promise<Response> => {
      const began = performance.now()
      const done = (response: Response) => {
        metric.observe((performance.now() - began) / 1000)
        return response
      }
      try {
        const given = answer(request, server)
        return given instanceof Response ? done(given) : given.then(done, (error) => done(answerError(error, request)))
      } catch (error) {
        return done(answerError(error, request))
      }
    },
  })
  const path = "/v1/sales/:id/waiting-room"
  const route = (action: string) => metrics.route(`${path}/${action}`)

  /**
   * Joins and polls do not pay for a look at their Host: no browser sends a bearer token by itself, so a stranger's name for us
   * gains nothing.
   */
  const crowdRoutes = (base: string, saleOf: (request: Routed) => SaleId) => ({
    [`${base}/join`]: timed("POST", route("join"), (request) => join(request, saleOf(request))),
    [`${base}/status`]: timed("GET", route("status"), (request) => answerStatus(request, saleOf(request))),
  })

  return {
    join,
    statusOf: status.find,
    /** A known sale's routes of its own: reading the id out of a path costs as much as finding a position. */
    ofSale: (saleId: SaleId) => crowdRoutes(`/v1/sales/${saleId}/waiting-room`, () => saleId),
    /** For Bun.serve: these win over the framework's routes of the same method. */
    raw: {
      ...crowdRoutes(path, (request) => parseSale(request.params.id)),
      [`${path}/stream`]: timed("GET", route("stream"), (request, server) => {
        checkHost(request)
        shedInEventMode(parts, "The stream of one's own status")
        return streams.open(request, server, {
          saleId: parseSale(request.params.id),
          accountId: caller.account(request),
          address: caller.addressOf(request),
        })
      }),
    },
    described: new Elysia({ name: "waiting-rooms" })
      .post(`${path}/join`, ({ params, request }) => join(request, parseSale(params.id)), {
        params: SaleParams,
        detail: described(
          "Join: one position per account, given once",
          { 201: JoinView, 200: JoinView },
          [400, 401, 403, 404, 413, 415, 429, 503],
          {
            requestBody: {
              required: false,
              content: {
                "application/json": {
                  schema: t.Object(
                    { receipt: t.Optional(t.String({ maxLength: 1024 })) },
                    { additionalProperties: false },
                  ),
                },
              },
            },
          },
        ),
      })
      .get(`${path}/status`, ({ params, request }) => answerStatus(request, parseSale(params.id)), {
        params: SaleParams,
        detail: described(
          "One's own place, and the admission when the turn has come",
          { 200: StatusView },
          [400, 401, 404, 429, 503],
        ),
      })
      .get(
        `${path}/stream`,
        ({ request }) => answerError(new Fault("overloaded", "Streams are served directly"), request),
        {
          params: SaleParams,
          detail: {
            summary: "The status as server-sent events",
            tags: ["waiting room"],
            responses: {
              200: {
                description: "events named status, each with a status document",
                content: { "text/event-stream": { schema: { type: "string" } } },
              },
            },
          },
        },
      )
      .get(`${path}/board`, ({ params, request }) => answerBoard(request, parseSale(params.id)), {
        params: SaleParams,
        detail: described("What everybody may see; cacheable by a CDN", { 200: BoardView }, [400, 404]),
      }),
    streams,
  }
}

const described = (summary: string, success: Record<number, unknown>, problems: number[], more: object = {}) => ({
  summary,
  tags: ["waiting room"],
  ...more,
  responses: {
    ...Object.fromEntries(
      Object.entries(success).map(([status, schema]) => [
        status,
        { description: "done", content: { "application/json": { schema } } },
      ]),
    ),
    ...Object.fromEntries(
      problems.map((status) => [
        status,
        {
          description: "refused",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      ]),
    ),
  } as never,
})
