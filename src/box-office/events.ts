import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, type EventId } from "../ids.ts"
import type { Pool, Sql } from "../stores/postgres.ts"
import { epochMs, type EpochMs } from "../units.ts"
import { parseLine, parseWhole } from "./validate.ts"

export type Event = {
  eventId: EventId
  name: string
  venue: string
  city?: string
  category?: string
  startsAt: EpochMs
  createdAt: EpochMs
}
export type NewEvent = Pick<Event, "name" | "venue" | "city" | "category" | "startsAt">

export const openEvents = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  create: async (given: NewEvent): Promise<{ eventId: EventId }> => {
    return { eventId: await insertEvent(sql, given, clock()) }
  },

  find: async (eventId: EventId): Promise<Event> => {
    const [row] = await sql<Row[]>`select ${columns(sql)} from events where event_id = ${eventId} limit 1`
    if (!row) throw new Fault("event_not_found", `No event has the id ${eventId}`)
    return eventOf(row)
  },

  /**
   * Soonest first, `eventsPerPage` a page; the first page is 1. Every word of `text` is somewhere in the name, the venue, the city or
   * the category; `from` and `to` bound the start.
   * @throws Fault invalid_input.
   */
  list: async ({ page = 1, text, city, category, from, to }: EventSearch = {}): Promise<Event[]> => {
    const skipped = (parseWhole(page, "page", 1, 10_000) - 1) * eventsPerPage
    const words = text === undefined ? [] : parseLine(text, "q", 0, 200).split(/\s+/).filter(Boolean).slice(0, wordsMax)
    const rows = await sql<Row[]>`
      select ${columns(sql)} from events
      where true
        ${words.length === 0 ? sql`` : words.map((word) => sql`and concat_ws(' ', name, venue, city, category) ilike ${`%${literal(word)}%`}`)}
        ${city ? sql`and city ilike ${literal(parseLine(city, "city", 1, 100))}` : sql``}
        ${category ? sql`and category ilike ${literal(parseLine(category, "category", 1, 100))}` : sql``}
        ${from === undefined ? sql`` : sql`and starts_at >= ${from}`}
        ${to === undefined ? sql`` : sql`and starts_at < ${to}`}
      order by starts_at, event_id
      limit ${eventsPerPage} offset ${skipped}`
    return rows.map(eventOf)
  },

  categories: async (): Promise<string[]> => {
    const rows = await sql<{ category: string }[]>`
      select distinct category from events where category is not null order by category limit 100`
    return rows.map((row) => row.category)
  },
})

export const insertEvent = async (sql: Sql, given: NewEvent, now: EpochMs): Promise<EventId> => {
  const event = parseEvent(given)
  const eventId = newId<EventId>(now)
  await sql`
    insert into events (event_id, name, venue, city, category, starts_at, created_at)
    values (
      ${eventId}, ${event.name}, ${event.venue}, ${event.city ?? null}, ${event.category ?? null},
      ${event.startsAt}, ${now}
    )`
  return eventId
}

export type EventSearch = {
  page?: number
  text?: string
  city?: string
  category?: string
  from?: EpochMs
  to?: EpochMs
}

const wordsMax = 8

/** For LIKE, in which % and _ mean something. */
const literal = (text: string) => text.replace(/[\\%_]/g, (each) => `\\${each}`)

export const eventsPerPage = 50

type Row = Omit<Event, "city" | "category"> & { city: string | null; category: string | null }
const columns = (sql: Pool) => sql`event_id, name, venue, city, category, starts_at, created_at`

const eventOf = ({ city, category, ...row }: Row): Event => ({
  ...row,
  city: city ?? undefined,
  category: category ?? undefined,
})

const parseEvent = ({ name, venue, city, category, startsAt }: NewEvent): NewEvent => ({
  name: parseLine(name, "name", 1, 200),
  venue: parseLine(venue, "venue", 1, 200),
  city: city === undefined ? undefined : parseLine(city, "city", 1, 100),
  category: category === undefined ? undefined : parseLine(category, "category", 1, 100),
  startsAt: epochMs(parseWhole(startsAt, "starts_at", 0, endOfTime)),
})

export const endOfTime = Date.UTC(9999, 11, 31)
