import http from "k6/http"
import { expecting, noteFailure, type Answer } from "./answers.ts"
import { done, type Step } from "./metrics.ts"
import { phaseOf, type Person } from "./person.ts"
import { room } from "./queue.ts"
import { settings } from "./settings.ts"
import { sale } from "./shop.ts"

const pageStatuses = expecting(200)

/** The event is named by the sale's page; each person learns it there. */
let eventId: string | undefined

export const readEvents = (person: Person) => void read(person, "events", `${settings.base_url}/v1/events`)

/** Phase, prices and seats left. */
export const readSale = (person: Person) => {
  const answer = read(person, "sale", sale)
  if (answer.status === 200) eventId = (answer.json() as { event_id?: string }).event_id
}

/** The event of the sale that was read before; all of them for whoever has not. */
export const readEvent = (person: Person) =>
  eventId === undefined ? readEvents(person) : void read(person, "event", `${settings.base_url}/v1/events/${eventId}`)

export const readBoard = (person: Person) => void read(person, "board", `${room}/board`)

/** One's own tickets: only for people who are signed in. */
export const readTickets = (person: Person) =>
  void read(person, "tickets", `${settings.base_url}/v1/me/tickets`, { Authorization: `Bearer ${person.token}` })

const read = (person: Person, step: Step, url: string, headers: Record<string, string> = {}): Answer => {
  const sent = Date.now()
  const answer = http.get(url, {
    headers,
    responseCallback: pageStatuses.callback,
    responseType: "text",
    tags: { name: step, step, phase: phaseOf(person) },
    timeout: "10s",
  })
  noteFailure(person, step, pageStatuses, { answer, sent, received: Date.now() })
  if (answer.status === 200) done.add(1, { step })
  return answer
}
