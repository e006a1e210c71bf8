import { csvRow } from "../../../csv.ts"
import type { SaleId } from "../../../ids.ts"
import { rfc3339 } from "../../../units.ts"
import type { Parts } from "../../core/parts.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { saleIdIn } from "../row.ts"
import { csvResponse } from "./csv-response.ts"
import { forOperator, type ConsoleParts } from "./parts.ts"

export const exportPages = (parts: ConsoleParts): PageRoute[] => [
  file(parts, "tickets", tickets),
  file(parts, "queue", queue),
]

/** It can be taken away later: whoever shops comes first. */
const file = (
  parts: ConsoleParts,
  name: "tickets" | "queue",
  lines: (parts: ConsoleParts, saleId: SaleId) => AsyncGenerator<string>,
): PageRoute => ({
  ...forOperator(parts, `GET /console/sales/:id/${name}.csv`, async (_, asked) => {
    const saleId = await knownSale(parts, asked)
    return csvResponse(`${name}-${saleId}.csv`, lines(parts, saleId))
  }),
  work: "rest",
})

/** @throws Fault sale_not_found: a file that has begun can refuse nothing any more. */
const knownSale = async ({ boxOffice }: ConsoleParts, asked: PageAsked) =>
  (await boxOffice.sales.find(saleIdIn(asked))).saleId

async function* tickets({ boxOffice }: Pick<Parts, "boxOffice">, saleId: SaleId) {
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
}

async function* queue({ waitingRoom }: Pick<Parts, "waitingRoom">, saleId: SaleId) {
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
}
