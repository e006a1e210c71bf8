import { t } from "elysia"
import type { Clock } from "../../../clock.ts"
import { Fault } from "../../../fault.ts"
import type { PollLimiter } from "../../../guard/poll-limiter.ts"
import type { Tokens } from "../../../guard/tokens.ts"
import type { AccountId, SaleId } from "../../../ids.ts"
import { rfc3339 } from "../../../units.ts"
import type { Snapshot, Turn, WaitingRoom } from "../../../waiting-room/waiting-room.ts"
import { crowdRoute } from "../../core/route.ts"
import { Count, Phase, SaleParams, Time } from "../../core/schemas.ts"

export const statusRoute = (status: Status, pollLimiter: Pick<PollLimiter, "take">) =>
  crowdRoute({
    method: "GET",
    path: "/v1/sales/:id/waiting-room/status",
    who: "account",
    limit: "polls",
    perSale: true,
    anyHost: true,
    summary: "One's own place, and the admission when the turn has come",
    tag: "waiting room",
    params: SaleParams,
    body: "none",
    answers: { 200: StatusView },
    refuses: [404, 503],
    handler: (_request, saleId, accountId) => {
      const stayAwayMs = pollLimiter.take(accountId)
      if (stayAwayMs > 0) throw tooOften(stayAwayMs)
      const waiting = status.lookup(saleId, accountId)
      return waiting === undefined ? status.find(saleId, accountId).then(answer) : answer(waiting)
    },
  })

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

const tooOften = (stayAwayMs: number) =>
  new Fault("rate_limited", "Poll as retry_after_ms says; your position does not depend on it", {
    headers: { "retry-after": String(Math.ceil(stayAwayMs / 1000)) },
  })

const answer = (text: string) => new Response(text, { headers: answerHeaders })
const answerHeaders = new Headers({
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
})

/** The wait is told in steps of what is known; a poll is never asked for sooner than this or later than that. */
const pollMsMin = 1000
const pollMsMax = 30_000

export const aheadOf = (position: number, { nowServing, gaps }: Snapshot) => {
  let ahead = Math.max(0, position - nowServing - 1)
  for (const gap of gaps)
    if (gap.to < position && gap.to > nowServing) ahead -= gap.to - Math.max(gap.from, nowServing + 1) + 1
  return Math.max(0, ahead)
}

/** A tenth of the expected wait, within bounds, spread by a fifth so that a crowd does not poll in step. */
export const pollAfterMs = (waitMs: number) =>
  Math.round(Math.min(pollMsMax, Math.max(pollMsMin, waitMs / 10)) * (0.9 + Math.random() * 0.2))

export type Status = ReturnType<typeof openStatus>

/**
 * Composes the status answers. A waiting account's is put together from its position and the tick's snapshot: no store, no
 * object, one string.
 */
export const openStatus = ({
  waitingRoom,
  tokens,
  clock,
}: {
  waitingRoom: WaitingRoom
  tokens: Tokens
  clock: Clock
}) => {
  const tails = new Map<SaleId, { version: number; tail: string }>()

  const tailOf = (snapshot: Snapshot) => {
    const kept = tails.get(snapshot.saleId)
    if (kept !== undefined && kept.version === snapshot.version) return kept.tail
    const tail = `,"admitted":false,"phase":"${snapshot.phase}","message":${JSON.stringify(snapshot.message)},"now_serving":${snapshot.nowServing}}`
    if (tails.size >= salesKeptMax) tails.clear()
    tails.set(snapshot.saleId, { version: snapshot.version, tail })
    return tail
  }

  const waiting = (position: number, snapshot: Snapshot) => {
    const ahead = aheadOf(position, snapshot)
    const waitMs = ahead * snapshot.waitMsPerPosition.p50
    return `{"position":${position},"ahead_count":${ahead},"estimated_wait_sec":${Math.ceil(waitMs / 1000)},"estimated_wait_sec_p90":${Math.ceil(
      (ahead * snapshot.waitMsPerPosition.p90) / 1000,
    )},"retry_after_ms":${pollAfterMs(waitMs)}${tailOf(snapshot)}`
  }

  return {
    lookup: (saleId: SaleId, accountId: AccountId): string | undefined => {
      const snapshot = waitingRoom.snapshot(saleId)
      if (snapshot === undefined) return undefined
      const position = waitingRoom.lookupPosition(saleId, accountId)
      return position !== undefined && position > snapshot.nowServing ? waiting(position, snapshot) : undefined
    },

    find: async (saleId: SaleId, accountId: AccountId): Promise<string> => {
      const turn = await waitingRoom.turn(saleId, accountId)
      const snapshot = waitingRoom.snapshot(saleId)
      const place = placed(turn, saleId)
      if (snapshot === undefined)
        throw new Fault("waiting_room_recovering", "Your position is kept; ask again in a moment")
      if (place.state === "waiting") return waiting(place.position, snapshot)
      const common = {
        position: place.position,
        ahead_count: 0,
        estimated_wait_sec: 0,
        estimated_wait_sec_p90: 0,
        phase: snapshot.phase,
        message: snapshot.message,
        now_serving: snapshot.nowServing,
      }
      if (place.state !== "admitted")
        return JSON.stringify({
          ...common,
          admitted: false,
          turn: place.state,
          retry_after_ms: pollAfterMs(place.state === "used" ? pollMsMax * 10 : pollMsMin),
        })
      const token = await tokens.signAdmission({
        admissionId: place.admissionId,
        saleId,
        accountId,
        grantedAt: place.grantedAt,
        endsAt: place.endsAt,
      })
      return JSON.stringify({
        ...common,
        admitted: true,
        admission_token: token,
        admission_expires_at: rfc3339(place.endsAt),
        retry_after_ms: Math.max(pollMsMin, Math.min(pollMsMax, place.endsAt - clock())),
      })
    },
  }
}

const salesKeptMax = 256

const placed = (turn: Turn, saleId: SaleId) => {
  switch (turn.state) {
    case "not_in_queue":
      throw new Fault("not_in_queue", "Join the waiting room first")
    case "unknown_sale":
      throw new Fault("sale_not_found", `No sale is called ${saleId}`)
    case "recovering":
      throw new Fault("waiting_room_recovering", "Your position is kept; ask again in a moment")
    default:
      return turn
  }
}
