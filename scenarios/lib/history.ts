/**
 * The client's own record of what the server acknowledged, one JSON line each, judged after the run.
 * `sent` and `received` are ms of the machine's clock; `account` is whose request it was.
 */
export type HistoryLine =
  | { op: "came"; account: string; at: number; group: string }
  | { op: "join"; account: string; sent: number; received: number; status: number; position?: number; wave?: number }
  | { op: "moved"; account: string; sent: number; received: number; from: number; to: number }
  | { op: "forgotten"; account: string; sent: number; received: number; position: number }
  | { op: "admitted"; account: string; sent: number; received: number; position: number; waiting_sent?: number }
  | { op: "stream"; account: string; sent: number; received: number; status: number; positions: number[] }
  | { op: "attempt"; account: string; sent: number; received: number; kind: string; route: string; status: number }
  | { op: "hold"; account: string; sent: number; received: number; key: string; hold_id: string; seat_ids: string[] }
  | {
      op: "order"
      account: string
      sent: number
      received: number
      key: string
      hold_id: string
      order_id: string
      ticket_ids: string[]
    }
  | { op: "failed"; account: string; sent: number; received: number; step: string; status: number; why: string }
  | {
      op: "left"
      account: string
      at: number
      position?: number
      admitted: boolean
      waiting_sent?: number
      polls: number
    }

/** A line as it is written: `sale` is there where it is about the second one. */
export type NotedLine = HistoryLine & { sale?: 2 }

declare const console: { log(line: string): void }

let where: Pick<NotedLine, "sale"> = {}
export const noteSecondSale = () => {
  where = { sale: 2 }
}

export const note = (line: HistoryLine) => console.log(JSON.stringify({ ...line, ...where } satisfies NotedLine))
