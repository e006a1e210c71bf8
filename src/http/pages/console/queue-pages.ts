import { Elysia } from "elysia"
import { AccountHistoryPage, type Happening } from "../../../../views/console/account-page.tsx"
import { money } from "../../../../views/shared/look.ts"
import { counted, whole } from "../../../../views/shared/words.ts"
import type { Purchase } from "../../../box-office/ledger.ts"
import { csvRow } from "../../../csv.ts"
import { parseId, type SaleId } from "../../../ids.ts"
import { rfc3339 } from "../../../units.ts"
import type { QueueMoment } from "../../../waiting-room/waiting-room.ts"
import { page } from "../../core/page.ts"
import type { Desk } from "./operator.ts"

/** A place is given back at the time of the tick before, which may be earlier than the order that gave it back. */
const tickMs = 250

const hide = { detail: { hide: true } }

/** The queue and the tickets of a sale, looked at and taken away. */
export const queuePages = (desk: Desk) => {
  const { boxOffice, waitingRoom, accounts } = desk.parts
  const saleIn = (text: string) => parseId<SaleId>(text, "The sale's id")

  const search = async (operator: string, saleId: SaleId, asked: string) => {
    const sale = await boxOffice.sales.find(saleId)
    const event = await boxOffice.events.find(sale.eventId)
    const account = await accounts.lookup(asked)
    const props = {
      frame: desk.frame(operator),
      look: desk.look,
      head: { saleId, eventName: event.name },
      asked: asked.slice(0, 320),
    }
    if (account === undefined) return page(AccountHistoryPage(props), { status: 404 })
    const [queue, purchases] = await Promise.all([
      waitingRoom.history(saleId, account.accountId),
      boxOffice.ledger.purchases(saleId, account.accountId),
    ])
    const position = queue[0]?.position
    const served = waitingRoom.snapshot(saleId)?.nowServing ?? 0
    const happenings: Happening[] = [
      ...queue.map(({ at, what }) => ({ at: what === "finished" ? at + tickMs : at, what: queueWords[what] })),
      ...purchases.map((each) => ({ at: each.at, what: purchaseWords(each, desk) })),
    ].sort((a, b) => a.at - b.at)
    return page(
      AccountHistoryPage({
        ...props,
        found: {
          accountId: account.accountId,
          email: account.email,
          createdAt: account.createdAt,
          position,
          // Looking must not use up a turn: the place is told from what is known.
          now:
            position === undefined
              ? "not in the queue"
              : position > served
                ? `waits; ahead: ${whole(position - served - 1)} at most`
                : "has been called",
          happenings,
        },
      }),
    )
  }

  const tickets = (saleId: SaleId) =>
    csvResponse(`tickets-${saleId}.csv`, async function* () {
      yield csvRow([
        "ticket",
        "order",
        "account",
        "email",
        "holder",
        "section",
        "row",
        "seat",
        "price",
        "status",
        "paid_at",
      ])
      for await (const lines of boxOffice.ledger.tickets(saleId))
        yield lines
          .map((line) =>
            csvRow([
              line.ticketId,
              line.orderId,
              line.accountId,
              line.email,
              line.holderName,
              line.section,
              line.row,
              line.num,
              (line.priceCents / 100).toFixed(2),
              line.status,
              rfc3339(line.paidAt),
            ]),
          )
          .join("")
    })

  const queue = (saleId: SaleId) =>
    csvResponse(`queue-${saleId}.csv`, async function* () {
      yield csvRow(["position", "account", "joined_at", "called_at", "admitted_at"])
      for (let after = 0; ;) {
        const entries = await waitingRoom.entries(saleId, { after, limit: 1000 })
        yield entries
          .map(({ position, accountId, joinedAt, calledAt, admittedAt }) =>
            csvRow([
              position,
              accountId,
              rfc3339(joinedAt),
              calledAt === undefined ? undefined : rfc3339(calledAt),
              admittedAt === undefined ? undefined : rfc3339(admittedAt),
            ]),
          )
          .join("")
        if (entries.length < 1000) return
        after = entries.at(-1)!.position
      }
    })

  return new Elysia({ name: "queue-pages" })
    .get(
      "/console/sales/:id/account",
      ({ request, params, query }) =>
        desk.page(request, (operator) => search(operator, saleIn(params.id), query["q"] ?? "")),
      hide,
    )
    .get(
      "/console/sales/:id/tickets.csv",
      ({ request, params }) =>
        desk.page(request, async () => tickets((await boxOffice.sales.find(saleIn(params.id))).saleId)),
      hide,
    )
    .get(
      "/console/sales/:id/queue.csv",
      ({ request, params }) =>
        desk.page(request, async () => queue((await boxOffice.sales.find(saleIn(params.id))).saleId)),
      hide,
    )
}

const csvResponse = (name: string, rows: () => AsyncGenerator<string>) => {
  const encoder = new TextEncoder()
  const lines = rows()
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = await lines.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: () => void lines.return(undefined),
  })
  return new Response(body, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  })
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

const purchaseWords = (each: Purchase, { look }: Desk) =>
  each.kind === "hold"
    ? `Held ${counted(each.seats, "seat", "seats")} (${each.state})`
    : `Ordered ${counted(each.seats, "seat", "seats")} for ${money(each.amountCents ?? 0, look)} (${each.state}, order ${each.id})`
