import type { NotedLine } from "../../../scenarios/lib/history.ts"
import { epochMs, type EpochMs } from "../../units.ts"

/** A request as the client saw it; the server acted somewhere between the two moments. */
export type Span = { account: string; sent: EpochMs; received: EpochMs }
export type ClientJoin = Span & { status: number; position?: number; /** 2: came after the ramp. */ wave?: number }
export type ClientMove = Span & { from: number; to: number }
export type ClientAdmission = Span & { position: number; waitingSent?: EpochMs }
/** A stream of events until it was cut; `positions` are those that it told. */
export type ClientStream = Span & { status: number; positions: number[] }
export type ClientAttempt = Span & { kind: string; route: string; status: number }
export type ClientHold = Span & { key: string; holdId: string; seatIds: string[] }
export type ClientOrder = Span & { key: string; holdId: string; orderId: string; ticketIds: string[] }
/** An answer that does not belong to the step. Status 0: none came. */
export type ClientFailure = Span & { step: string; status: number; why: string }
export type ClientCame = { account: string; at: EpochMs; group: string }
export type ClientLeft = {
  account: string
  at: EpochMs
  position?: number
  admitted: boolean
  waitingSent?: EpochMs
  polls: number
}

export type History = {
  joins: ClientJoin[]
  moves: ClientMove[]
  /** Status said 404 to an account whose join had been acknowledged. */
  forgotten: (Span & { position: number })[]
  admissions: ClientAdmission[]
  streams: ClientStream[]
  attempts: ClientAttempt[]
  holds: ClientHold[]
  orders: ClientOrder[]
  failures: ClientFailure[]
  came: ClientCame[]
  left: ClientLeft[]
  /** Lines that were no record of ours, such as an exception of the script. */
  strange: string[]
}

export const emptyHistory = (): History => ({
  joins: [],
  moves: [],
  forgotten: [],
  admissions: [],
  streams: [],
  attempts: [],
  holds: [],
  orders: [],
  failures: [],
  came: [],
  left: [],
  strange: [],
})

export const joinHistories = (...histories: History[]): History => {
  const joined = emptyHistory()
  for (const each of histories)
    for (const name of Object.keys(joined) as (keyof History)[])
      joined[name] = (joined[name] as unknown[]).concat(each[name]) as never
  return joined
}

/**
 * Reads the console log of k6: JSON lines whose `msg` is a line of scenarios/lib/history.ts.
 * `sale`: where people go to a second sale, the lines of that one say so.
 */
export const parseHistory = (text: string, sale: 1 | 2 = 1): History => {
  const history = emptyHistory()
  for (const line of text.split("\n")) {
    if (line === "") continue
    const record = recordIn(line)
    if (record === undefined) {
      if (history.strange.length < strangeKept) history.strange.push(line.slice(0, 500))
    } else if ((record.sale ?? 1) === sale) add(history, record)
  }
  return history
}

const strangeKept = 20

const recordIn = (line: string): NotedLine | undefined => {
  try {
    const record = JSON.parse((JSON.parse(line) as { msg: string }).msg) as NotedLine
    return typeof record.op === "string" ? record : undefined
  } catch {
    return undefined
  }
}

const add = (history: History, line: NotedLine) => {
  const { account } = line
  switch (line.op) {
    case "join":
      return history.joins.push({ ...spanOf(line), status: line.status, position: line.position, wave: line.wave })
    case "moved":
      return history.moves.push({ ...spanOf(line), from: line.from, to: line.to })
    case "forgotten":
      return history.forgotten.push({ ...spanOf(line), position: line.position })
    case "admitted":
      return history.admissions.push({
        ...spanOf(line),
        position: line.position,
        waitingSent: momentOf(line.waiting_sent),
      })
    case "stream":
      return history.streams.push({ ...spanOf(line), status: line.status, positions: line.positions })
    case "attempt":
      return history.attempts.push({ ...spanOf(line), kind: line.kind, route: line.route, status: line.status })
    case "hold":
      return history.holds.push({ ...spanOf(line), key: line.key, holdId: line.hold_id, seatIds: line.seat_ids })
    case "order":
      return history.orders.push({
        ...spanOf(line),
        key: line.key,
        holdId: line.hold_id,
        orderId: line.order_id,
        ticketIds: line.ticket_ids,
      })
    case "failed":
      return history.failures.push({ ...spanOf(line), step: line.step, status: line.status, why: line.why })
    case "came":
      return history.came.push({ account, at: epochMs(line.at), group: line.group })
    case "left":
      return history.left.push({
        account,
        at: epochMs(line.at),
        position: line.position,
        admitted: line.admitted,
        waitingSent: momentOf(line.waiting_sent),
        polls: line.polls,
      })
    default:
      return history.strange.push(JSON.stringify(line).slice(0, 500))
  }
}

const spanOf = ({ account, sent, received }: { account: string; sent: number; received: number }): Span => ({
  account,
  sent: epochMs(sent),
  received: epochMs(received),
})
const momentOf = (ms: number | undefined) => (ms === undefined ? undefined : epochMs(ms))
