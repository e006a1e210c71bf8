import http from "k6/http"
import { Counter } from "k6/metrics"
import { expecting, noteFailure, type Answer } from "./answers.ts"
import { done, type Step } from "./metrics.ts"
import { phaseOf, type Person } from "./person.ts"
import { room } from "./queue.ts"
import { settings } from "./settings.ts"
import { sale, type Bought } from "./shop.ts"

const pageStatuses = expecting(200)

let eventId: string | undefined

export const readEvents = (person: Person) => void read(person, "events", `${settings.base_url}/v1/events`)

/** Phase, prices and seats left. Answers how many seats there are in all, where the sale tells. */
export const readSale = (person: Person): number | undefined => {
  const answer = read(person, "sale", sale)
  if (answer.status !== 200) return undefined
  const said = answer.json() as { event_id?: string; seats?: { total: number } | null }
  eventId = said.event_id
  return said.seats?.total
}

/** The event of the sale that was read before; all of them for whoever has not. */
export const readEvent = (person: Person) =>
  eventId === undefined ? readEvents(person) : void read(person, "event", `${settings.base_url}/v1/events/${eventId}`)

export const readBoard = (person: Person) => void read(person, "board", `${room}/board`)

/** Orders that were paid and are not among the tickets of whoever paid. */
const missingTickets = new Counter("missing_tickets")
export const ticketThresholds: Record<string, string[]> = {
  "done{step:tickets}": ["count>0"],
  missing_tickets: ["count<1"],
}

export const readTickets = (person: Person, bought?: Bought): boolean => {
  const headers = { Authorization: `Bearer ${person.token}` }
  const answer = read(person, "tickets", `${settings.base_url}/v1/me/tickets`, headers)
  if (answer.status !== 200 || bought === undefined) return false
  const { tickets } = answer.json() as { tickets: { order_id: string }[] }
  const isThere = tickets.some((each) => each.order_id === bought.orderId)
  if (!isThere) missingTickets.add(1)
  return isThere
}

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
