import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, type EventId, type SaleId } from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { millis, type EpochMs, type Millis } from "../units.ts"
import { insertEvent, type NewEvent } from "./events.ts"
import { parseLayout, type GivenSection } from "./layout.ts"
import { insertSeats, letPlannerSee } from "./new-seats.ts"
import { inWords } from "./refusals.ts"
import { readPrices, readStats, readStock } from "./sale-figures.ts"
import { defaults, parsePatch, parseSettings, type SalePatch, type SaleSettings } from "./sale-settings.ts"

export type Sale = SaleSettings & { saleId: SaleId; eventId: EventId; totalSeats: number; createdAt: EpochMs }

/** `defaults` holds what may be left out. Without `queueOpensAt` the waiting room opens with the sale. */
export type NewSale = Omit<SaleSettings, keyof typeof defaults | "queueOpensAt"> &
  Partial<SaleSettings> & { eventId: EventId; totalSeats: number; sections?: GivenSection[]; priceCents?: number }

/** At most this many sales are live for the waiting rooms at one time, the newest. */
export const liveSalesMax = 64

export const openSales = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  /** Makes the sale and its seats, all or nothing. @throws Fault invalid_input, event_not_found. */
  create: (given: NewSale): Promise<Sale> => create(sql, clock, async () => given),

  createWithEvent: (event: NewEvent, given: (eventId: EventId) => NewSale): Promise<Sale> =>
    create(sql, clock, async (tx) => given(await insertEvent(tx, event, clock()))),

  lookup: (saleId: SaleId) => lookup(sql, saleId),

  find: (saleId: SaleId) => find(sql, saleId),

  /** Changes a running sale; what is not named stays. @throws Fault sale_not_found, invalid_input. */
  change: (saleId: SaleId, given: SalePatch): Promise<Sale> => change(sql, clock, saleId, withoutUndefined(given)),

  listLive: async (): Promise<Sale[]> => {
    const rows = await sql<Row[]>`select * from sales where not closed order by created_at desc limit ${liveSalesMax}`
    return rows.map(saleOf)
  },

  listOf: async (eventId: EventId): Promise<Sale[]> => {
    const rows = await sql<Row[]>`select * from sales where event_id = ${eventId} order by opens_at desc limit 100`
    return rows.map(saleOf)
  },

  /** Reads a few counters, never the seats. @throws Fault sale_not_found. */
  stock: async (saleId: SaleId) => (await readStock(sql, saleId)) ?? refuseUnknown(saleId),

  prices: async (saleId: SaleId) => (await readPrices(sql, saleId)) ?? refuseUnknown(saleId),

  stats: async (saleId: SaleId) => (await readStats(sql, saleId)) ?? refuseUnknown(saleId),
})

const create = async (sql: Pool, clock: Clock, given: (tx: Sql) => Promise<NewSale>): Promise<Sale> => {
  const sale = await inWords(() =>
    transaction(sql, async (tx) => insertSale(tx, await given(tx), clock()), { isPatient: true }),
  )
  await letPlannerSee(sql, sale.totalSeats)
  return sale
}

const insertSale = async (tx: Sql, given: NewSale, createdAt: EpochMs): Promise<Sale> => {
  const { eventId, totalSeats, sections, priceCents, ...settings } = given
  const layout = parseLayout({ totalSeats, sections, priceCents })
  const parsed = parseSettings({ queueOpensAt: given.opensAt, ...defaults, ...withoutUndefined(settings) })
  const saleId = newId<SaleId>(createdAt)
  await tx`set local statement_timeout = '60s'`
  const [row] = await tx<Row[]>`
    insert into sales ${tx({ saleId, eventId, totalSeats, createdAt, ...rowOf(parsed) })}
    returning *`
  await keepSettings(tx, saleId, createdAt, parsed)
  await insertSeats(tx, saleId, layout)
  return saleOf(row!)
}

const lookup = async (sql: Sql, saleId: SaleId): Promise<Sale | undefined> => {
  const [row] = await sql<Row[]>`select * from sales where sale_id = ${saleId} limit 1`
  return row && saleOf(row)
}

const find = async (sql: Sql, saleId: SaleId): Promise<Sale> => (await lookup(sql, saleId)) ?? refuseUnknown(saleId)

const change = async (sql: Pool, clock: Clock, saleId: SaleId, patch: SalePatch): Promise<Sale> => {
  if (Object.keys(patch).length === 0) return find(sql, saleId)
  return transaction(sql, async (tx) => {
    const [before] = await tx<Row[]>`select * from sales where sale_id = ${saleId} for no key update`
    if (!before) return refuseUnknown(saleId)
    const after = parsePatch(saleOf(before), patch)
    if (after.maxTicketsPerUser !== before.maxTicketsPerUser || after.holdLength !== before.holdLengthMs)
      await keepSettings(tx, saleId, clock(), after)
    const [row] = await tx<Row[]>`
      update sales set ${tx(rowOf(after))}
      where sale_id = ${saleId}
      returning *`
    return saleOf(row!)
  })
}

/** What the box office judged by, and since when. The waiting room journals the rest. */
const keepSettings = async (
  tx: Sql,
  saleId: SaleId,
  since: EpochMs,
  { maxTicketsPerUser, holdLength }: SaleSettings,
) => {
  await tx`
    insert into sale_settings (sale_id, since, max_tickets_per_user, hold_length_ms)
    values (${saleId}, ${since}, ${maxTicketsPerUser}, ${holdLength})`
}

const refuseUnknown = (saleId: SaleId): never => {
  throw new Fault("sale_not_found", `No sale has the id ${saleId}`)
}

type Lengths = "callWindow" | "admissionLength" | "holdLength"
type Row = Omit<Sale, Lengths> & { [Name in Lengths as `${Name}Ms`]: number }

const saleOf = ({ callWindowMs, admissionLengthMs, holdLengthMs, ...row }: Row): Sale => ({
  ...row,
  callWindow: millis(callWindowMs),
  admissionLength: millis(admissionLengthMs),
  holdLength: millis(holdLengthMs),
})

const rowOf = ({ callWindow, admissionLength, holdLength, ...settings }: SaleSettings) => ({
  ...settings,
  callWindowMs: plain(callWindow),
  admissionLengthMs: plain(admissionLength),
  holdLengthMs: plain(holdLength),
})

/** The driver's types take no branded number in an object. */
const plain = (length: Millis): number => length

const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
