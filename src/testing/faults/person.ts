import { admissionIdIn } from "./tokens.ts"
import type { Ask, Client } from "./client.ts"
import type { Dice } from "./dice.ts"
import type { Entry } from "./history.ts"
import type { Till } from "./till.ts"
import type { Fan } from "../world.ts"

export type Plan = "buys" | "leaves" | "walks away"

export type Person = {
  fan: Fan
  plan: Plan
  quantity: number
  position?: number
  /** The admission that was told last. */
  token?: string
  hold: { key: string; id?: string }
  checkout: { key: string; isAsked: boolean; order?: string }
}

/** Where somebody lives: the sale, how to ask, and until when. */
export type Place = {
  client: Client
  sale: string
  dice: Dice
  till: Till
  /** Nobody waits any more. */
  isOver: () => boolean
  /** What was begun is left undone. */
  isGivenUp: () => boolean
  giveUp: (entry: Entry) => void
}

export const newPerson = (fan: Fan, dice: Dice): Person => {
  const fate = dice.share()
  return {
    fan,
    plan: fate < 0.08 ? "leaves" : fate < 0.12 ? "walks away" : "buys",
    quantity: dice.share() < 0.7 ? 1 : 2,
    hold: { key: crypto.randomUUID() },
    checkout: { key: crypto.randomUUID(), isAsked: false },
  }
}

/** Joins, waits for the turn, and does what was planned. Each step is repeated with its key until it is answered for good. */
export const live = async (place: Place, person: Person) => {
  if (!(await join(place, person)) || !(await wait(place, person))) return
  if (person.plan === "leaves") return void (await repeated(place, () => leave(place, person)))
  if (!(await hold(place, person)) || person.plan === "walks away") return
  await place.till.pass()
  await pay(place, person)
}

export const askJoin = async ({ client, sale }: Place, person: Person) => {
  const entry = await client.ask({
    operation: "join",
    account: person.fan.userId,
    method: "POST",
    path: `/v1/sales/${sale}/waiting-room/join`,
    authorization: `Bearer ${person.fan.token}`,
  })
  if (entry.outcome === "ok") person.position ??= entry.body.position
  return entry
}

export const askStatus = async ({ client, sale }: Place, person: Person) => {
  const entry = await client.ask({
    operation: "status",
    account: person.fan.userId,
    method: "GET",
    path: `/v1/sales/${sale}/waiting-room/status`,
    authorization: `Bearer ${person.fan.token}`,
  })
  person.token = entry.body.admission_token ?? person.token
  return entry
}

export const askCheckout = async (place: Place, person: Person) => {
  person.checkout.isAsked = true
  const entry = await place.client.ask({
    ...shopping(person),
    operation: "checkout",
    key: person.checkout.key,
    method: "POST",
    path: `/v1/sales/${place.sale}/checkout`,
    body: { hold_id: person.hold.id, idempotency_key: person.checkout.key },
  })
  person.checkout.order ??= entry.body.order_id
  return entry
}

const askHold = (place: Place, person: Person) =>
  place.client.ask({
    ...shopping(person),
    operation: "hold",
    key: person.hold.key,
    method: "POST",
    path: `/v1/sales/${place.sale}/holds`,
    body: { quantity: person.quantity, idempotency_key: person.hold.key },
  })

const leave = (place: Place, person: Person) =>
  place.client.ask({
    ...shopping(person),
    operation: "leave",
    method: "DELETE",
    path: `/v1/sales/${place.sale}/admission`,
  })

const shopping = ({ fan, token }: Person): Pick<Ask, "account" | "authorization"> => ({
  account: fan.userId,
  authorization: `Admission ${token}`,
})

const join = async (place: Place, person: Person) =>
  (await repeated(place, () => askJoin(place, person))).outcome === "ok"

const wait = async (place: Place, person: Person) => {
  while (!place.isOver()) {
    const { outcome, body } = await askStatus(place, person)
    if (outcome === "ok" && body.admitted) return true
    await Bun.sleep(Math.min(pollMsMax, body.retry_after_ms ?? 1000))
  }
  return false
}

const hold = async (place: Place, person: Person) => {
  const entry = await repeated(place, () => withFreshAdmission(place, person, () => askHold(place, person)))
  person.hold.id = entry.body.hold_id
  return entry.outcome === "ok"
}

const pay = (place: Place, person: Person) =>
  repeated(place, () => withFreshAdmission(place, person, () => askCheckout(place, person)))

/** An outage moves the end of an admission: the waiting room tells the new one. */
const withFreshAdmission = async (place: Place, person: Person, ask: () => Promise<Entry>) => {
  const entry = await ask()
  if (entry.status !== 401) return entry
  const before = person.token
  const { body } = await askStatus(place, person)
  const isNew = body.admission_token !== undefined && body.admission_token !== before
  return isNew && admissionIdIn(body.admission_token!) === admissionIdIn(before!) ? ask() : entry
}

export const repeated = async (place: Place, ask: () => Promise<Entry>): Promise<Entry> => {
  for (;;) {
    const entry = await ask()
    if (entry.outcome === "ok" || isRefusal(entry)) return entry
    if (place.isGivenUp()) {
      place.giveUp(entry)
      return entry
    }
    await Bun.sleep(place.dice.between(250, 500))
  }
}

/** A refusal for good: 4xx, but for what is still running and what came too often. */
export const isRefusal = ({ outcome, status, body }: Entry) =>
  outcome === "fail" && status !== 429 && body.code !== "idempotency_running"

const pollMsMax = 4000
