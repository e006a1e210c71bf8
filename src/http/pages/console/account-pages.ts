import { AccountHistoryPage, type Happening } from "../../../../views/console/account-page.tsx"
import { money, type Look } from "../../../../views/shared/look.ts"
import { counted, whole } from "../../../../views/shared/words.ts"
import type { Purchase } from "../../../box-office/ledger.ts"
import type { AccountId, SaleId } from "../../../ids.ts"
import type { QueueMoment } from "../../../waiting-room/waiting-room.ts"
import { page } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { saleIdIn } from "../row.ts"
import { forOperator, frameOf, type ConsoleParts } from "./parts.ts"

export const accountPages = (parts: ConsoleParts): PageRoute[] => [
  forOperator(parts, "GET /console/sales/:id/account", search),
]

const search = async (parts: ConsoleParts, asked: PageAsked, operator: string) => {
  const { boxOffice, accounts } = parts
  const text = asked.query["q"] ?? ""
  const sale = await boxOffice.sales.find(saleIdIn(asked))
  const event = await boxOffice.events.find(sale.eventId)
  const account = await accounts.lookup(text)
  const props = {
    frame: frameOf(parts, operator),
    look: parts.look,
    head: { saleId: sale.saleId, eventName: event.name },
    asked: text.slice(0, 320),
  }
  if (account === undefined) return page(AccountHistoryPage(props), { status: 404 })
  const { accountId, email, createdAt } = account
  const history = await historyOf(parts, sale.saleId, accountId)
  return page(AccountHistoryPage({ ...props, found: { accountId, email, createdAt, ...history } }))
}

const historyOf = async ({ boxOffice, waitingRoom, look }: ConsoleParts, saleId: SaleId, accountId: AccountId) => {
  const [queue, purchases] = await Promise.all([
    waitingRoom.history(saleId, accountId),
    boxOffice.ledger.purchases(saleId, accountId),
  ])
  const position = queue[0]?.position
  const happenings: Happening[] = [
    ...queue.map(({ at, what }) => ({ at: what === "finished" ? at + tickMs : at, what: queueWords[what] })),
    ...purchases.map((each) => ({ at: each.at, what: purchaseWords(each, look) })),
  ]
  return {
    position,
    now: placeWords(position, waitingRoom.snapshot(saleId)?.nowServing ?? 0),
    happenings: happenings.sort((a, b) => a.at - b.at),
  }
}

/** A place is given back at the time of the tick before, which may be earlier than the order that gave it back. */
const tickMs = 250

/** Looking must not use up a turn: the place is told from what is known. */
const placeWords = (position: number | undefined, served: number) => {
  if (position === undefined) return "not in the queue"
  return position > served ? `waits; ahead: ${whole(position - served - 1)} at most` : "has been called"
}

const queueWords: Record<QueueMoment["what"], string> = {
  joined: "Joined the queue",
  joined_by_receipt: "Came back into the queue with a receipt, after a loss",
  called: "Was called",
  admitted: "Came in",
  admission_ends: "Admission ends",
  finished: "Paid or left: the place was given back",
  expired: "The admission ran out",
}

const purchaseWords = (each: Purchase, look: Look) =>
  each.kind === "hold"
    ? `Held ${counted(each.seats, "seat", "seats")} (${each.state})`
    : `Ordered ${counted(each.seats, "seat", "seats")} for ${money(each.amountCents ?? 0, look)} (${each.state}, order ${each.id})`
