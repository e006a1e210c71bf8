import { sleep } from "k6"
import { SharedArray } from "k6/data"
import exec from "k6/execution"
import { tryIn } from "./attempt.ts"
import { noteSecondSale } from "./history.ts"
import { arrivalLag } from "./metrics.ts"
import type { Person } from "./person.ts"
import { queueAt, room } from "./queue.ts"
import { randomFrom, randomOf } from "./random.ts"
import { settings, testLength } from "./settings.ts"
import { sale, shopAt } from "./shop.ts"

const secondSaleId = settings.second_sale_id ?? ""
const secondRoom = `${settings.base_url}/v1/sales/${secondSaleId}/waiting-room`

/** Who comes as which to the second sale, 0 first: drawn anew, so that it follows from nothing of the first. */
const secondOrder = new SharedArray<number>("second_order", () => {
  const random = randomFrom(settings.seed ^ 0x2a1e)
  const order = Array.from({ length: settings.people }, (_, index) => index)
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[order[last], order[other]] = [order[other]!, order[last]!]
  }
  return order
})

export const tagSale = (number: 1 | 2) => {
  exec.vu.metrics.tags["sale"] = String(number)
}

export const arriveAtSecondSale = (person: Person): Person => {
  const random = randomOf(settings.seed ^ 0x5a1e, person.id)
  const startedAt = person.startedAt + testLength
  const at = startedAt + (settings.ramp_ms * (secondOrder[person.id - 1]! + random())) / settings.people
  const left = at - Date.now()
  if (left > 0) sleep(left / 1000)
  arrivalLag.add(Math.max(0, Date.now() - at))
  tagSale(2)
  noteSecondSale()
  queueAt(secondSaleId)
  shopAt(secondSaleId)
  const { id, account, token } = person
  const leavesAt = startedAt + settings.ramp_ms + settings.steady_ms + settings.down_ms * random()
  return { id, account, token, random, startedAt, leavesAt, wave: 1, finished: false, turnedAway: false, polls: 0 }
}

export const secondSaleKinds = [
  "before_opening",
  "first_sale_place",
  "first_sale_receipt",
  "first_sale_admission",
] as const

/** Joins the second sale while the first still has its time. */
export const joinTooEarly = (person: Person) => {
  if (Date.now() > person.startedAt + testLength - tooClose) return
  const request = { method: "POST", url: `${secondRoom}/join`, body: null, authorization: `Bearer ${person.token}` }
  tryIn(person, { kind: "before_opening", route: "join", ...request })
}
/** The server's clock may be ahead of the plan by a moment, in ms. */
const tooClose = 300

export const tryFirstSale = (person: Person, first: Person) => {
  const bearer = `Bearer ${person.token}`
  tryIn(person, {
    kind: "first_sale_place",
    route: "status",
    method: "GET",
    url: `${room}/status`,
    body: null,
    authorization: bearer,
  })
  if (first.receipt !== undefined)
    tryIn(person, {
      kind: "first_sale_receipt",
      route: "join",
      method: "POST",
      url: `${room}/join`,
      body: JSON.stringify({ receipt: first.receipt }),
      authorization: bearer,
    })
  if (first.admission === undefined) return
  const admission = { kind: "first_sale_admission", authorization: `Admission ${first.admission.token}` } as const
  const idempotency_key = `try-${settings.seed}-${person.id}`
  tryIn(person, { ...admission, route: "seats", method: "GET", url: `${sale}/seats?limit=1`, body: null })
  const holds = JSON.stringify({ quantity: 1, idempotency_key })
  tryIn(person, { ...admission, route: "holds", method: "POST", url: `${sale}/holds`, body: holds })
}
