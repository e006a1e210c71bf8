import { t } from "elysia"
import type { SaleId } from "../../../ids.ts"
import { type EpochMs, rfc3339 } from "../../../units.ts"
import type { QueueEntry } from "../../../waiting-room/entries.ts"
import type { Parts } from "../../core/parts.ts"
import { apiRoute } from "../../core/route.ts"
import { Count, Id, SaleParams, Time } from "../../core/schemas.ts"

export const queueEntryRoutes = ({ boxOffice, waitingRoom }: Pick<Parts, "boxOffice" | "waitingRoom">) => [
  apiRoute({
    method: "GET",
    path: "/v1/admin/sales/:id/queue-entries",
    who: "admin",
    limit: "none",
    work: "rest",
    summary: "The queue in order of position, for an audit",
    tag: "operator",
    params: SaleParams,
    query: t.Object(
      {
        after: t.Optional(t.Numeric({ minimum: 0, maximum: 1_000_000_000_000, multipleOf: 1 })),
        limit: t.Optional(t.Numeric({ minimum: 1, maximum: 5000, multipleOf: 1 })),
      },
      { additionalProperties: false },
    ),
    body: "none",
    answers: { 200: t.Object({ entries: t.Array(EntryView), next: t.Optional(Count) }) },
    refuses: [404, 503],
    handler: async ({ params, query: { after = 0, limit = 1000 } }) => {
      const sale = await boxOffice.sales.find(params.id as SaleId)
      const entries = await waitingRoom.entries(sale.saleId, { after, limit })
      return {
        entries: entries.map(entryView),
        next: entries.length === limit ? entries.at(-1)?.position : undefined,
      }
    },
  }),
]

const EntryView = t.Object({
  user_id: Id,
  position: Count,
  joined_at: Time,
  called_at: t.Optional(Time),
  admitted_at: t.Optional(Time),
})

const entryView = ({ accountId, position, joinedAt, calledAt, admittedAt }: QueueEntry) => ({
  user_id: accountId as string,
  position,
  joined_at: rfc3339(joinedAt),
  called_at: timeOf(calledAt),
  admitted_at: timeOf(admittedAt),
})

const timeOf = (at: EpochMs | undefined) => (at === undefined ? undefined : rfc3339(at))
