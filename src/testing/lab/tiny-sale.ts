import { newId, type SaleId } from "../../ids.ts"
import { later, millis, minutes, type EpochMs } from "../../units.ts"
import type { ServerTruth } from "../../lab/model/truth.ts"

/** Ways in which a sale can be wrong; the lab has to see each of them. */
export type Defect =
  | "moves_on_refresh"
  | "last_come_first"
  | "forgets_joins"
  | "sells_twice"
  | "answers_500"
  | "believes_account_tokens"
  | "believes_every_admission"
  | "lets_finished_admissions_in"
  | "lets_ended_admissions_in"
  | "turns_shoppers_away"
  | "reuses_positions"
  | "ties_places_to_connections"
  | "answers_joins_slowly"
  | "lets_nobody_in"
  | "takes_second_holds"
  | "loses_checkouts"
  | "answers_nonsense"
  | "slows_intruders_down"
  | "answers_intruders_500"
  | "hides_tickets"
  | "hides_seats"

/** A whole sale in memory behind the real HTTP contract: what the lab looks at when the lab itself is tested. */
export const openTinySale = ({
  now,
  defect,
  admitEvery = 5,
}: {
  now: () => EpochMs
  defect?: Defect
  admitEvery?: number
}) => {
  const positions = new Map<string, number>()
  const truth: ServerTruth = {
    sale: {
      totalSeats: 100,
      admitPerMinute: 60_000 / admitEvery,
      shopperCapacity: 10_000,
      maxTicketsPerUser: 4,
      callWindow: minutes(2),
    },
    seats: 100,
    gaps: [],
    entries: [],
    calls: [],
    admissions: [],
    tickets: [],
    holds: [],
    orders: [],
    payments: [],
    sweptUntil: now(),
  }
  const answers = new Map<string, unknown>()
  const admitted = new Set<string>()
  const finished = new Set<string>()
  const otherAdmissions = new Map<string, EpochMs>()
  let saleOnTrial: SaleId | undefined
  let reconnects = 0
  let purchases = 0
  let freeSeats = 100
  let refreshes = 0

  const join = (account: string) => {
    const known = positions.get(account)
    if (known !== undefined) return Response.json({ position: known, receipt: "r", message: "" }, { status: 200 })
    const position = defect === "reuses_positions" ? positions.size - admitted.size + 1 : positions.size + 1
    positions.set(account, position)
    if (defect !== "forgets_joins" || position % 50 !== 0) truth.entries.push({ account, position, joinedAt: now() })
    return Response.json({ position, receipt: "r", message: "" }, { status: 201 })
  }

  const tick = () => {
    if (defect === "lets_nobody_in") return
    const waiting = [...positions].filter(([account]) => !admitted.has(account))
    const next = defect === "last_come_first" ? waiting.at(-1) : waiting[0]
    if (next === undefined) return
    const [account, position] = next
    admitted.add(account)
    truth.calls.push({ from: position, to: position, again: false, generation: 1, calledAt: now() })
    truth.admissions.push({
      admissionId: `a-${account}`,
      account,
      position,
      grantedAt: now(),
      endsAt: later(now(), minutes(10)),
    })
  }

  const stream = (account: string) => {
    const position = positions.get(account)
    if (position === undefined) return Response.json({ code: "not_in_queue" }, { status: 404 })
    const body = new ReadableStream<Uint8Array>({
      start: (controller) =>
        controller.enqueue(
          new TextEncoder().encode(`event: status\ndata: ${JSON.stringify({ position, admitted: false })}\n\n`),
        ),
      cancel: () => {
        if (defect === "ties_places_to_connections") positions.set(account, 10_000 + ++reconnects)
      },
    })
    return new Response(body, { headers: { "content-type": "text/event-stream" } })
  }

  const status = (account: string, saleId: string) => {
    const place = positions.get(account)
    if (place === undefined) return Response.json({ code: "not_in_queue" }, { status: 404 })
    if (defect === "answers_500" && ++refreshes % 5 === 0) return Response.json({ code: "internal" }, { status: 500 })
    if (defect === "answers_nonsense" && ++refreshes % 100 === 0) return new Response('{"position":')
    const position = defect === "moves_on_refresh" && ++refreshes % 100 === 0 ? place + 1 : place
    const common = { position, ahead_count: 0, estimated_wait_sec: 0, retry_after_ms: 500, phase: "open", message: "" }
    if (!admitted.has(account)) return Response.json({ ...common, admitted: false })
    return Response.json({
      ...common,
      admitted: true,
      admission_token: admissionToken(account, saleId),
      admission_expires_at: new Date(later(now(), minutes(10))).toISOString(),
    })
  }

  /** The shopper, or the refusal. */
  const shopperOf = (authorization: string, saleId: string): string | Response => {
    const [scheme, token = ""] = authorization.split(" ")
    const isStranger = scheme !== "Admission" || !token.includes(".")
    if (isStranger && defect === "slows_intruders_down") return refusal(429, "rate_limited")
    if (isStranger && defect === "answers_intruders_500") return refusal(500, "internal")
    if (scheme !== "Admission")
      return scheme === "Bearer" && defect === "believes_account_tokens" ? token : refusal(401, "unauthorized")
    const [, payload = ""] = token.split(".")
    const sub = subjectOf(payload)
    const isOurs = defect === "believes_every_admission" || token === admissionToken(sub, saleId)
    if (!isOurs || !admitted.has(sub)) return refusal(401, "admission_invalid")
    return defect === "turns_shoppers_away" && ++purchases % 50 === 0 ? refusal(403, "admission_required") : sub
  }
  const isFinished = (account: string) => finished.has(account) && defect !== "lets_finished_admissions_in"

  const isHidden = (account: string) => defect === "hides_seats" && account.endsWith("0")

  const once = (account: string, key: string, act: () => unknown): Response => {
    const name = `${account} ${key}`
    if (!answers.has(name) && isFinished(account)) return refusal(403, "admission_required")
    if (!answers.has(name)) answers.set(name, act())
    return answers.get(name) === undefined
      ? Response.json({ code: "unavailable" }, { status: 409 })
      : Response.json(answers.get(name))
  }

  const hold = (account: string, { quantity, idempotency_key }: { quantity: number; idempotency_key: string }) =>
    once(account, idempotency_key, () => {
      const taken = defect !== "takes_second_holds" && truth.holds.some((each) => each.account === account)
      if (taken || freeSeats < quantity || quantity > truth.sale.maxTicketsPerUser) return undefined
      const hold_id = `hold-${answers.size}`
      const seat_ids = Array.from(
        { length: quantity },
        () => `seat-${defect === "sells_twice" ? freeSeats-- % 10 : freeSeats--}`,
      )
      truth.holds.push({
        holdId: hold_id,
        account,
        admissionId: `a-${account}`,
        live: false,
        seats: quantity,
        seatsKept: 0,
        takenAt: now(),
        expiresAt: later(now(), minutes(5)),
      })
      return { hold_id, seat_ids, expires_at: "" }
    })

  const checkout = (account: string, { hold_id, idempotency_key }: { hold_id: string; idempotency_key: string }) => {
    const held = [...answers.values()].find(
      (each) => (each as { hold_id?: string } | undefined)?.hold_id === hold_id,
    ) as { seat_ids: string[] } | undefined
    if (held === undefined) return refusal(404, "hold_not_found")
    if (defect === "loses_checkouts" && account.endsWith("0")) return refusal(409, "idempotency_running")
    return once(account, idempotency_key, () => {
      finished.add(account)
      const order_id = `order-${answers.size}`
      truth.orders.push({
        orderId: order_id,
        account,
        admissionId: `a-${account}`,
        holdId: hold_id,
        amountCents: 100,
        paidAt: now(),
      })
      truth.payments.push({ paymentId: `payment-${order_id}`, orderId: order_id, amountCents: 100 })
      const ticket_ids = held.seat_ids.map((seatId, index) => {
        const ticketId = `${order_id}-${index}`
        truth.tickets.push({ ticketId, seatId, orderId: order_id, account })
        return ticketId
      })
      return { order_id, ticket_ids, status: "paid" }
    })
  }

  const leave = (account: string) => {
    finished.add(account)
    return new Response(null, { status: 204 })
  }

  /** Seats, holds, checkout and leaving ask for an admission. */
  const shop = async (path: string, account: string, request: Request) => {
    if (path.endsWith("/seats"))
      return isFinished(account)
        ? refusal(403, "admission_required")
        : Response.json({ seats: freeSeats > 0 && !isHidden(account) ? [{ id: "seat" }] : [] })
    if (path.endsWith("/holds"))
      return hold(account, (await request.json()) as { quantity: number; idempotency_key: string })
    if (path.endsWith("/checkout"))
      return checkout(account, (await request.json()) as { hold_id: string; idempotency_key: string })
    if (path.endsWith("/admission")) return leave(account)
    return refusal(404, "hold_not_found")
  }

  /** A sale beside the one on trial lets in whoever asks, for half a second. */
  const otherSale = (path: string, authorization: string, saleId: string) => {
    const [, token = ""] = authorization.split(" ")
    if (path.endsWith("/join")) return Response.json({ position: 1, receipt: "r", message: "" }, { status: 201 })
    if (path.endsWith("/status")) {
      const endsAt = otherAdmissions.get(token) ?? later(now(), millis(500))
      otherAdmissions.set(token, endsAt)
      if (endsAt < now()) return Response.json({ position: 1, admitted: false })
      return Response.json({
        position: 1,
        admitted: true,
        admission_token: admissionToken(token, saleId),
        admission_expires_at: new Date(endsAt).toISOString(),
      })
    }
    const account = subjectOf(token.split(".")[1] ?? "")
    const isOver = (otherAdmissions.get(account) ?? 0) < now()
    if (isOver && defect !== "lets_ended_admissions_in") return refusal(401, "admission_invalid")
    return Response.json({ seats: [] })
  }

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const authorization = request.headers.get("authorization") ?? ""
      const account = authorization.split(" ")[1] ?? ""
      const path = new URL(request.url).pathname
      const [, , collection, saleId = "", ...rest] = path.split("/")
      if (collection === "orders") return refusal(404, "order_not_found")
      if (collection === "me")
        return Response.json({
          tickets: truth.tickets
            .filter((each) => each.account === account && defect !== "hides_tickets")
            .map((each) => ({ order_id: each.orderId })),
        })
      if (rest.length > 0 && saleOnTrial !== undefined && saleId !== saleOnTrial)
        return otherSale(path, authorization, saleId)
      if (path.endsWith("/join")) {
        if (defect === "answers_joins_slowly") await Bun.sleep(slowly)
        return join(account)
      }
      if (path.endsWith("/status")) return status(account, saleId)
      if (path.endsWith("/stream")) return stream(account)
      if (rest.length === 0 || rest[0] === "waiting-room")
        return Response.json({
          event_id: "event",
          max_tickets_per_user: truth.sale.maxTicketsPerUser,
          seats: { total: defect === "hides_seats" ? 1000 : truth.seats },
        })
      const shopper = shopperOf(authorization, saleId)
      return typeof shopper === "string" ? shop(path, shopper, request) : shopper
    },
  })
  const ticking = setInterval(tick, admitEvery)
  return {
    url: `http://127.0.0.1:${server.port}`,
    truth: () => truth,
    /** The newest sale is the one on trial. */
    prepare: (): SaleId => (saleOnTrial = newId<SaleId>(now())),
    close: async () => {
      clearInterval(ticking)
      await server.stop(true)
    },
  }
}

/** Over every limit on joins. */
const slowly = millis(700)

const refusal = (status: number, code: string) => Response.json({ code }, { status })

/** Three parts like a real one; the last is what nobody else can write. */
const admissionToken = (account: string, saleId: string) => {
  const payload = Buffer.from(JSON.stringify({ sub: account, ends_ms: 1 })).toString("base64url")
  return `head.${payload}.${Bun.hash(`${payload} of ${saleId}`).toString(16)}`
}

const subjectOf = (payload: string): string => {
  const said = Buffer.from(payload, "base64url").toString()
  return /^\{"sub":"(fan\d+)"/.exec(said)?.[1] ?? ""
}
