import { epochMs, millis, minutes, type EpochMs } from "../../units.ts"
import { emptyHistory, type History } from "../../lab/model/history.ts"
import type { ServerTruth } from "../../lab/model/truth.ts"

const opening = epochMs(1_800_000_000_000)
export const at = (ms: number): EpochMs => epochMs(opening + ms)

/** Three people who came, the last of them late, tried the door, bought one seat each and were told the truth: every check passes. */
export const goodRun = (): { history: History; truth: ServerTruth } => {
  const history = emptyHistory()
  const truth: ServerTruth = {
    sale: { totalSeats: 10, admitPerMinute: 60, shopperCapacity: 2, maxTicketsPerUser: 2, callWindow: minutes(2) },
    seats: 10,
    gaps: [],
    entries: [],
    roomEntries: [],
    calls: [],
    settings: [],
    caps: [],
    admissions: [],
    tickets: [],
    holds: [],
    orders: [],
    payments: [],
    sweptUntil: at(20_000),
  }
  for (const [index, account] of ["ada", "bob", "cyd"].entries()) {
    const position = index + 1
    const joined = position * 100
    const called = position * 1000
    const wave = account === "cyd" ? { wave: 2 } : {}
    const span = (from: number) => ({ account, sent: at(from), received: at(from + millis(10)) })
    history.joins.push(
      { ...span(joined), status: 201, position, ...wave },
      { ...span(joined + 50), status: 200, position, ...wave },
    )
    history.streams.push({ ...span(joined + 20), status: 0, positions: [position] })
    history.attempts.push({ ...span(joined + 30), kind: "account_token", route: "seats", status: 403 })
    history.admissions.push({ ...span(called + 100), position, waitingSent: at(called - 100) })
    history.holds.push({ ...span(called + 200), key: "h", holdId: `hold-${account}`, seatIds: [`seat-${account}`] })
    history.orders.push({
      ...span(called + 300),
      key: "o",
      holdId: `hold-${account}`,
      orderId: `order-${account}`,
      ticketIds: [`ticket-${account}`],
    })
    truth.entries.push({ account, position, joinedAt: at(joined + 5) })
    truth.calls.push({
      from: position,
      to: position,
      again: false,
      generation: 1,
      entryId: `${position}-0`,
      calledAt: at(called),
    })
    truth.admissions.push({
      admissionId: `admission-${account}`,
      account,
      position,
      grantedAt: at(called + 105),
      endsAt: at(called + 600_000),
      finishedAt: at(called + 310),
    })
    truth.holds.push({
      holdId: `hold-${account}`,
      account,
      admissionId: `admission-${account}`,
      live: false,
      seats: 1,
      seatsKept: 0,
      takenAt: at(called + 205),
      expiresAt: at(called + 300_205),
    })
    truth.orders.push({
      orderId: `order-${account}`,
      account,
      admissionId: `admission-${account}`,
      holdId: `hold-${account}`,
      amountCents: 6500,
      paidAt: at(called + 305),
    })
    truth.payments.push({ paymentId: `payment-${account}`, orderId: `order-${account}`, amountCents: 6500 })
    truth.tickets.push({
      ticketId: `ticket-${account}`,
      seatId: `seat-${account}`,
      orderId: `order-${account}`,
      account,
    })
  }
  truth.roomEntries = [...truth.entries]
  return { history, truth }
}
