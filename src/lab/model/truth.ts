import { millis, type EpochMs, type Millis } from "../../units.ts"

/** What the stores say of one sale after the run. Ids are plain text here: the audit trusts nothing. */
export type ServerTruth = {
  sale: {
    totalSeats: number
    admitPerMinute: number
    shopperCapacity: number
    maxTicketsPerUser: number
    callWindow: Millis
  }
  entries: TruthEntry[]
  gaps: { from: number; to: number }[]
  /** The same as `entries` as Redis has it, when Redis was asked. */
  roomEntries?: TruthEntry[]
  calls: TruthCall[]
  /** What the room was set to, oldest first; none of a sale without a history. */
  settings: TruthSettings[]
  /** What one account might have, oldest first. */
  caps: TruthCap[]
  admissions: TruthAdmission[]
  seats: number
  tickets: { ticketId: string; seatId: string; orderId: string; account: string }[]
  holds: TruthHold[]
  orders: {
    orderId: string
    account: string
    admissionId: string
    holdId: string
    amountCents: number
    paidAt: EpochMs
  }[]
  payments: { paymentId: string; orderId: string; amountCents: number }[]
  /** Until when holds that had expired must have been seen: now where a server runs, else its last sweep. */
  sweptUntil: EpochMs
}

/** `live`: neither released nor paid. `seatsKept` are the seats that still count as held by it. */
export type TruthHold = {
  holdId: string
  account: string
  admissionId: string
  live: boolean
  seats: number
  seatsKept: number
  takenAt: EpochMs
  /** Moved on by an outage. */
  expiresAt: EpochMs
  releasedAt?: EpochMs
}

export type TruthEntry = { account: string; position: number; joinedAt: EpochMs }
/** `again`: somebody behind now_serving who had missed the turn or come back. A rebuilt room is of a later `generation`. */
export type TruthCall = {
  from: number
  to: number
  again: boolean
  generation: number
  /** Its place in the stream of its generation, where changes of settings have theirs. */
  entryId: string
  calledAt: EpochMs
}
/** `assumed`: nobody wrote them down then; they are those of the day on which the history began. */
export type TruthSettings = {
  generation: number
  entryId: string
  since: EpochMs
  admitPerMinute: number
  shopperCapacity: number
  callWindow: Millis
  paused: boolean
  closed: boolean
  assumed: boolean
}
export type TruthCap = { since: EpochMs; maxTicketsPerUser: number; assumed: boolean }
export type TruthAdmission = {
  admissionId: string
  account: string
  position: number
  grantedAt: EpochMs
  endsAt: EpochMs
  finishedAt?: EpochMs
}

/** The scheduler's clock and the one of the desk are compared with this much patience. */
export const writingTime = millis(2000)

export const countsOf = ({ entries, admissions, tickets }: ServerTruth) => ({
  joined: entries.length,
  admissions: admissions.length,
  tickets_sold: tickets.length,
})
