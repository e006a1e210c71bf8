import { SeatsPage } from "../../../../views/fan/seats-page.tsx"
import type { Admission } from "../../../admission.ts"
import { isFault, type Fault } from "../../../fault.ts"
import type { SeatId } from "../../../ids.ts"
import { shedInEventMode } from "../../core/event-mode.ts"
import { readFields, readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import type { Asked } from "../row.ts"
import { freshKey, shopSaleOf } from "./shop-sale.ts"
import { forShopper, frameOf, type FanParts } from "./parts.ts"
import { sentenceOf } from "./words.ts"

export const seatPages = (parts: FanParts): PageRoute[] => [
  forShopper(parts, "GET /sales/:id/seats", (_, asked, shopper) => show(parts, asked, shopper, asked.query)),
  forShopper(parts, "GET /sales/:id/taken", taken),
  forShopper(parts, "POST /sales/:id/hold", hold, "holds"),
  forShopper(parts, "POST /sales/:id/leave", leave),
]

type Chosen = { section?: string; view?: string; quantity?: string; ended?: string; fault?: Fault }

const show = async (
  parts: FanParts,
  { request }: PageAsked,
  shopper: Admission,
  { section, view, quantity, ended, fault }: Chosen,
) => {
  const { boxOffice, clock } = parts
  const { saleId, accountId } = shopper
  const live = await boxOffice.holds.lookupLive(saleId, accountId)
  if (live !== undefined) return seeOther(`/sales/${saleId}/checkout/${live.holdId}`)
  const [sale, sections] = await Promise.all([shopSaleOf(parts, saleId), boxOffice.seatMap.sections(saleId)])
  const chosen =
    sections.find((each) => each.section === section) ?? sections.find((each) => each.available > 0) ?? sections[0]!
  return page(
    SeatsPage({
      frame: frameOf(parts, request),
      look: parts.look,
      sale,
      sections,
      chosen: chosen.section,
      seats: await boxOffice.seatMap.seats(shopper, chosen.section),
      view: view === "list" ? "list" : "map",
      leftMs: shopper.endsAt - clock(),
      keys: { best: freshKey(parts), named: freshKey(parts) },
      quantity: Number(quantity) || Math.min(2, sale.maxTickets),
      error: fault ? sentenceOf(fault) : ended && seatsGone,
    }),
    { status: fault?.status ?? 200 },
  )
}

const seatsGone = "The seats that you had chosen are not yours any more: their time is over. Choose again."

const taken = async (parts: FanParts, { query }: PageAsked, shopper: Admission) => {
  shedInEventMode(parts, "The live seat map")
  const seats = await parts.boxOffice.seatMap.seats(shopper, query["section"] ?? "")
  return Response.json(
    { taken: seats.filter((seat) => seat.state !== "available").map((seat) => seat.seatId) },
    { headers: { "cache-control": "no-store" } },
  )
}

const hold = async (parts: FanParts, asked: Asked, shopper: Admission) => {
  const fields = await readFields(asked.request)
  const quantity = fields.get("quantity")
  try {
    await asked.spend()
    const held = await parts.shop.hold(shopper, {
      ...(quantity === null ? { seatIds: fields.getAll("seat") as SeatId[] } : { quantity: countIn(quantity) }),
      idempotencyKey: fields.get("key") ?? "",
    })
    return seeOther(`/sales/${shopper.saleId}/checkout/${held.holdId}`)
  } catch (error) {
    if (!isFault(error) || !staysOnSeats.has(error.code)) throw error
    return show(parts, asked, shopper, {
      section: fields.get("section") ?? undefined,
      quantity: quantity ?? undefined,
      fault: error,
    })
  }
}

/** The shop says what is wrong with a number that is none. */
const countIn = (text: string) => (/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN)

const staysOnSeats = new Set([
  "unavailable",
  "cap_exceeded",
  "invalid_input",
  "malformed_id",
  "rate_limited",
  "idempotency_mismatch",
  "idempotency_running",
  "hold_exists",
])

const leave = async (parts: FanParts, { request }: PageAsked, shopper: Admission) => {
  await readForm(request)
  await parts.shop.leave(shopper)
  return seeOther(`/sales/${shopper.saleId}/wait`)
}
