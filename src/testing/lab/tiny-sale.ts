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

type Sale = {
  now: () => EpochMs
  defect?: Defect
  truth: ServerTruth
  positions: Map<string, number>
  /** What was answered to a key, and stays so. */
  answers: Map<string, unknown>
  admitted: Set<string>
  finished: Set<string>
  /** Until when somebody is let in at a sale beside the one on trial. */
  otherAdmissions: Map<string, EpochMs>
  onTrial?: SaleId
  reconnects: number
  purchases: number
  freeSeats: number
  refreshes: number
}

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
  const sale: Sale = {
    now,
    defect,
    truth: emptyTruth(now(), 60_000 / admitEvery),
    positions: new Map(),
    answers: new Map(),
    admitted: new Set(),
    finished: new Set(),
    otherAdmissions: new Map(),
    reconnects: 0,
    purchases: 0,
    freeSeats: seats,
    refreshes: 0,
  }
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => answer(sale, request) })
  const ticking = setInterval(() => tick(sale), admitEvery)
  return {
    url: `http://127.0.0.1:${server.port}`,
    truth: () => sale.truth,
    /** The newest sale is the one on trial. */
    prepare: (): SaleId => (sale.onTrial = newId<SaleId>(now())),
    close: async () => {
      clearInterval(ticking)
      await server.stop(true)
    },
  }
}

const seats = 100

const emptyTruth = (now: EpochMs, admitPerMinute: number): ServerTruth => ({
  sale: { totalSeats: seats, admitPerMinute, shopperCapacity: 10_000, maxTicketsPerUser: 4, callWindow: minutes(2) },
  seats,
  gaps: [],
  entries: [],
  calls: [],
  settings: [],
  caps: [],
  admissions: [],
  tickets: [],
  holds: [],
  orders: [],
  payments: [],
  sweptUntil: now,
})

const answer = async (sale: Sale, request: Request): Promise<Response> => {
  const { defect, truth } = sale
  const authorization = request.headers.get("authorization") ?? ""
  const account = authorization.split(" ")[1] ?? ""
  const path = new URL(request.url).pathname
  const [, , collection, saleId = "", ...rest] = path.split("/")
  if (collection === "orders") return refusal(404, "order_not_found")
  if (collection === "me") return tickets(sale, account)
  if (rest.length > 0 && sale.onTrial !== undefined && saleId !== sale.onTrial)
    return otherSale(sale, path, authorization, saleId)
  if (path.endsWith("/join")) {
    if (defect === "answers_joins_slowly") await Bun.sleep(slowly)
    return join(sale, account)
  }
  if (path.endsWith("/status")) return status(sale, account, saleId)
  if (path.endsWith("/stream")) return stream(sale, account)
  if (rest.length === 0 || rest[0] === "waiting-room")
    return Response.json({
      event_id: "event",
      max_tickets_per_user: truth.sale.maxTicketsPerUser,
      seats: { total: defect === "hides_seats" ? 1000 : truth.seats },
    })
  const shopper = shopperOf(sale, authorization, saleId)
  return typeof shopper === "string" ? shop(sale, path, shopper, request) : shopper
}

/** Over every limit on joins. */
const slowly = millis(700)

const tickets = ({ defect, truth }: Sale, account: string) =>
  Response.json({
    tickets: truth.tickets
      .filter((each) => each.account === account && defect !== "hides_tickets")
      .map((each) => ({ order_id: each.orderId })),
  })

const join = ({ defect, positions, admitted, truth, now }: Sale, account: string) => {
  const known = positions.get(account)
  if (known !== undefined) return Response.json({ position: known, receipt: "r", message: "" }, { status: 200 })
  const position = defect === "reuses_positions" ? positions.size - admitted.size + 1 : positions.size + 1
  positions.set(account, position)
  if (defect !== "forgets_joins" || position % 50 !== 0) truth.entries.push({ account, position, joinedAt: now() })
  return Response.json({ position, receipt: "r", message: "" }, { status: 201 })
}

/** Lets in the next one. */
const tick = ({ defect, positions, admitted, truth, now }: Sale) => {
  if (defect === "lets_nobody_in") return
  const waiting = [...positions].filter(([account]) => !admitted.has(account))
  const next = defect === "last_come_first" ? waiting.at(-1) : waiting[0]
  if (next === undefined) return
  const [account, position] = next
  admitted.add(account)
  truth.calls.push({ from: position, to: position, again: false, generation: 1, entryId: "1-0", calledAt: now() })
  truth.admissions.push({
    admissionId: `a-${account}`,
    account,
    position,
    grantedAt: now(),
    endsAt: later(now(), minutes(10)),
  })
}

const stream = (sale: Sale, account: string) => {
  const position = sale.positions.get(account)
  if (position === undefined) return refusal(404, "not_in_queue")
  const event = `event: status\ndata: ${JSON.stringify({ position, admitted: false })}\n\n`
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(event)),
    cancel: () => {
      if (sale.defect === "ties_places_to_connections") sale.positions.set(account, 10_000 + ++sale.reconnects)
    },
  })
  return new Response(body, { headers: { "content-type": "text/event-stream" } })
}

const status = (sale: Sale, account: string, saleId: string) => {
  const { defect, now } = sale
  const place = sale.positions.get(account)
  if (place === undefined) return refusal(404, "not_in_queue")
  if (defect === "answers_500" && ++sale.refreshes % 5 === 0) return refusal(500, "internal")
  if (defect === "answers_nonsense" && ++sale.refreshes % 100 === 0) return new Response('{"position":')
  const position = defect === "moves_on_refresh" && ++sale.refreshes % 100 === 0 ? place + 1 : place
  const common = { position, ahead_count: 0, estimated_wait_sec: 0, retry_after_ms: 500, phase: "open", message: "" }
  if (!sale.admitted.has(account)) return Response.json({ ...common, admitted: false })
  return Response.json({
    ...common,
    admitted: true,
    admission_token: admissionToken(account, saleId),
    admission_expires_at: new Date(later(now(), minutes(10))).toISOString(),
  })
}

/** The shopper, or the refusal. */
const shopperOf = (sale: Sale, authorization: string, saleId: string): string | Response => {
  const { defect } = sale
  const [scheme, token = ""] = authorization.split(" ")
  const isStranger = scheme !== "Admission" || !token.includes(".")
  if (isStranger && defect === "slows_intruders_down") return refusal(429, "rate_limited")
  if (isStranger && defect === "answers_intruders_500") return refusal(500, "internal")
  if (scheme !== "Admission")
    return scheme === "Bearer" && defect === "believes_account_tokens" ? token : refusal(401, "unauthorized")
  const [, payload = ""] = token.split(".")
  const sub = subjectOf(payload)
  const isOurs = defect === "believes_every_admission" || token === admissionToken(sub, saleId)
  if (!isOurs || !sale.admitted.has(sub)) return refusal(401, "admission_invalid")
  return defect === "turns_shoppers_away" && ++sale.purchases % 50 === 0 ? refusal(403, "admission_required") : sub
}

/** Seats, holds, checkout and leaving ask for an admission. */
const shop = async (sale: Sale, path: string, account: string, request: Request) => {
  if (path.endsWith("/seats")) {
    const isHidden = sale.defect === "hides_seats" && account.endsWith("0")
    if (isFinished(sale, account)) return refusal(403, "admission_required")
    return Response.json({ seats: sale.freeSeats > 0 && !isHidden ? [{ id: "seat" }] : [] })
  }
  if (path.endsWith("/holds")) return hold(sale, account, (await request.json()) as HoldWish)
  if (path.endsWith("/checkout")) return checkout(sale, account, (await request.json()) as CheckoutWish)
  if (path.endsWith("/admission")) {
    sale.finished.add(account)
    return new Response(null, { status: 204 })
  }
  return refusal(404, "hold_not_found")
}

const isFinished = ({ finished, defect }: Sale, account: string) =>
  finished.has(account) && defect !== "lets_finished_admissions_in"

const once = (sale: Sale, account: string, key: string, act: () => unknown): Response => {
  const { answers } = sale
  const name = `${account} ${key}`
  if (!answers.has(name) && isFinished(sale, account)) return refusal(403, "admission_required")
  if (!answers.has(name)) answers.set(name, act())
  return answers.get(name) === undefined ? refusal(409, "unavailable") : Response.json(answers.get(name))
}

type HoldWish = { quantity: number; idempotency_key: string }
const hold = (sale: Sale, account: string, { quantity, idempotency_key }: HoldWish) =>
  once(sale, account, idempotency_key, () => {
    const { defect, truth, now } = sale
    const taken = defect !== "takes_second_holds" && truth.holds.some((each) => each.account === account)
    if (taken || sale.freeSeats < quantity || quantity > truth.sale.maxTicketsPerUser) return undefined
    const hold_id = `hold-${sale.answers.size}`
    const seat_ids = Array.from(
      { length: quantity },
      () => `seat-${defect === "sells_twice" ? sale.freeSeats-- % 10 : sale.freeSeats--}`,
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

type CheckoutWish = { hold_id: string; idempotency_key: string }
const checkout = (sale: Sale, account: string, { hold_id, idempotency_key }: CheckoutWish) => {
  const { defect, truth, now } = sale
  const held = [...sale.answers.values()].find(
    (each) => (each as { hold_id?: string } | undefined)?.hold_id === hold_id,
  ) as { seat_ids: string[] } | undefined
  if (held === undefined) return refusal(404, "hold_not_found")
  if (defect === "loses_checkouts" && account.endsWith("0")) return refusal(409, "idempotency_running")
  return once(sale, account, idempotency_key, () => {
    sale.finished.add(account)
    const order_id = `order-${sale.answers.size}`
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

/** A sale beside the one on trial lets in whoever asks, for half a second. */
const otherSale = ({ otherAdmissions, defect, now }: Sale, path: string, authorization: string, saleId: string) => {
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
