import type { Admission } from "../../../admission.ts"
import { Elysia } from "elysia"
import { CheckoutPage } from "../../../../views/fan/checkout-page.tsx"
import { SeatsPage } from "../../../../views/fan/seats-page.tsx"
import { isFault, type Fault } from "../../../fault.ts"
import { newId, parseId, type AccountId, type HoldId, type OrderId, type SaleId, type SeatId } from "../../../ids.ts"
import { shedInEventMode } from "../../core/event-mode.ts"
import { readFields, readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { Fan } from "./visitor.ts"
import { sentenceOf } from "./words.ts"

const hide = { detail: { hide: true } }
type Asked = { section?: string; view?: string; quantity?: string; ended?: string; fault?: Fault }

/** What a person whose turn it is does: choose, hold, pay, leave. */
export const shopPages = (fan: Fan) => {
  const { boxOffice, waitingRoom, clock } = fan.parts
  const freshKey = () => newId<OrderId>(clock())

  /** Whoever is not inside goes to the waiting room, which says why. */
  const inside = (request: Request, id: string, answer: (shopper: Admission) => Promise<Response>) =>
    fan.orNotice(request, () =>
      fan.signedIn(request, async (accountId: AccountId) => {
        const saleId = parseId<SaleId>(id, "The sale's id")
        const turn = await waitingRoom.turn(saleId, accountId)
        if (turn.state !== "admitted") return seeOther(`/sales/${saleId}/wait`)
        const { admissionId, grantedAt, endsAt } = turn
        try {
          return await answer({ saleId, accountId, admissionId, grantedAt, endsAt })
        } catch (error) {
          if (isFault(error, "admission_required") || isFault(error, "admission_invalid"))
            return seeOther(`/sales/${saleId}/wait`)
          throw error
        }
      }),
    )

  const eventOf = async (saleId: SaleId) => {
    const sale = await boxOffice.sales.find(saleId)
    const event = await boxOffice.events.find(sale.eventId)
    return { saleId, eventName: event.name, maxTickets: sale.maxTicketsPerUser }
  }

  const showSeats = async (request: Request, shopper: Admission, { section, view, quantity, ended, fault }: Asked) => {
    const { saleId, accountId } = shopper
    const live = await boxOffice.holds.lookupLive(saleId, accountId)
    if (live !== undefined) return seeOther(`/sales/${saleId}/checkout/${live.holdId}`)
    const [sale, sections] = await Promise.all([eventOf(saleId), boxOffice.plan.sections(saleId)])
    const chosen =
      sections.find((each) => each.section === section) ?? sections.find((each) => each.available > 0) ?? sections[0]!
    return page(
      SeatsPage({
        frame: fan.frame(request),
        look: fan.look,
        sale,
        sections,
        chosen: chosen.section,
        seats: await boxOffice.plan.seats(shopper, chosen.section),
        view: view === "list" ? "list" : "map",
        leftMs: shopper.endsAt - clock(),
        keys: { best: freshKey(), named: freshKey() },
        quantity: Number(quantity) || Math.min(2, sale.maxTickets),
        error: fault ? sentenceOf(fault) : ended && seatsGone,
      }),
      { status: fault?.status ?? 200 },
    )
  }

  const hold = async (request: Request, shopper: Admission) => {
    const fields = await readFields(request)
    const seatIds = fields.getAll("seat") as SeatId[]
    const quantity = fields.get("quantity")
    try {
      await fan.caller.spend("holds", request, shopper.accountId)
      const held = await fan.shop.hold(shopper, {
        ...(quantity === null ? { seatIds } : { quantity: /^\d{1,3}$/.test(quantity) ? Number(quantity) : Number.NaN }),
        idempotencyKey: fields.get("key") ?? "",
      })
      return seeOther(`/sales/${shopper.saleId}/checkout/${held.holdId}`)
    } catch (error) {
      if (!isFault(error) || !staysOnSeats.has(error.code)) throw error
      return showSeats(request, shopper, {
        section: fields.get("section") ?? undefined,
        quantity: quantity ?? undefined,
        fault: error,
      })
    }
  }

  const showCheckout = async (
    request: Request,
    shopper: Admission,
    id: string,
    said: { name?: string; fault?: Fault } = {},
  ) => {
    const { saleId, accountId } = shopper
    const found = await boxOffice.holds.find(parseId<HoldId>(id, "The hold's id"), accountId)
    if (found.state === "paid" && found.orderId !== undefined) return seeOther(`/orders/${found.orderId}`)
    if (found.state === "ended" || found.saleId !== saleId) return seeOther(`/sales/${saleId}/seats?ended=yes`)
    return page(
      CheckoutPage({
        frame: fan.frame(request),
        look: fan.look,
        sale: await eventOf(saleId),
        hold: found,
        leftMs: found.expiresAt - clock(),
        paymentKey: freshKey(),
        holderName: said.name ?? "",
        error: said.fault && sentenceOf(said.fault),
      }),
      { status: said.fault?.status ?? 200 },
    )
  }

  const pay = async (request: Request, shopper: Admission, id: string) => {
    const { key = "", holder_name: name = "", card = "" } = await readForm(request)
    const holdId = parseId<HoldId>(id, "The hold's id")
    try {
      await fan.caller.spend("checkouts", request, shopper.accountId)
      const order = await fan.shop.checkout(shopper, {
        holdId,
        idempotencyKey: key,
        holderName: name,
        payment: { card: card.replaceAll(" ", "") },
      })
      return seeOther(`/orders/${order.orderId}`)
    } catch (error) {
      if (!isFault(error) || !staysOnCheckout.has(error.code)) throw error
      return showCheckout(request, shopper, id, { name: name.slice(0, 120), fault: error })
    }
  }

  const release = async (request: Request, shopper: Admission, id: string) => {
    await readForm(request)
    await fan.shop.release(shopper, parseId<HoldId>(id, "The hold's id"))
    return seeOther(`/sales/${shopper.saleId}/seats`)
  }

  const leave = async (request: Request, shopper: Admission) => {
    await readForm(request)
    await fan.shop.leave(shopper)
    return seeOther(`/sales/${shopper.saleId}/wait`)
  }

  /** What is gone in a section, for a map that stays open. */
  const taken = async (shopper: Admission, section: string) => {
    shedInEventMode(fan.parts, "The live seat map")
    const seats = await boxOffice.plan.seats(shopper, section)
    return Response.json(
      { taken: seats.filter((seat) => seat.state !== "available").map((seat) => seat.seatId) },
      { headers: { "cache-control": "no-store" } },
    )
  }

  return new Elysia({ name: "shop-pages" })
    .get(
      "/sales/:id/seats",
      ({ request, params, query }) => inside(request, params.id, (shopper) => showSeats(request, shopper, query)),
      hide,
    )
    .get(
      "/sales/:id/taken",
      ({ request, params, query }) => inside(request, params.id, (shopper) => taken(shopper, query["section"] ?? "")),
      hide,
    )
    .post(
      "/sales/:id/hold",
      ({ request, params }) => inside(request, params.id, (shopper) => hold(request, shopper)),
      hide,
    )
    .post(
      "/sales/:id/leave",
      ({ request, params }) => inside(request, params.id, (shopper) => leave(request, shopper)),
      hide,
    )
    .get(
      "/sales/:id/checkout/:hold",
      ({ request, params }) => inside(request, params.id, (shopper) => showCheckout(request, shopper, params.hold)),
      hide,
    )
    .post(
      "/sales/:id/checkout/:hold",
      ({ request, params }) => inside(request, params.id, (shopper) => pay(request, shopper, params.hold)),
      hide,
    )
    .post(
      "/sales/:id/release/:hold",
      ({ request, params }) => inside(request, params.id, (shopper) => release(request, shopper, params.hold)),
      hide,
    )
}

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
const staysOnCheckout = new Set([
  "payment_declined",
  "invalid_input",
  "hold_expired",
  "rate_limited",
  "idempotency_mismatch",
  "idempotency_running",
  "cap_exceeded",
])

const seatsGone = "The seats that you had chosen are not yours any more: their time is over. Choose again."
