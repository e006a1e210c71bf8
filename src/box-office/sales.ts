import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, trustedId, type EventId, type SaleId } from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { cents, epochMs, millis, type Cents, type EpochMs, type Millis } from "../units.ts"
import { insertEvent, type NewEvent } from "./events.ts"
import { parseLayout, type GivenSection, type Section } from "./layout.ts"
import { inWords } from "./refusals.ts"
import { defaults, parsePatch, parseSettings, type SalePatch, type SaleSettings } from "./sale-settings.ts"

export type Sale = SaleSettings & { saleId: SaleId; eventId: EventId; totalSeats: number; createdAt: EpochMs }
export type Stock = { total: number; available: number; held: number; sold: number }
export type Prices = {
  minCents: Cents
  maxCents: Cents
  sections: { section: string; priceCents: Cents; available: number }[]
}
export type SaleStats = {
  ticketsSold: number
  orders: number
  uniqueBuyers: number
  seatsTotal: number
  seatsAvailable: number
  seatsHeld: number
  revenueCents: Cents
}

/** `defaults` holds what may be left out. Without `queueOpensAt` the waiting room opens with the sale. */
export type NewSale = Omit<SaleSettings, keyof typeof defaults | "queueOpensAt"> &
  Partial<SaleSettings> & { eventId: EventId; totalSeats: number; sections?: GivenSection[]; priceCents?: number }

/** At most this many sales are live for the waiting rooms at one time, the newest. */
export const liveSalesMax = 64

export const openSales = ({ sql, clock }: { sql: Pool; clock: Clock }) => {
  const lookup = async (saleId: SaleId): Promise<Sale | undefined> => {
    const [row] = await sql<Row[]>`select * from sales where sale_id = ${saleId} limit 1`
    return row && saleOf(row)
  }

  const find = async (saleId: SaleId): Promise<Sale> => {
    const sale = await lookup(saleId)
    if (!sale) throw notFound(saleId)
    return sale
  }

  const make = async (asked: (tx: Sql) => Promise<NewSale>): Promise<Sale> => {
    const sale = await inWords(() =>
      transaction(sql, async (tx) => {
        const given = await asked(tx)
        const { eventId, totalSeats, sections, priceCents, ...settings } = given
        const layout = parseLayout({ totalSeats, sections, priceCents })
        const parsed = parseSettings({ queueOpensAt: given.opensAt, ...defaults, ...withoutUndefined(settings) })
        const createdAt = clock()
        const saleId = newId<SaleId>(createdAt)
        await tx`set local statement_timeout = '60s'`
        const [row] = await tx<Row[]>`
          insert into sales ${tx({ saleId, eventId, totalSeats, createdAt: new Date(createdAt), ...rowOf(parsed) })}
          returning *`
        await insertSeats(tx, saleId, layout)
        return saleOf(row!)
      }),
    )
    if (sale.totalSeats >= manySeats) await analyzeSeats(sql)
    return sale
  }

  return {
    /** Makes the sale and its seats, all or nothing. @throws Fault invalid_input, event_not_found. */
    create: (given: NewSale): Promise<Sale> => make(async () => given),

    /** The event as well, all or nothing. @throws Fault invalid_input. */
    createWithEvent: (event: NewEvent, given: (eventId: EventId) => NewSale): Promise<Sale> =>
      make(async (tx) => given(await insertEvent(tx, event, clock()))),

    lookup,

    /** @throws Fault sale_not_found. */
    find,

    /** Changes a running sale; what is not named stays. @throws Fault sale_not_found, invalid_input. */
    change: async (saleId: SaleId, given: SalePatch): Promise<Sale> => {
      const patch = withoutUndefined(given)
      if (Object.keys(patch).length === 0) return find(saleId)
      return transaction(sql, async (tx) => {
        const [before] = await tx<Row[]>`select * from sales where sale_id = ${saleId} for no key update`
        if (!before) throw notFound(saleId)
        const [row] = await tx<Row[]>`
          update sales set ${tx(rowOf(parsePatch(saleOf(before), patch)))}
          where sale_id = ${saleId}
          returning *`
        return saleOf(row!)
      })
    },

    /** Those that are not closed, the newest first. */
    listLive: async (): Promise<Sale[]> => {
      const rows = await sql<Row[]>`select * from sales where not closed order by created_at desc limit ${liveSalesMax}`
      return rows.map(saleOf)
    },

    listOf: async (eventId: EventId): Promise<Sale[]> => {
      const rows = await sql<Row[]>`select * from sales where event_id = ${eventId} order by opens_at desc limit 100`
      return rows.map(saleOf)
    },

    /** Reads a few counters, never the seats. @throws Fault sale_not_found. */
    stock: async (saleId: SaleId): Promise<Stock> => {
      const [row] = await sql<{ [Count in keyof Stock]: number | null }[]>`
        select sum(total)::int as total, sum(available)::int as available, sum(held)::int as held, sum(sold)::int as sold
        from seat_stock where sale_id = ${saleId}`
      const { total, available, held, sold } = row!
      if (total === null) throw notFound(saleId)
      return { total, available: available ?? 0, held: held ?? 0, sold: sold ?? 0 }
    },

    /** @throws Fault sale_not_found. */
    prices: async (saleId: SaleId): Promise<Prices> => {
      const sections = await sql<{ section: string; priceCents: Cents; available: number }[]>`
        select name as section, price_cents, sum(available)::int as available
        from sections join seat_stock using (sale_id, section_no)
        where sale_id = ${saleId}
        group by section_no, name, price_cents
        order by section_no
        limit 1000`
      if (sections.length === 0) throw notFound(saleId)
      const all = sections.map((each) => each.priceCents)
      return { minCents: cents(Math.min(...all)), maxCents: cents(Math.max(...all)), sections: [...sections] }
    },

    /** @throws Fault sale_not_found. */
    stats: async (saleId: SaleId): Promise<SaleStats> => {
      const [row] = await sql<(SaleStats & { found: boolean })[]>`
        select
          stock.found, coalesce(stock.sold, 0) as tickets_sold, paid.orders, paid.unique_buyers, coalesce(stock.total, 0) as seats_total,
          coalesce(stock.available, 0) as seats_available, coalesce(stock.held, 0) as seats_held, paid.revenue_cents
        from (
          select
            count(*) > 0 as found, sum(total)::int as total, sum(available)::int as available, sum(held)::int as held, sum(sold)::int as sold
          from seat_stock where sale_id = ${saleId}
        ) stock, (
          select
            count(*)::int as orders, count(distinct account_id)::int as unique_buyers, coalesce(sum(amount_cents), 0)::bigint as revenue_cents
          from orders where sale_id = ${saleId} and status = 'paid'
        ) paid`
      const { found, ...stats } = row!
      if (!found) throw notFound(saleId)
      return stats
    },
  }
}

/** From here on the planner must know at once that they are many; otherwise it learns that within a minute. */
const manySeats = 5000

/** The sale stands already: when another analysis is under way, plans are only slower for a while. */
const analyzeSeats = async (sql: Pool) => {
  await sql`select analyze_seats()`.catch(() => undefined)
}

const notFound = (saleId: SaleId) => new Fault("sale_not_found", `No sale has the id ${saleId}`)

/** One statement for all seats: 100,000 take about a second. */
const insertSeats = async (tx: Sql, saleId: SaleId, layout: Section[]) => {
  const firsts = layout.map((_, index) => layout.slice(0, index).reduce((seats, section) => seats + section.seats, 0))
  const numbers = layout.map((_, index) => index + 1)
  const seats = layout.map((section) => section.seats)
  const prefix = saleId.slice(0, 21)
  await tx`
    insert into sections (sale_id, section_no, name, price_cents, first_seat_id, last_seat_id)
    select ${saleId}, no, name, price_cents, ${prefix} || seat_code(first + 1), ${prefix} || seat_code(first + seats)
    from unnest(
      ${numbers}::int[], ${layout.map((section) => section.name)}::text[], ${layout.map((section) => section.priceCents)}::int[],
      ${firsts}::int[], ${seats}::int[]
    ) as section (no, name, price_cents, first, seats)`
  await tx`
    insert into seats (sale_id, seat_id, section_no, row_no, num)
    select ${saleId}, ${prefix} || seat_code(first + n), no, (n - 1) / per_row + 1, (n - 1) % per_row + 1
    from unnest(
      ${numbers}::int[], ${firsts}::int[], ${seats}::int[], ${layout.map((section) => section.seatsPerRow)}::int[]
    ) as section (no, first, seats, per_row)
    cross join lateral generate_series(1, seats) as n`
}

type Row = {
  saleId: string
  eventId: string
  queueOpensAt: Date
  opensAt: Date
  endsAt: Date
  totalSeats: number
  admitPerMinute: number
  waitingRoomCap: number
  maxTicketsPerUser: number
  shopperCapacity: number
  callWindowMs: number
  admissionLengthMs: number
  holdLengthMs: number
  message: string
  paused: boolean
  closed: boolean
  createdAt: Date
}

const at = (date: Date): EpochMs => epochMs(date.getTime())

const saleOf = ({ callWindowMs, admissionLengthMs, holdLengthMs, ...row }: Row): Sale => ({
  ...row,
  saleId: trustedId<SaleId>(row.saleId),
  eventId: trustedId<EventId>(row.eventId),
  queueOpensAt: at(row.queueOpensAt),
  opensAt: at(row.opensAt),
  endsAt: at(row.endsAt),
  createdAt: at(row.createdAt),
  callWindow: millis(callWindowMs),
  admissionLength: millis(admissionLengthMs),
  holdLength: millis(holdLengthMs),
})

const rowOf = ({
  queueOpensAt,
  opensAt,
  endsAt,
  callWindow,
  admissionLength,
  holdLength,
  ...settings
}: SaleSettings) => ({
  ...settings,
  queueOpensAt: new Date(queueOpensAt),
  opensAt: new Date(opensAt),
  endsAt: new Date(endsAt),
  callWindowMs: lengthOf(callWindow),
  admissionLengthMs: lengthOf(admissionLength),
  holdLengthMs: lengthOf(holdLength),
})

/** A plain number for the driver. */
const lengthOf = (length: Millis): number => length

const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
