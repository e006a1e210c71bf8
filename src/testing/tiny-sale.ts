import { later, minutes, type EpochMs } from "../units.ts"
import type { ServerTruth } from "../lab/truth.ts"

/** Ways in which a sale can be wrong; the lab has to see each of them. */
export type Defect = "moves_on_refresh" | "last_come_first" | "forgets_joins" | "sells_twice" | "answers_500"

/** A whole sale in memory behind the real HTTP contract: what the lab looks at when the lab itself is tested. */
export const openTinySale = ({ now, defect, admitEvery = 5 }: { now: () => EpochMs; defect?: Defect; admitEvery?: number }) => {
  const positions = new Map<string, number>()
  const truth: ServerTruth = {
    sale: { totalSeats: 100, admitPerMinute: 60_000 / admitEvery, shopperCapacity: 10_000, maxTicketsPerUser: 4, callWindow: minutes(2) },
    seats: 100,
    gaps: [],
    entries: [],
    calls: [],
    admissions: [],
    tickets: [],
    holds: [],
    orders: [],
  }
  const answers = new Map<string, unknown>()
  const admitted = new Set<string>()
  let freeSeats = 100
  let refreshes = 0

  const join = (account: string) => {
    const known = positions.get(account)
    if (known !== undefined) return Response.json({ position: known, receipt: "r", message: "" }, { status: 200 })
    const position = positions.size + 1
    positions.set(account, position)
    if (defect !== "forgets_joins" || position % 50 !== 0) truth.entries.push({ account, position, joinedAt: now() })
    return Response.json({ position, receipt: "r", message: "" }, { status: 201 })
  }

  const tick = () => {
    const waiting = [...positions].filter(([account]) => !admitted.has(account))
    const next = defect === "last_come_first" ? waiting.at(-1) : waiting[0]
    if (next === undefined) return
    const [account, position] = next
    admitted.add(account)
    truth.calls.push({ from: position, to: position, again: false, generation: 1, calledAt: now() })
    truth.admissions.push({ admissionId: `a-${account}`, account, position, grantedAt: now(), endsAt: later(now(), minutes(10)) })
  }

  const status = (account: string) => {
    const place = positions.get(account)
    if (place === undefined) return Response.json({ code: "not_in_queue" }, { status: 404 })
    if (defect === "answers_500" && ++refreshes % 5 === 0) return Response.json({ code: "internal" }, { status: 500 })
    const position = defect === "moves_on_refresh" && ++refreshes % 100 === 0 ? place + 1 : place
    const common = { position, ahead_count: 0, estimated_wait_sec: 0, retry_after_ms: 500, phase: "open", message: "" }
    if (!admitted.has(account)) return Response.json({ ...common, admitted: false })
    return Response.json({ ...common, admitted: true, admission_token: account, admission_expires_at: new Date(later(now(), minutes(10))).toISOString() })
  }

  const once = (account: string, key: string, act: () => unknown): Response => {
    const name = `${account} ${key}`
    if (!answers.has(name)) answers.set(name, act())
    return answers.get(name) === undefined ? Response.json({ code: "unavailable" }, { status: 409 }) : Response.json(answers.get(name))
  }

  const hold = (account: string, { quantity, idempotency_key }: { quantity: number; idempotency_key: string }) =>
    once(account, idempotency_key, () => {
      if (freeSeats < quantity || quantity > truth.sale.maxTicketsPerUser) return undefined
      const hold_id = `hold-${answers.size}`
      const seat_ids = Array.from({ length: quantity }, () => `seat-${defect === "sells_twice" ? (freeSeats-- % 10) : freeSeats--}`)
      truth.holds.push({ holdId: hold_id, account, admissionId: `a-${account}`, live: false, seats: quantity, takenAt: now() })
      return { hold_id, seat_ids, expires_at: "" }
    })

  const checkout = (account: string, { hold_id, idempotency_key }: { hold_id: string; idempotency_key: string }) =>
    once(account, idempotency_key, () => {
      const held = [...answers.values()].find((each) => (each as { hold_id?: string } | undefined)?.hold_id === hold_id) as { seat_ids: string[] }
      const order_id = `order-${answers.size}`
      truth.orders.push({ orderId: order_id, account, admissionId: `a-${account}`, holdId: hold_id, paidAt: now() })
      const ticket_ids = held.seat_ids.map((seatId, index) => {
        const ticketId = `${order_id}-${index}`
        truth.tickets.push({ ticketId, seatId, orderId: order_id, account })
        return ticketId
      })
      return { order_id, ticket_ids, status: "paid" }
    })

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const account = (request.headers.get("authorization") ?? "").split(" ")[1] ?? ""
      const path = new URL(request.url).pathname
      if (path.endsWith("/join")) return join(account)
      if (path.endsWith("/status")) return status(account)
      if (path.endsWith("/seats")) return Response.json({ seats: freeSeats > 0 ? [{ id: "seat" }] : [] })
      if (path.endsWith("/holds")) return hold(account, (await request.json()) as { quantity: number; idempotency_key: string })
      if (path.endsWith("/checkout")) return checkout(account, (await request.json()) as { hold_id: string; idempotency_key: string })
      if (path.endsWith("/admission")) return new Response(null, { status: 204 })
      return Response.json({ max_tickets_per_user: truth.sale.maxTicketsPerUser })
    },
  })
  const ticking = setInterval(tick, admitEvery)
  return {
    url: `http://127.0.0.1:${server.port}`,
    truth: () => truth,
    close: async () => {
      clearInterval(ticking)
      await server.stop(true)
    },
  }
}
