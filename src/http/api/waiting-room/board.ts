import { t } from "elysia"
import { Fault } from "../../../fault.ts"
import type { SaleId } from "../../../ids.ts"
import { rfc3339 } from "../../../units.ts"
import type { Snapshot } from "../../../waiting-room/waiting-room.ts"
import type { Parts } from "../../core/parts.ts"
import { apiRoute } from "../../core/route.ts"
import { Count, Id, Phase, SaleParams, Time } from "../../core/schemas.ts"

/** Serves a board until it is swapped in as a static answer, and for sales without one. */
export const boardRoute = ({ waitingRoom }: Pick<Parts, "waitingRoom">) =>
  apiRoute({
    method: "GET",
    path: "/v1/sales/:id/waiting-room/board",
    who: "anybody",
    limit: "none",
    summary: "What everybody may see; cacheable by a CDN",
    tag: "waiting room",
    params: SaleParams,
    body: "none",
    answers: { 200: BoardView },
    refuses: [404, 503],
    handler: async ({ request, params }) =>
      boardOf(await snapshotOf(waitingRoom, params.id as SaleId), request.headers.get("if-none-match")),
  })

/** What nobody has looked for yet may exist: a cache may keep a 404. */
const snapshotOf = async (waitingRoom: Parts["waitingRoom"], saleId: SaleId): Promise<Snapshot> => {
  const look = await waitingRoom.look(saleId)
  switch (look.state) {
    case "seen":
      return look.snapshot
    case "unknown_sale":
      throw new Fault("sale_not_found", `No sale is called ${saleId}`)
    case "unknown":
      throw new Fault("waiting_room_recovering", "The board is not known here yet; ask again in a moment")
  }
}

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

export const boardPath = (saleId: SaleId) => `/v1/sales/${saleId}/waiting-room/board`

/**
 * What everybody sees of one sale: the same bytes for all, made once per tick, so that a CDN can carry every poll.
 * `wait_ms_per_position` lets a page tell its own wait from its own position.
 */
export const boardOf = (snapshot: Snapshot, ifNoneMatch: string | null = null): Response => {
  const body = JSON.stringify({
    sale_id: snapshot.saleId,
    phase: snapshot.phase,
    now_serving: snapshot.nowServing,
    joined: snapshot.joined,
    waiting: snapshot.waiting,
    shoppers: snapshot.shoppers,
    admit_per_minute: snapshot.admitPerMinute,
    measured_per_minute: snapshot.measuredPerMinute,
    wait_ms_per_position: snapshot.waitMsPerPosition,
    // Until the scheduler's first look at a new sale nobody knows.
    seats_left: snapshot.stock.total === 0 ? null : snapshot.stock.available + snapshot.stock.held,
    seats: snapshot.stock.total === 0 ? null : snapshot.stock,
    message: snapshot.message,
    queue_opens_at: rfc3339(snapshot.queueOpensAt),
    opens_at: rfc3339(snapshot.opensAt),
    ends_at: rfc3339(snapshot.endsAt),
    poll: { min_ms: 1000, max_ms: 30_000, share_of_wait: 0.1 },
  })
  const etag = `"${Bun.hash.wyhash(body).toString(36)}"`
  const headers = {
    "content-type": "application/json",
    "cache-control": "public, max-age=1, stale-while-revalidate=5",
    etag,
    "x-content-type-options": "nosniff",
  }
  return ifNoneMatch === etag ? new Response(null, { status: 304, headers }) : new Response(body, { headers })
}
