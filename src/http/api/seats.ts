import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import type { Seat } from "../../box-office/seats.ts"
import type { SeatId } from "../../ids.ts"
import type { Cents } from "../../units.ts"
import type { Parts } from "../core/parts.ts"
import { apiRoute } from "../core/route.ts"
import { Id, Price, SaleParams } from "../core/schemas.ts"

export const seatRoutes = ({ boxOffice }: Pick<Parts, "boxOffice">) => [
  apiRoute({
    method: "GET",
    path: "/v1/sales/:id/seats",
    who: "admission",
    limit: "none",
    summary: "Seats that can be held, at most 200 a page",
    tag: "shop",
    params: SaleParams,
    query: t.Object(
      {
        section: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
        max_price_cents: t.Optional(t.Numeric({ minimum: 0, maximum: 100_000_000, multipleOf: 1 })),
        after: t.Optional(Id),
        limit: t.Optional(t.Numeric({ minimum: 1, maximum: 200, multipleOf: 1 })),
      },
      { additionalProperties: false },
    ),
    body: "none",
    answers: { 200: t.Object({ seats: t.Array(SeatView) }) },
    refuses: [404, 503],
    handler: async ({ shopper, query }) => {
      const seats = await boxOffice.seats.list(shopper, {
        section: query.section,
        maxPriceCents: query.max_price_cents as Cents | undefined,
        after: query.after as SeatId | undefined,
        limit: query.limit ?? 200,
      })
      return { seats: seats.map(seatView) }
    },
  }),
]

const SeatView = t.Object({
  id: Id,
  section: t.String(),
  row: t.String(),
  num: Type.Integer(),
  status: t.Literal("available"),
  price_cents: Price,
})

const seatView = ({ seatId, section, row, num, priceCents }: Seat) => ({
  id: seatId,
  section,
  row,
  num,
  status: "available" as const,
  price_cents: priceCents,
})
