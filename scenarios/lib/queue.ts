import { sleep } from "k6"
import http from "k6/http"
import { expecting, noteFailure, wordOf, type Answer, type Answered, type Expected } from "./answers.ts"
import { travelBack, travelThere } from "./distance.ts"
import { note } from "./history.ts"
import { done, positionChanges, positionsCompared, refusals } from "./metrics.ts"
import { phaseOf, secondsBetween, type Person } from "./person.ts"
import { settings } from "./settings.ts"

export let room = `${settings.base_url}/v1/sales/${settings.sale_id}/waiting-room`
export const queueAt = (saleId: string) => {
  room = `${settings.base_url}/v1/sales/${saleId}/waiting-room`
}
type Manner = {
  /** Open a new connection, as a phone that lost the network does. */ reconnect?: boolean
  /** In as many tabs at once. */ tabs?: number
}

const nameOf = ({ reconnect, tabs = 1 }: Manner) => {
  if (reconnect) return "reconnect"
  return tabs > 1 ? "tabs" : "plain"
}

/** 403: the sale has ended or is sold out. 429: told to slow down. 503: no more room, where that is on trial. */
const joinStatuses = expecting(200, 201, 403, 429, ...(settings.room_too_small ? [503] : []))
const pollStatuses = expecting(200, 429)

export const join = (person: Person, manner: Manner = {}): boolean => {
  const answers = ask("POST", "join", person, joinStatuses, manner)
  for (const { answer, sent, received } of answers) {
    const position = acknowledged(answer)
    note({
      op: "join",
      account: person.account,
      sent,
      received,
      status: answer.status,
      position,
      ...(person.wave === 2 ? { wave: 2 } : {}),
    })
    if (position === undefined) {
      refusals.add(1, { why: wordOf(answer) })
      person.turnedAway ||= answer.status === 403
    } else {
      const again = person.position === undefined ? "no" : "yes"
      done.add(1, { step: "join", wave: String(person.wave), again, manner: nameOf(manner) })
      person.receipt ??= (answer.json() as { receipt?: string }).receipt
      compare(person, position, sent, received)
    }
  }
  return person.position !== undefined
}

/** Tries three times in all, unless the sale takes nobody any more. */
export const joinPatiently = (person: Person, manner: Manner = {}): boolean => {
  for (let attempt = 1; ; attempt++) {
    if (join(person, manner)) return true
    if (attempt === 3 || person.turnedAway) return false
    sleep(secondsBetween(person, 1, 2))
  }
}

/** `retryAfter`: when the sale would like to be asked again, in ms. */
export type Turn = { state: "admitted" | "waiting" | "unknown"; retryAfter: number }

export const poll = (person: Person, manner: Manner = {}): Turn => {
  let turn: Turn = { state: "unknown", retryAfter: 1000 }
  for (const { answer, sent, received } of ask("GET", "status", person, pollStatuses, manner)) {
    person.polls++
    if (answer.status === 404 && person.position !== undefined)
      note({ op: "forgotten", account: person.account, sent, received, position: person.position })
    if (answer.status === 429) refusals.add(1, { why: "slow_down" })
    if (answer.status !== 200) continue
    done.add(1, { step: "status", manner: nameOf(manner) })
    const said = answer.json() as {
      position: number
      admitted: boolean
      admission_token?: string
      admission_expires_at?: string
      retry_after_ms?: number
    }
    compare(person, said.position, sent, received)
    if (said.admitted && said.admission_token) {
      turn = { state: "admitted", retryAfter: said.retry_after_ms ?? 1000 }
      if (!person.admission) {
        note({
          op: "admitted",
          account: person.account,
          sent,
          received,
          position: said.position,
          waiting_sent: person.waitingSent,
        })
        done.add(1, { step: "admission" })
      }
      person.admission = { token: said.admission_token, endsAt: Date.parse(said.admission_expires_at ?? "") }
    } else if (turn.state !== "admitted") {
      if (!person.admission) person.waitingSent = sent
      turn = { state: "waiting", retryAfter: said.retry_after_ms ?? 1000 }
    }
  }
  return turn
}

/** What everybody may see; a page that is left open asks for no more than this. */
export const lookAtBoard = (person: Person) => {
  http.get(`${room}/board`, { tags: { name: "board", step: "board", phase: phaseOf(person) }, timeout: "10s" })
}

export const leave = (person: Person) =>
  note({
    op: "left",
    account: person.account,
    at: Date.now(),
    position: person.position,
    admitted: person.admission !== undefined,
    polls: person.polls,
    waiting_sent: person.waitingSent,
  })

export const compare = (person: Person, position: number, sent: number, received: number) => {
  if (person.position !== undefined) {
    positionsCompared.add(1)
    if (person.position !== position) {
      positionChanges.add(1)
      note({ op: "moved", account: person.account, sent, received, from: person.position, to: position })
    }
  }
  person.position ??= position
}

const ask = (
  method: "GET" | "POST",
  step: "join" | "status",
  person: Person,
  expected: Expected,
  { reconnect, tabs = 1 }: Manner,
): Answered[] => {
  const url = `${room}/${step}`
  const params = {
    headers: { Authorization: `Bearer ${person.token}`, ...(reconnect ? { Connection: "close" } : {}) },
    responseCallback: expected.callback,
    responseType: "text" as const,
    tags: { name: step, step, phase: phaseOf(person) },
    timeout: "10s",
  }
  travelThere(person)
  const sent = Date.now()
  const answers =
    tabs === 1
      ? [http.request(method, url, null, params)]
      : (http.batch(Array.from({ length: tabs }, () => ({ method, url, params }))) as Answer[])
  const received = Date.now()
  travelBack(person)
  const answered = answers.map((answer) => ({ answer, sent, received }))
  for (const each of answered) noteFailure(person, step, expected, each)
  return answered
}

const acknowledged = (answer: Answer) => {
  if (answer.status !== 200 && answer.status !== 201) return undefined
  return (answer.json() as { position: number }).position
}
