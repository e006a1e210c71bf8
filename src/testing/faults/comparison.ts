import { firstComeFirstServed } from "../../lab/audit/joins.ts"
import { emptyHistory } from "../../lab/model/history.ts"
import type { ServerTruth, TruthAdmission } from "../../lab/model/truth.ts"
import { admissionIdIn } from "./tokens.ts"
import { isOddEntry, type Entry } from "./history.ts"

/** What must never be, each case in words. */
export const columns = ["lost", "moved", "twice", "unknownOrders", "calledTwice", "sums", "other"] as const
export type Column = (typeof columns)[number]
export type Findings = { acknowledged: number } & Record<Column, string[]>

export const nothingFound = (): Findings => ({
  acknowledged: 0,
  lost: [],
  moved: [],
  twice: [],
  unknownOrders: [],
  calledTwice: [],
  sums: [],
  other: [],
})

/** What people were told, held against what the stores have. `sums` are the broken rules of the seats and the money. */
export const compare = (entries: readonly Entry[], truth: ServerTruth, sums: string[]): Findings => {
  const acknowledged = acknowledgedIn(entries)
  return {
    acknowledged: acknowledged.size,
    lost: [
      ...lostPlaces(acknowledged, truth),
      ...forgotten(entries, acknowledged),
      ...lostGoods(entries, truth),
      ...lostAdmissions(entries, truth),
    ],
    moved: [...movedPlaces(entries, acknowledged, truth), ...overtaken(entries)],
    twice: givenTwice(acknowledged, truth),
    unknownOrders: unknownOrders(entries, truth),
    calledTwice: calledTwice(truth),
    sums,
    other: [...odd(entries), ...refused(entries)],
  }
}

type Acknowledged = Map<string, { position: number; answered: number }>

const acknowledgedIn = (entries: readonly Entry[]): Acknowledged => {
  const found: Acknowledged = new Map()
  for (const { operation, outcome, account, body, answered } of entries)
    if (operation === "join" && outcome === "ok" && body.position !== undefined && !found.has(account))
      found.set(account, { position: body.position, answered })
  return found
}

const copiesOf = ({ entries, roomEntries }: ServerTruth) => [
  { store: "the journal", places: new Map(entries.map((each) => [each.account, each.position])) },
  { store: "Redis", places: new Map((roomEntries ?? []).map((each) => [each.account, each.position])) },
]

const lostPlaces = (acknowledged: Acknowledged, truth: ServerTruth) =>
  copiesOf(truth).flatMap(({ store, places }) =>
    [...acknowledged]
      .filter(([account]) => !places.has(account))
      .map(([account, { position }]) => `${account} was told position ${position} and is not in ${store}`),
  )

const forgotten = (entries: readonly Entry[], acknowledged: Acknowledged) =>
  entries.flatMap(({ operation, status, account, asked }) => {
    if (status !== 404) return []
    if (operation === "board") return ["the board said that there is no such sale"]
    const place = acknowledged.get(account)
    return operation === "status" && place !== undefined && place.answered <= asked
      ? [`${account} had position ${place.position} and was told to join first`]
      : []
  })

const lostGoods = (entries: readonly Entry[], truth: ServerTruth) => {
  const holds = new Set(truth.holds.map((each) => each.holdId))
  const tickets = Map.groupBy(truth.tickets, (each) => each.orderId)
  const answered = entries.filter((each) => each.outcome === "ok")
  const lostHolds = answered.filter((each) => each.operation === "hold" && !holds.has(each.body.hold_id ?? ""))
  const lostOrders = answered.filter(({ operation, body }) => {
    if (operation !== "checkout") return false
    const found = (tickets.get(body.order_id ?? "") ?? []).map((each) => each.ticketId)
    return String(found.toSorted()) !== String(body.ticket_ids?.toSorted())
  })
  return [
    ...lostHolds.map(({ account, body }) => `${account} was told hold ${body.hold_id}, which no store has`),
    ...lostOrders.map(({ account, body }) => `${account} was told order ${body.order_id}, which lacks its tickets`),
  ]
}

const lostAdmissions = (entries: readonly Entry[], truth: ServerTruth) => {
  const known = new Set(truth.admissions.map((each) => each.admissionId))
  const told = new Map<string, string>()
  for (const { account, body } of entries)
    if (body.admission_token !== undefined) told.set(admissionIdIn(body.admission_token), account)
  return [...told]
    .filter(([id]) => !known.has(id))
    .map(([id, account]) => `${account} was told admission ${id}, which no store has`)
}

const movedPlaces = (entries: readonly Entry[], acknowledged: Acknowledged, truth: ServerTruth) => {
  const told = entries.flatMap(({ outcome, account, body }) =>
    outcome === "ok" && body.position !== undefined ? [{ who: "an answer", account, position: body.position }] : [],
  )
  const stored = copiesOf(truth).flatMap(({ store, places }) =>
    [...places].map(([account, position]) => ({ who: store, account, position })),
  )
  return [...told, ...stored].flatMap(({ who, account, position }) => {
    const first = acknowledged.get(account)?.position
    return first === undefined || first === position
      ? []
      : [`${account} was told position ${first}, and ${who} says ${position}`]
  })
}

/** Whoever was answered before another asked is ahead of them. */
const overtaken = (entries: readonly Entry[]) => {
  const joins = entries
    .filter((each) => each.operation === "join")
    .map(({ account, asked, answered, status, body }) => ({
      account,
      sent: asked,
      received: answered,
      status,
      position: body.position,
    }))
  const check = firstComeFirstServed({ ...emptyHistory(), joins })
  return check.passed ? [] : [check.counterExample ?? check.name]
}

const givenTwice = (acknowledged: Acknowledged, truth: ServerTruth) => {
  const told = { store: "answers", places: new Map([...acknowledged].map(([who, { position }]) => [who, position])) }
  return [told, ...copiesOf(truth)].flatMap(({ store, places }) => {
    const owners = new Map<number, string>()
    return [...places].flatMap(([account, position]) => {
      const owner = owners.get(position)
      owners.set(position, account)
      return owner === undefined ? [] : [`position ${position} belongs to ${owner} and ${account} in ${store}`]
    })
  })
}

/** Each buyer, asked last with the same key, was told the order that the stores have paid. */
const unknownOrders = (entries: readonly Entry[], truth: ServerTruth) => {
  const last = new Map<string, Entry>()
  for (const entry of entries) if (entry.operation === "checkout") last.set(entry.account, entry)
  return truth.orders.flatMap(({ orderId, account }) => {
    const told = last.get(account)
    return told?.outcome === "ok" && told.body.order_id === orderId
      ? []
      : [`${account} has paid order ${orderId} and was told ${told?.body.order_id ?? told?.status ?? "nothing"}`]
  })
}

const calledTwice = ({ calls, admissions }: ServerTruth) => {
  const found: string[] = []
  let reached = 0
  for (const { from, to } of calls.filter((each) => !each.again).toSorted((a, b) => a.from - b.from)) {
    if (from <= reached) found.push(`positions ${from} to ${Math.min(reached, to)} were called twice`)
    reached = Math.max(reached, to)
  }
  for (const [account, own] of Map.groupBy(admissions, (each) => each.account)) {
    const ordered = own.toSorted((a, b) => a.grantedAt - b.grantedAt)
    for (const [index, next] of ordered.slice(1).entries())
      if (endOf(ordered[index]!) > next.grantedAt) found.push(`${account} has two live admissions at once`)
  }
  return found
}

const endOf = ({ endsAt, finishedAt }: TruthAdmission) => Math.min(endsAt, finishedAt ?? endsAt)

const odd = (entries: readonly Entry[]) =>
  entries
    .filter(isOddEntry)
    .map(({ operation, status, body }) => `${operation} answered ${status} ${JSON.stringify(body)}`)

/** Nobody's time is over and there are seats enough: a shopper who is refused for good was wronged. */
const refused = (entries: readonly Entry[]) => {
  const last = new Map<string, Entry>()
  for (const entry of entries)
    if (entry.operation === "hold" || entry.operation === "checkout") last.set(`${entry.operation} ${entry.key}`, entry)
  return [...last.values()]
    .filter((each) => each.outcome !== "ok")
    .map(({ operation, account, status, body }) => `${operation} of ${account} ended with ${status} ${body.code ?? ""}`)
}
