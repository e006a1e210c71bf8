import type { ServerTruth } from "../../lab/model/truth.ts"
import type { Entry, Operation } from "./history.ts"

/** A state that is rare and must have been reached: a fault that met nobody proves nothing. */
export const sometimes = {
  "a join was cut off": ({ entries, strikes }: Seen) => cutOff(entries, strikes, "join"),
  "a hold or checkout was cut off": ({ entries, strikes }: Seen) =>
    cutOff(entries, strikes, "hold") + cutOff(entries, strikes, "checkout"),
  "a join was kept though its answer was lost": ({ entries }: Seen) => keptUnanswered(entries),
  "an order was paid though its answer was lost": ({ entries, truth }: Seen) => paidUnanswered(entries, truth),
  "people were refused for the time being": ({ entries }: Seen) => entries.filter((each) => each.status === 503).length,
  "somebody shopped through the fault": ({ entries, strikes }: Seen) =>
    strikes.length > 0 ? entries.filter((each) => each.operation === "checkout" && each.outcome === "ok").length : 0,
} as const

export type Rare = keyof typeof sometimes

type Seen = { entries: readonly Entry[]; strikes: readonly number[]; truth: ServerTruth }

/** It was under way at the fault, and failed or was answered only after it. */
const cutOff = (entries: readonly Entry[], strikes: readonly number[], operation: Operation) =>
  entries.filter(
    ({ operation: own, asked, answered, outcome }) =>
      own === operation &&
      strikes.some((at) => asked < at && at <= answered && (outcome !== "ok" || answered > at + answersOnTheirWayMs)),
  ).length

const answersOnTheirWayMs = 100

/** The first good answer says that it was not the first join. */
const keptUnanswered = (entries: readonly Entry[]) => {
  const first = new Map<string, number>()
  for (const { operation, outcome, account, status } of entries)
    if (operation === "join" && outcome === "ok" && !first.has(account)) first.set(account, status)
  return [...first.values()].filter((status) => status === 200).length
}

/** The first good answer was asked for after the order had been paid. */
const paidUnanswered = (entries: readonly Entry[], truth: ServerTruth) => {
  const first = new Map<string, number>()
  for (const { operation, outcome, account, asked } of entries)
    if (operation === "checkout" && outcome === "ok" && !first.has(account)) first.set(account, asked)
  return truth.orders.filter(({ account, paidAt }) => paidAt + clocksApartMs < (first.get(account) ?? 0)).length
}

const clocksApartMs = 20
