import { writeFileSync } from "node:fs"
import { epochMs, type EpochMs } from "../../units.ts"

export type Operation = "join" | "status" | "hold" | "checkout" | "leave" | "board"
/** `unknown`: the answer does not say whether it had an effect. */
export type Outcome = "ok" | "fail" | "unknown"

/** What the answers used here may say. */
export type Body = Readonly<{
  position?: number
  receipt?: string
  admitted?: boolean
  admission_token?: string
  retry_after_ms?: number
  now_serving?: number
  hold_id?: string
  order_id?: string
  ticket_ids?: string[]
  code?: string
  detail?: string
}>

export type Entry = Readonly<{
  operation: Operation
  /** Empty for what anybody may ask. */
  account: string
  /** What makes a repetition the same request. */
  key: string
  asked: EpochMs
  answered: EpochMs
  outcome: Outcome
  /** 0: no answer came. */
  status: number
  retryAfter: string | null
  body: Body
}>

export type History = ReturnType<typeof openHistory>

/** Everything that people asked and were told, in the order of the answers. Nothing is changed or taken away. */
export const openHistory = () => {
  const entries: Entry[] = []
  return {
    entries: entries as readonly Entry[],
    note: (entry: Entry) => void entries.push(Object.freeze(entry)),
    write: (path: string) => writeFileSync(path, entries.map((each) => `${JSON.stringify(each)}\n`).join("")),
  }
}

/** Wall time that no step of the wall clock moves. */
export const now = (): EpochMs => epochMs(performance.timeOrigin + performance.now())

/** Neither 2xx, nor 4xx, nor 503 with Retry-After. An answer that never came is not odd. */
export const isOddEntry = ({ status, retryAfter }: Entry) =>
  status !== 0 &&
  !((status >= 200 && status < 300) || (status >= 400 && status < 500) || (status === 503 && Number(retryAfter) > 0))
