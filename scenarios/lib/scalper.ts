import { sleep } from "k6"
import http from "k6/http"
import { expecting, noteFailure, wordOf, type Answer, type Expected } from "./answers.ts"
import { tryIn } from "./attempt.ts"
import { note } from "./history.ts"
import { done, refusals, type Step } from "./metrics.ts"
import { neighbourOf, phaseOf, secondsBetween, type Person } from "./person.ts"
import { settings } from "./settings.ts"
import { allowedInSale, leaveShop, sale } from "./shop.ts"

/** All of them pay with the same few cards, from the same device. */
const cards = ["4000-0000-0000-0001", "4000-0000-0000-0002", "4000-0000-0000-0003"]
const device = "Mozilla/5.0 (X11; Linux x86_64) SeatGrabber/3.1"

const held = expecting(200, 403, 409, 429)
const paid = expecting(200, 403, 409, 410, 429)

export const scalperKinds = ["transfer", "resell"] as const

export const scalp = (person: Person) => {
  person.finished = true
  const cap = allowedInSale()
  const tooMany = take(person, cap + 1, "over-cap")
  const most = tooMany ?? takeMost(person, cap)
  const more = take(person, cap, "again")
  if (more !== undefined && most !== undefined) refusals.add(1, { why: "two_holds" })
  if (most === undefined) return leaveShop(person)
  transfer(person, most)
  // Every third only keeps its seats from others for a while.
  if (person.id % 3 === 0) {
    sleep(secondsBetween(person, 1, 3))
    done.add(1, { step: "hoard" })
    return leaveShop(person)
  }
  const bought = pay(person, most)
  if (bought === undefined) return leaveShop(person)
  transfer(person, bought.ticket)
  resell(person, bought)
}

const takeMost = (person: Person, cap: number): string | undefined => {
  for (let quantity = cap; quantity >= 1; quantity--) {
    const hold = take(person, quantity, "most")
    if (hold !== undefined) return hold
    sleep(0.05)
  }
  return undefined
}

const take = (person: Person, quantity: number, name: string): string | undefined => {
  const key = `${name}-${settings.seed}-${person.id}-${quantity}`
  const { answer, sent, received } = post(person, "hold", { quantity, idempotency_key: key }, held)
  if (answer.status !== 200) {
    refusals.add(1, { why: wordOf(answer) })
    return undefined
  }
  done.add(1, { step: "hold" })
  const { hold_id, seat_ids } = answer.json() as { hold_id: string; seat_ids: string[] }
  note({ op: "hold", account: person.account, sent, received, key, hold_id, seat_ids })
  return hold_id
}

type Bought = { order: string; ticket: string }
const pay = (person: Person, hold_id: string): Bought | undefined => {
  const key = `order-${settings.seed}-${person.id}`
  const payment = { card: cards[person.id % cards.length]! }
  const { answer, sent, received } = post(person, "checkout", { hold_id, idempotency_key: key, payment }, paid)
  if (answer.status !== 200) {
    refusals.add(1, { why: "checkout_refused" })
    return undefined
  }
  done.add(1, { step: "checkout" })
  const { order_id, ticket_ids } = answer.json() as { order_id: string; ticket_ids: string[] }
  note({ op: "order", account: person.account, sent, received, key, hold_id, order_id, ticket_ids })
  return { order: order_id, ticket: ticket_ids[0] ?? order_id }
}

const transfer = (person: Person, ticket_id: string) => {
  const to = neighbourOf(person)?.user_id ?? person.account
  tryIn(person, {
    kind: "transfer",
    route: "transfer",
    method: "POST",
    url: `${settings.base_url}/v1/tickets/transfer`,
    body: JSON.stringify({ ticket_id, to_user_id: to }),
    authorization: `Bearer ${person.token}`,
  })
}

const resell = (person: Person, { order, ticket }: Bought) => {
  const customer = neighbourOf(person)
  if (customer === undefined) return
  for (const [route, path] of [
    ["order", `/v1/orders/${order}`],
    ["ticket", `/v1/tickets/${ticket}/qr.svg`],
  ] as const)
    tryIn(person, {
      kind: "resell",
      route,
      method: "GET",
      url: settings.base_url + path,
      body: null,
      authorization: `Bearer ${customer.token}`,
    })
}

const post = (person: Person, step: Step & ("hold" | "checkout"), body: unknown, expected: Expected) => {
  const sent = Date.now()
  const answer: Answer = http.post(`${sale}/${step === "hold" ? "holds" : step}`, JSON.stringify(body), {
    headers: {
      Authorization: `Admission ${person.admission?.token ?? ""}`,
      "Content-Type": "application/json",
      "User-Agent": device,
    },
    responseCallback: expected.callback,
    responseType: "text",
    tags: { name: step, step, phase: phaseOf(person) },
    timeout: "15s",
  })
  const answered = { answer, sent, received: Date.now() }
  noteFailure(person, step, expected, answered)
  return answered
}
