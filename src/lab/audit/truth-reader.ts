import { Fault } from "../../fault.ts"
import type { SaleId } from "../../ids.ts"
import type { Pool, Sql } from "../../stores/postgres.ts"
import type { Redis } from "../../stores/redis.ts"
import { epochMs, type EpochMs } from "../../units.ts"
import type { ServerTruth, TruthEntry, TruthHold } from "../model/truth.ts"

/**
 * Reads one sale: from Postgres all tables as of one moment, then every position that Redis has.
 * The journal has to be drained before. A room that Redis no longer has is not compared.
 * `now` is for a sale whose server runs: expired holds must be gone by then. Without it the last sweep is that moment.
 * @throws Fault sale_not_found; Fault overloaded when a table has more rows than one audit reads.
 */
export const readTruth = async (sql: Pool, redis: Redis, saleId: SaleId, now?: EpochMs): Promise<ServerTruth> => {
  const truth = await readPostgres(sql, saleId, now)
  return { ...truth, roomEntries: await readPositions(redis, saleId) }
}

const readPostgres = (sql: Pool, saleId: SaleId, now?: EpochMs): Promise<ServerTruth> =>
  sql.begin("isolation level repeatable read read only", async (tx) => {
    await tx`set local statement_timeout = '60s'`
    const [sale] = await tx<ServerTruth["sale"][]>`
      select total_seats, admit_per_minute, shopper_capacity, max_tickets_per_user, call_window_ms as call_window
      from sales where sale_id = ${saleId} limit 1`
    if (sale === undefined) throw new Fault("sale_not_found", `No sale is called ${saleId}`)
    const [{ seats } = { seats: 0 }] = await tx<
      { seats: number }[]
    >`select count(*) as seats from seats where sale_id = ${saleId} limit 1`
    const [{ sweptAt } = { sweptAt: null }] = await tx<
      { sweptAt: EpochMs | null }[]
    >`select swept_at from sweeps limit 1`
    const sweptUntil = now ?? epochMs(sweptAt ?? 0)
    return { sale, seats, sweptUntil, ...(await queueOf(tx, saleId)), ...(await salesOf(tx, saleId)) }
  }) as Promise<ServerTruth>

const queueOf = async (tx: Sql, saleId: SaleId) => {
  const entries = await tx<{ account: string; position: number; joinedAt: EpochMs }[]>`
    select account_id as account, position, joined_at
    from queue_entries where sale_id = ${saleId} order by position limit ${rowsRead}`
  const gaps = await tx<{ from: number; to: number }[]>`
    select from_position as from, to_position as to from queue_gaps where sale_id = ${saleId} order by from_position limit ${rowsRead}`
  const calls = await tx<ServerTruth["calls"]>`
    select from_position as from, to_position as to, again, generation, entry_id, called_at
    from queue_calls where sale_id = ${saleId} order by called_at, from_position limit ${rowsRead}`
  const settings = await tx<ServerTruth["settings"]>`
    select generation, entry_id, since, admit_per_minute, shopper_capacity, call_window_ms as call_window, paused, closed, assumed
    from queue_settings where sale_id = ${saleId} order by since limit ${rowsRead}`
  const admissions = await tx<
    {
      admissionId: string
      account: string
      position: number
      grantedAt: EpochMs
      endsAt: EpochMs
      finishedAt: EpochMs | null
    }[]
  >`
    select admission_id, account_id as account, position, granted_at, ends_at, finished_at
    from queue_admissions left join queue_finishes using (admission_id)
    where queue_admissions.sale_id = ${saleId} order by granted_at limit ${rowsRead}`
  return {
    entries: [...whole(entries)],
    gaps: [...whole(gaps)],
    calls: [...whole(calls)],
    settings: [...whole(settings)],
    admissions: whole(admissions).map(({ finishedAt, ...each }) => ({
      ...each,
      ...(finishedAt === null ? {} : { finishedAt }),
    })),
  }
}

const salesOf = async (tx: Sql, saleId: SaleId) => {
  const caps = await tx<ServerTruth["caps"]>`
    select since, max_tickets_per_user, assumed
    from sale_settings where sale_id = ${saleId} order by entry_no limit ${rowsRead}`
  const tickets = await tx<ServerTruth["tickets"]>`
    select ticket_id, seat_id, order_id, account_id as account
    from tickets where sale_id = ${saleId} and status in ('valid', 'used') order by ticket_id limit ${rowsRead}`
  const holds = await tx<
    (Pick<TruthHold, "holdId" | "account" | "admissionId" | "live" | "seats" | "seatsKept"> & {
      takenAt: EpochMs
      expiresAt: EpochMs
      releasedAt: EpochMs | null
    })[]
  >`
    select hold_id, account_id as account, admission_id, released_at is null and consumed_at is null as live, seats,
      coalesce(seats_kept, 0)::int as seats_kept, taken_at, expires_at, released_at
    from holds left join (
      select hold_id, count(*) as seats_kept from seats where sale_id = ${saleId} and state = 'held' group by hold_id
    ) kept using (hold_id)
    where sale_id = ${saleId} order by hold_id limit ${rowsRead}`
  const orders = await tx<
    {
      orderId: string
      account: string
      admissionId: string
      holdId: string
      amountCents: number
      paidAt: EpochMs
    }[]
  >`
    select order_id, account_id as account, admission_id, hold_id, amount_cents, paid_at
    from orders where sale_id = ${saleId} and status = 'paid' order by order_id limit ${rowsRead}`
  const payments = await tx<ServerTruth["payments"]>`
    select payment_id, order_id, payments.amount_cents
    from payments join orders using (order_id)
    where sale_id = ${saleId} and payments.status = 'captured' order by payment_id limit ${rowsRead}`
  return {
    caps: [...whole(caps)],
    tickets: [...whole(tickets)],
    holds: whole(holds).map(({ releasedAt, ...each }) => ({
      ...each,
      ...(releasedAt === null ? {} : { releasedAt }),
    })),
    payments: [...whole(payments)],
    orders: [...whole(orders)],
  }
}

const rowsRead = 1_000_000
const whole = <T>(rows: readonly T[]): readonly T[] => {
  if (rows.length === rowsRead)
    throw new Fault("overloaded", `The sale has ${rowsRead} rows or more in one table; the audit reads no more`)
  return rows
}

/** The audit reads the hash itself, not through the code that it audits. HASH account -> position:joined_ms, ":used" may follow. */
const positionsKey = (saleId: SaleId) => `sale:{${saleId}}:positions`
/** HASH that exists as long as the room does. */
const stateKey = (saleId: SaleId) => `sale:{${saleId}}:state`

const readPositions = async (redis: Redis, saleId: SaleId): Promise<TruthEntry[] | undefined> => {
  const entries = new Map<string, TruthEntry>()
  let cursor = "0"
  do {
    const [next, pairs] = await redis.hscan(positionsKey(saleId), cursor, "COUNT", 1000)
    for (let index = 0; index < pairs.length; index += 2) {
      const [position, joinedMs] = pairs[index + 1]!.split(":").map(Number)
      entries.set(pairs[index]!, { account: pairs[index]!, position: position!, joinedAt: epochMs(joinedMs!) })
    }
    cursor = next
  } while (cursor !== "0" && entries.size < rowsRead)
  whole([...entries.keys()])
  const isGone = entries.size === 0 && (await redis.exists(stateKey(saleId))) === 0
  return isGone ? undefined : [...entries.values()]
}

export const saleExists = async (sql: Pool, saleId: SaleId): Promise<boolean> =>
  (await sql`select 1 from sales where sale_id = ${saleId} limit 1`).length === 1
