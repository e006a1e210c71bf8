import { t } from "elysia"
import { Fault } from "../../../fault.ts"
import type { Tokens } from "../../../guard/tokens.ts"
import type { AccountId, SaleId } from "../../../ids.ts"
import { rfc3339 } from "../../../units.ts"
import type { JoinOutcome } from "../../../waiting-room/waiting-room.ts"
import { readJson } from "../../core/body.ts"
import type { Caller } from "../../core/caller.ts"
import type { Parts } from "../../core/parts.ts"
import { crowdRoute } from "../../core/route.ts"
import { input, SaleParams } from "../../core/schemas.ts"

export type Join = ReturnType<typeof openJoins>

export const joinRoute = (join: Join) =>
  crowdRoute({
    method: "POST",
    path: "/v1/sales/:id/waiting-room/join",
    who: "account",
    limit: "joins",
    perSale: true,
    anyHost: true,
    summary: "Join: one position per account, given once",
    tag: "waiting room",
    params: SaleParams,
    body: t.Optional(input({ receipt: t.Optional(t.String({ maxLength: 1024 })) })),
    answers: { 201: JoinView, 200: JoinView },
    refuses: [403, 404, 503],
    handler: (request, saleId, accountId) => join(request, saleId, accountId),
  })

const JoinView = t.Object({ position: t.Integer({ minimum: 1 }), receipt: t.String(), message: t.String() })

export const openJoins = (
  { waitingRoom, tokens, metrics }: Pick<Parts, "waitingRoom" | "tokens" | "metrics">,
  caller: Pick<Caller, "settledLimit">,
) => {
  const limitJoins = caller.settledLimit("joins")
  // One bag for all answers: a Response copies it, which is cheaper than reading an object of its own each time.
  const headers = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "ratelimit-policy": limitJoins.policyText,
  })

  const join = (request: Request, saleId: SaleId, accountId: AccountId, receipt?: string): Promise<Response> => {
    const rateLimit = limitJoins.count(request)
    return waitingRoom
      .join(saleId, accountId, receipt === undefined ? undefined : verified(tokens, receipt, saleId, accountId))
      .then((outcome) => answer(expectJoined(outcome, saleId), saleId, accountId, rateLimit))
  }

  const answer = (joined: Joined, saleId: SaleId, accountId: AccountId, rateLimit: string): Response => {
    ;(joined.first ? metrics.joins : metrics.joinsAgain).inc()
    const text = tokens.signReceipt({ saleId, accountId, position: joined.position, joinedAt: joined.joinedAt })
    headers.set("ratelimit", rateLimit)
    return new Response(
      `{"position":${joined.position},"receipt":"${text}","message":${quoted(waitingRoom.snapshot(saleId)?.message ?? "")}}`,
      { status: joined.first ? 201 : 200, headers },
    )
  }

  return (request: Request, saleId: SaleId, accountId: AccountId, receipt?: string): Promise<Response> =>
    receipt === undefined && hasBody(request)
      ? receiptOf(request).then((sent) => join(request, saleId, accountId, sent))
      : join(request, saleId, accountId, receipt)
}

const verified = (tokens: Pick<Tokens, "verifyReceipt">, text: string, saleId: SaleId, accountId: AccountId) => {
  const receipt = tokens.verifyReceipt(text)
  if (receipt === undefined || receipt.saleId !== saleId || receipt.accountId !== accountId)
    throw new Fault(
      "invalid_input",
      "The receipt is not one of this account for this sale; leave it out to join without one",
    )
  return { position: receipt.position, joinedAt: receipt.joinedAt }
}

/** Thousands get the same message: it is written as JSON when it changes. */
const quoted = (message: string) => {
  if (message !== lastMessage.text) lastMessage = { text: message, json: JSON.stringify(message) }
  return lastMessage.json
}
let lastMessage = { text: "", json: '""' }

const hasBody = ({ headers }: Request) => {
  const length = headers.get("content-length")
  return length === null ? headers.has("transfer-encoding") : length !== "0"
}

const receiptOf = async (request: Request): Promise<string | undefined> => {
  const body = await readJson(request)
  if (body === undefined) return undefined
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new Fault("invalid_input", 'The body is an object such as {} or {"receipt": "..."}')
  const extra = Object.keys(body).find((name) => name !== "receipt")
  if (extra !== undefined)
    throw new Fault("invalid_input", `/body/${extra.slice(0, 64)}: is not known here; only receipt is`)
  const receipt = "receipt" in body ? body.receipt : undefined
  if (receipt === undefined) return undefined
  if (typeof receipt !== "string" || receipt.length > 1024)
    throw new Fault("invalid_input", "/body/receipt: must be the text that an earlier join answered")
  return receipt
}

type Joined = Extract<JoinOutcome, { state: "joined" }>

const expectJoined = (outcome: JoinOutcome, saleId: SaleId): Joined => {
  switch (outcome.state) {
    case "joined":
      return outcome
    case "unknown_sale":
      throw new Fault("sale_not_found", `No sale is called ${saleId}`)
    case "closed": {
      const opens = rfc3339(outcome.queueOpensAt)
      throw new Fault(
        "sale_closed",
        outcome.phase === "scheduled"
          ? `The waiting room opens at ${opens}`
          : `The sale is ${outcome.phase.replace("_", " ")}`,
        {
          facts: { phase: outcome.phase, opens_at: rfc3339(outcome.opensAt), queue_opens_at: opens },
        },
      )
    }
    case "full":
      throw new Fault("room_full", "The waiting room is full; try again when people have been called", {
        headers: { "retry-after": "10" },
      })
    case "recovering":
      throw new Fault("waiting_room_recovering", "Every position is kept; join again in a moment", {
        headers: { "retry-after": "2" },
      })
    case "busy":
      throw new Fault("waiting_room_busy", "Joins come faster than they can be kept safe; try again in a moment", {
        headers: { "retry-after": "2" },
      })
  }
}
