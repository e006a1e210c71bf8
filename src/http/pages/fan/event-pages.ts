import { EventPage, type SaleCard } from "../../../../views/fan/event-page.tsx"
import { EventsPage, type EventCard, type Search } from "../../../../views/fan/events-page.tsx"
import type { Event } from "../../../box-office/events.ts"
import { eventsPerPage } from "../../../box-office/events.ts"
import type { Sale } from "../../../box-office/sales.ts"
import { isFault } from "../../../fault.ts"
import { parseId, type EventId } from "../../../ids.ts"
import { epochMs, minutes } from "../../../units.ts"
import { phaseNow } from "../../core/phase.ts"
import { shedInEventMode } from "../../core/event-mode.ts"
import { page } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { forAnybody, frameOf, type FanParts } from "./parts.ts"

export const eventPages = (parts: FanParts): PageRoute[] => [
  forAnybody(parts, "GET /events", search),
  forAnybody(parts, "GET /events/:id", show),
]

const search = async (parts: FanParts, { request, query }: PageAsked) => {
  const asked = searchIn(query)
  const pageNo = /^[1-9]\d{0,2}$/.test(query["page"] ?? "") ? Number(query["page"]) : 1
  const categories = await parts.boxOffice.events.categories()
  const props = { frame: frameOf(parts, request), look: parts.look, search: asked, page: pageNo, categories }
  const refuse = (error: string, status: number) =>
    page(EventsPage({ ...props, events: [], more: false, error }), { status })
  if ([asked.from, asked.to].some((each) => Number.isNaN(dayOf(each))))
    return refuse("A day is written like 2027-05-01.", 400)
  try {
    const found = await find(parts, asked, pageNo)
    return page(EventsPage({ ...props, events: found.map(eventCard), more: found.length === eventsPerPage }))
  } catch (error) {
    if (!isFault(error, "invalid_input") && !isFault(error, "overloaded")) throw error
    return refuse(error.message, error.status)
  }
}

const searchIn = (query: PageAsked["query"]): Search => {
  const text = (name: string) => (query[name] ?? "").slice(0, 200)
  return { q: text("q"), city: text("city"), category: text("category"), from: text("from"), to: text("to") }
}

const find = (parts: FanParts, asked: Search, pageNo: number) => {
  if (asked.q.trim() !== "" || asked.city.trim() !== "") shedInEventMode(parts, "The search for words")
  const to = dayOf(asked.to)
  return parts.boxOffice.events.list({
    page: pageNo,
    text: asked.q.trim() || undefined,
    city: asked.city.trim() || undefined,
    category: asked.category || undefined,
    from: epochMs(dayOf(asked.from) ?? parts.clock() - minutes(60 * 6)),
    to: to === undefined ? undefined : epochMs(to + minutes(24 * 60)),
  })
}

/** Undefined for no day, NaN for one that is none. */
const dayOf = (text: string) => {
  if (text === "") return undefined
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
}

const show = async (parts: FanParts, { request, params }: PageAsked) => {
  const { boxOffice } = parts
  const event = await boxOffice.events.find(parseId<EventId>(params["id"] ?? "", "The event's id"))
  const sales = await boxOffice.sales.listOf(event.eventId)
  return page(
    EventPage({
      frame: frameOf(parts, request),
      look: parts.look,
      event: eventCard(event),
      sales: await Promise.all(sales.slice(0, salesShownMax).map((sale) => saleCard(parts, sale))),
    }),
  )
}

const salesShownMax = 10

const eventCard = ({ eventId, name, venue, city, category, startsAt }: Event): EventCard => ({
  eventId,
  name,
  venue,
  city,
  category,
  startsAt,
})

const saleCard = async (parts: FanParts, sale: Sale): Promise<SaleCard> => {
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
