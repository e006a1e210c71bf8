import { sleep } from "k6"
import http from "k6/http"
import { Counter } from "k6/metrics"
import { expecting, noteFailure, wordOf, type Answer, type Expected } from "./answers.ts"
import { note } from "./history.ts"
import { done } from "./metrics.ts"
import { phaseOf, type Person } from "./person.ts"
import { joinPatiently, poll } from "./queue.ts"
import { settings } from "./settings.ts"
import { allowedInSale, leaveShop, sale } from "./shop.ts"

const tries = new Counter("bot_tries")
/** What scripts are told instead of getting what they ask for; counted apart, for it is as it should be. */
const botRefusals = new Counter("bot_refusals")
const extraHolds = new Counter("extra_holds")
const extraOrders = new Counter("extra_orders")

const botErrors = new Counter("bot_errors")

/** Scripts have to get as far as the checkout, be refused more than once each, and gain nothing by it. */
export const botThresholds: Record<string, string[]> = {
  "bot_tries{at:grab}": ["count>0"],
  "bot_tries{at:pay}": ["count>0"],
  "bot_tries{at:again}": ["count>0"],
  bot_refusals: ["count>0"],
  "done{step:grab}": ["count>0"],
  "done{step:pay}": ["count>0"],
  extra_holds: ["count<1"],
  extra_orders: ["count<1"],
  bot_errors: ["count<1"],
}

const grabStatuses = expecting(200, 403, 409, 429)
const payStatuses = expecting(200, 403, 404, 409, 410, 422, 429)

/** A little more often than an account may. */
const pollEvery = 90
const atOnce = 3
const grabsMax = 4

/** Waits without a pause, takes all it may at once and several times over, pays three times, and tries for more. */
export const hammer = (person: Person) => {
  if (!joinPatiently(person, { tabs: 3 })) return
  while (poll(person).state !== "admitted") {
    if (Date.now() >= person.leavesAt) return
    sleep(pollEvery / 1000)
  }
  person.finished = true
  const held = grabsMost(person)
  if (held === undefined) return leaveShop(person)
  takesAnother(person, held)
  const paid = pays(person, held)
  if (paid) takesAnother(person, held)
}

const grabsMost = (person: Person): string | undefined => {
  const most = allowedInSale()
  for (let round = 0; round < grabsMax; round++) {
    const [first, ...more] = grab(person, "grab", Math.max(1, most - round))
    if (more.length > 0) extraHolds.add(more.length)
    if (first !== undefined) return first
  }
  return undefined
}

const takesAnother = (person: Person, held: string) => {
  const others = grab(person, "again", 1).filter((each) => each !== held)
  if (others.length > 0) extraHolds.add(others.length)
}

const pays = (person: Person, hold_id: string): boolean => {
  const orders = new Set<string>()
  const keys = Array.from({ length: atOnce }, (_, index) => `bot-order-${settings.seed}-${person.id}-${index}`)
  const requests = keys.map((key) => ({ url: `${sale}/checkout`, body: { hold_id, idempotency_key: key } }))
  for (const { answer, sent, received, index } of atOnceBy(person, "pay", requests, payStatuses)) {
    const { order_id, ticket_ids } = answer.json() as { order_id: string; ticket_ids: string[] }
    orders.add(order_id)
    const key = keys[index]!
    note({ op: "order", account: person.account, sent, received, key, hold_id, order_id, ticket_ids })
    done.add(1, { step: "pay" })
  }
  if (orders.size > 1) extraOrders.add(orders.size - 1)
  return orders.size > 0
}

let grabs = 0

/** The holds that came of some requests at the same moment, each with a key of its own. */
const grab = (person: Person, at: "grab" | "again", quantity: number): string[] => {
  const keys = Array.from({ length: atOnce }, () => `bot-hold-${settings.seed}-${person.id}-${++grabs}`)
  const requests = keys.map((key) => ({ url: `${sale}/holds`, body: { quantity, idempotency_key: key } }))
  const holds = new Set<string>()
  for (const { answer, sent, received, index } of atOnceBy(person, at, requests, grabStatuses)) {
    const { hold_id, seat_ids } = answer.json() as { hold_id: string; seat_ids: string[] }
    holds.add(hold_id)
    note({ op: "hold", account: person.account, sent, received, key: keys[index]!, hold_id, seat_ids })
    done.add(1, { step: "grab" })
  }
  return [...holds]
}

const atOnceBy = (
  person: Person,
  at: "grab" | "again" | "pay",
  requests: { url: string; body: Record<string, unknown> }[],
  expected: Expected,
) => {
  const step = at === "pay" ? "pay" : "grab"
  const params = {
    headers: { Authorization: `Admission ${person.admission?.token ?? ""}`, "Content-Type": "application/json" },
    responseCallback: expected.callback,
    responseType: "text" as const,
    tags: { name: step, step, phase: phaseOf(person) },
    timeout: "15s",
  }
  const sent = Date.now()
  const answers = http.batch(
    requests.map(({ url, body }) => ({ method: "POST", url, body: JSON.stringify(body), params })),
  ) as Answer[]
  const received = Date.now()
  tries.add(answers.length, { at })
  return answers.flatMap((answer, index) => {
    noteFailure(person, step, expected, { answer, sent, received })
    if (answer.status >= 500 && answer.status !== 503) botErrors.add(1)
    if (answer.status !== 200) botRefusals.add(1, { why: wordOf(answer) })
    return answer.status === 200 ? [{ answer, sent, received, index }] : []
  })
}
