import { Elysia } from "elysia"
import { EventPage, type SaleCard } from "../../../../views/fan/event-page.tsx"
import { EventsPage, type EventCard } from "../../../../views/fan/events-page.tsx"
import type { Event } from "../../../box-office/events.ts"
import { eventsPerPage } from "../../../box-office/events.ts"
import type { Sale } from "../../../box-office/sales.ts"
import { isFault } from "../../../fault.ts"
import { parseId, type EventId } from "../../../ids.ts"
import { epochMs, minutes } from "../../../units.ts"
import { phaseNow } from "../../core/phase.ts"
import { shedInEventMode } from "../../core/event-mode.ts"
import { page } from "../../core/page.ts"
import type { Fan } from "./visitor.ts"

const hide = { detail: { hide: true } }

export const eventPages = (fan: Fan) =>
  new Elysia({ name: "event-pages" })
    .get("/events", ({ request, query }) => fan.orNotice(request, () => search(fan, request, query)), hide)
    .get("/events/:id", ({ request, params }) => fan.orNotice(request, () => show(fan, request, params.id)), hide)

const search = async (fan: Fan, request: Request, query: Record<string, string | undefined>) => {
  const { events } = fan.parts.boxOffice
  const text = (name: string) => (query[name] ?? "").slice(0, 200)
  const asked = { q: text("q"), city: text("city"), category: text("category"), from: text("from"), to: text("to") }
  const pageNo = /^[1-9]\d{0,2}$/.test(query["page"] ?? "") ? Number(query["page"]) : 1
  const [from, to] = [dayOf(asked.from), dayOf(asked.to)]
  const wrong = [from, to].some(Number.isNaN) ? "A day is written like 2027-05-01." : undefined
  const props = { frame: fan.frame(request), look: fan.look, search: asked, page: pageNo }
  const categories = await events.categories()
  try {
    if (asked.q.trim() !== "" || asked.city.trim() !== "") shedInEventMode(fan.parts, "The search for words")
    const found = wrong
      ? []
      : await events.list({
          page: pageNo,
          text: asked.q.trim() || undefined,
          city: asked.city.trim() || undefined,
          category: asked.category || undefined,
          // Without a day what is over is left out.
          from: epochMs(from ?? fan.parts.clock() - minutes(60 * 6)),
          to: to === undefined ? undefined : epochMs(to + minutes(24 * 60)),
        })
    return page(
      EventsPage({
        ...props,
        categories,
        events: found.map(eventCard),
        more: found.length === eventsPerPage,
        error: wrong,
      }),
      { status: wrong ? 400 : 200 },
    )
  } catch (error) {
    if (!isFault(error, "invalid_input") && !isFault(error, "overloaded")) throw error
    return page(EventsPage({ ...props, categories, events: [], more: false, error: error.message }), {
      status: error.status,
    })
  }
}

/** Undefined for no day, NaN for one that is none. */
const dayOf = (text: string) => {
  if (text === "") return undefined
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
}

const show = async (fan: Fan, request: Request, id: string) => {
  const { boxOffice } = fan.parts
  const event = await boxOffice.events.find(parseId<EventId>(id, "The event's id"))
  const sales = await boxOffice.sales.listOf(event.eventId)
  return page(
    EventPage({
      frame: fan.frame(request),
      look: fan.look,
      event: eventCard(event),
      sales: await Promise.all(sales.slice(0, salesShownMax).map((sale) => saleCard(fan, sale))),
    }),
  )
}

const salesShownMax = 10

export const eventCard = ({ eventId, name, venue, city, category, startsAt }: Event): EventCard => ({
  eventId,
  name,
  venue,
  city,
  category,
  startsAt,
})

const saleCard = async ({ parts }: Fan, sale: Sale): Promise<SaleCard> => {
  const { boxOffice, waitingRoom } = parts
  const [seats, prices] = await Promise.all([boxOffice.sales.stock(sale.saleId), boxOffice.sales.prices(sale.saleId)])
  const seen = waitingRoom.snapshot(sale.saleId)
  return {
    saleId: sale.saleId,
    phase: phaseNow(parts, sale, seats.available + seats.held),
    message: sale.message,
    queueOpensAt: sale.queueOpensAt,
    opensAt: sale.opensAt,
    endsAt: sale.endsAt,
    minCents: prices.minCents,
    maxCents: prices.maxCents,
    seatsLeft: seats.available + seats.held,
    seats: seats.total,
    waiting: seen?.waiting ?? 0,
    maxTicketsPerUser: sale.maxTicketsPerUser,
    holdMs: sale.holdLength,
    callWindowMs: sale.callWindow,
    admissionMs: sale.admissionLength,
    sections: prices.sections,
  }
}
