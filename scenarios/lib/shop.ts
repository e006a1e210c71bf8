import { sleep } from "k6"
import http from "k6/http"
import { expecting, noteFailure, wordOf, type Answer, type Answered, type Expected } from "./answers.ts"
import { travelBack, travelThere } from "./distance.ts"
import { note } from "./history.ts"
import { done, refusals, type Step } from "./metrics.ts"
import { phaseOf, secondsBetween, type Person } from "./person.ts"
import { settings } from "./settings.ts"

export let sale = `${settings.base_url}/v1/sales/${settings.sale_id}`
export const shopAt = (saleId: string) => {
  sale = `${settings.base_url}/v1/sales/${saleId}`
}
const seatStatuses = expecting(200)
/** 409: somebody else was quicker. */
const holdStatuses = expecting(200, 409)
/** 403: over the limit of one account, which is what greedy people are to be told. */
const greedyStatuses = expecting(200, 403, 409)
const leaveStatuses = expecting(204)
/** 409: the same request is still running in the other tab. 410: too late. */
const checkoutStatuses = expecting(200, 409, 410)

export type Bought = { holdId: string; orderId: string }

/**
 * Looks at seats, holds one or two and pays. A tenth press each button twice, a twentieth try for more than the sale allows.
 * The order, when it came to one: the admission is finished then.
 */
export const shop = (person: Person): Bought | undefined => {
  person.finished = true
  sleep(secondsBetween(person, 0.1, 0.5))
  const held = looksAtSeats(person) ? takesSeats(person) : undefined
  if (held === undefined) return leaveShop(person)
  sleep(secondsBetween(person, 0.2, 1))
  return paysFor(person, held) ?? leaveShop(person)
}

export const lookAround = (person: Person) => {
  person.finished = true
  looksAtSeats(person)
  sleep(secondsBetween(person, 0.2, 1))
  leaveShop(person)
}

/** A checkout that the sale could not take now is repeated with the same key, three times in all. */
const paysFor = (person: Person, held: string): Bought | undefined => {
  for (let attempt = 1; ; attempt++) {
    const orderId = checkout(person, held, isImpatient(person))
    if (orderId !== undefined) return { holdId: held, orderId }
    if (attempt === 3) return undefined
    sleep(secondsBetween(person, 1, 2))
  }
}

const isImpatient = ({ id }: Person) => id % 10 === 3
const isGreedy = ({ id }: Person) => id % 20 === 7

const takesSeats = (person: Person) => {
  if (isGreedy(person)) {
    const tooMany = hold(person, allowedInSale() + 1, false, greedyStatuses)
    if (tooMany !== undefined) return tooMany
  }
  const wanted = person.random() < 0.5 ? 1 : 2
  const held = hold(person, wanted, isImpatient(person))
  return held ?? (wanted > 1 ? hold(person, 1, isImpatient(person)) : undefined)
}

export const allowedInSale = () => {
  const answer = http.get(sale, { responseType: "text", tags: { name: "sale", step: "sale" }, timeout: "10s" })
  return answer.status === 200 ? (answer.json() as { max_tickets_per_user: number }).max_tickets_per_user : 4
}

export const leaveShop = (person: Person): undefined => {
  once(person, "leave", leaveStatuses, (params) => http.del(`${sale}/admission`, null, params))
}

const looksAtSeats = (person: Person) => {
  const { answer } = once(person, "seats", seatStatuses, (params) => http.get(`${sale}/seats?limit=20`, params))
  if (answer.status !== 200) return false
  done.add(1, { step: "seats" })
  const { seats } = answer.json() as { seats: unknown[] }
  if (seats.length === 0) refusals.add(1, { why: "sold_out" })
  person.foundNoSeat = seats.length === 0
  return seats.length > 0
}

type Held = { hold_id: string; seat_ids: string[] }
const hold = (
  person: Person,
  quantity: number,
  twice: boolean,
  statuses: Expected = holdStatuses,
): string | undefined => {
  const key = `hold-${settings.seed}-${person.id}-${quantity}`
  let held: Held | undefined
  for (const { answer, sent, received } of send(
    person,
    "hold",
    `${sale}/holds`,
    { quantity, idempotency_key: key },
    statuses,
    twice,
  )) {
    if (answer.status !== 200) {
      refusals.add(1, { why: wordOf(answer) })
      person.foundNoSeat ||= answer.status === 409 && wordOf(answer) === "unavailable"
      continue
    }
    done.add(1, { step: "hold" })
    person.foundNoSeat = false
    held = answer.json() as Held
    note({ op: "hold", account: person.account, sent, received, key, hold_id: held.hold_id, seat_ids: held.seat_ids })
  }
  return held?.hold_id
}

type Paid = { order_id: string; ticket_ids: string[] }
const checkout = (person: Person, hold_id: string, twice: boolean): string | undefined => {
  let paid: string | undefined
  const key = `order-${settings.seed}-${person.id}`
  for (const { answer, sent, received } of send(
    person,
    "checkout",
    `${sale}/checkout`,
    { hold_id, idempotency_key: key },
    checkoutStatuses,
    twice,
  )) {
    if (answer.status !== 200) {
      refusals.add(1, { why: "checkout_refused" })
      continue
    }
    done.add(1, { step: "checkout" })
    const { order_id, ticket_ids } = answer.json() as Paid
    paid = order_id
    note({ op: "order", account: person.account, sent, received, key, hold_id, order_id, ticket_ids })
  }
  return paid
}

const send = (
  person: Person,
  step: Step,
  url: string,
  body: Record<string, unknown>,
  expected: Expected,
  twice: boolean,
): Answered[] => {
  const text = JSON.stringify(body)
  if (!twice) return [once(person, step, expected, (params) => http.post(url, text, params))]
  travelThere(person)
  const request = { method: "POST", url, body: text, params: paramsOf(person, step, expected) }
  const sent = Date.now()
  const answers = http.batch([request, request]) as Answer[]
  const received = Date.now()
  travelBack(person)
  const answered = answers.map((answer) => ({ answer, sent, received }))
  for (const each of answered) noteFailure(person, step, expected, each)
  return answered
}

const once = (
  person: Person,
  step: Step | "leave",
  expected: Expected,
  request: (params: ReturnType<typeof paramsOf>) => Answer,
): Answered => {
  travelThere(person)
  const sent = Date.now()
  const answered = { answer: request(paramsOf(person, step, expected)), sent, received: Date.now() }
  travelBack(person)
  noteFailure(person, step, expected, answered)
  return answered
}

const paramsOf = (person: Person, step: Step | "leave", { callback }: Expected) => ({
  headers: { Authorization: `Admission ${person.admission?.token ?? ""}`, "Content-Type": "application/json" },
  responseCallback: callback,
  responseType: "text" as const,
  tags: { name: step, step, phase: phaseOf(person) },
  timeout: "15s",
})
