import type { Millis } from "../../units.ts"
import { now, type Body, type Entry, type History, type Operation, type Outcome } from "./history.ts"

export type Ask = {
  operation: Operation
  account?: string
  key?: string
  method: string
  path: string
  authorization?: string
  body?: unknown
}

export type Client = ReturnType<typeof openClient>

/** Asks over HTTP and notes everything down. Whoever has waited for `patience` hangs up and does not know. */
export const openClient = ({ url, history, patience }: { url: string; history: History; patience: Millis }) => {
  const underWay = new Map<Operation, number>()
  const latest = new Map<Operation, number>()
  return {
    underWay: (operation: Operation) => underWay.get(operation) ?? 0,
    /** When the latest request was sent that has been answered well. */
    latest: (operation: Operation) => latest.get(operation) ?? 0,
    ask: async (ask: Ask): Promise<Entry> => {
      const { operation, account = "", key = account } = ask
      const asked = now()
      underWay.set(operation, (underWay.get(operation) ?? 0) + 1)
      const answer = await answerTo(url, ask, patience)
      underWay.set(operation, underWay.get(operation)! - 1)
      const entry = { operation, account, key, asked, answered: now(), ...answer }
      if (entry.outcome === "ok") latest.set(operation, Math.max(latest.get(operation) ?? 0, asked))
      history.note(entry)
      return entry
    },
  }
}

type Told = Pick<Entry, "outcome" | "status" | "retryAfter" | "body">

const answerTo = async (url: string, { method, path, authorization, body }: Ask, patience: Millis): Promise<Told> => {
  try {
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(authorization && { authorization }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    })
    const text = await answer.text()
    const told = { status: answer.status, retryAfter: answer.headers.get("retry-after"), body: bodyIn(text) }
    return { ...told, outcome: outcomeOf(told.status) }
  } catch {
    return { outcome: "unknown", status: 0, retryAfter: null, body: {} }
  }
}

const outcomeOf = (status: number): Outcome =>
  status >= 200 && status < 300 ? "ok" : status >= 400 && status < 500 ? "fail" : "unknown"

const bodyIn = (text: string): Body => {
  try {
    return JSON.parse(text) as Body
  } catch {
    return text === "" ? {} : { detail: text.slice(0, 200) }
  }
}
