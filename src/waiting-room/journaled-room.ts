import type { SaleId } from "../ids.ts"
import type { EpochMs } from "../units.ts"
import type { Sql } from "../stores/postgres.ts"

export type JournaledRoom = {
  generation: number
  opened: boolean
  journaledId: string
  alarm: string | null
  collectedAt: EpochMs | null
  /** The highest position in the journal. */
  highest: number
}

export const lookupJournaled = async (sql: Sql, saleId: SaleId, locked?: "locked") => {
  const rooms = await sql<JournaledRoom[]>`
    select generation, opened, journaled_id, alarm, collected_at,
      coalesce((select max(position) from queue_entries where sale_id = ${saleId}), 0) as highest
    from queue_rooms
    where sale_id = ${saleId}
    limit 1
    ${locked ? sql`for update` : sql``}`
  return rooms[0]
}

export type Totals = {
  entries: number
  highest: number
  admitted: number
  served: number
  called: number
  epoch: number
  alarmed: boolean
}

export const totalsOf = async (sql: Sql, saleId: SaleId): Promise<Totals> => {
  const [totals] = await sql<Totals[]>`
    select entry.*, called.*,
      (select count(*) from queue_admissions where sale_id = ${saleId}) as admitted,
      exists (select 1 from queue_rooms where sale_id = ${saleId} and alarm is not null) as alarmed
    from
      (select count(*) as entries, coalesce(max(position), 0) as highest from queue_entries where sale_id = ${saleId}) as entry,
      (
        select coalesce(max(to_position) filter (where not again), 0) as served,
          coalesce(sum(to_position - from_position + 1), 0)::bigint as called,
          coalesce(max(epoch), 0) as epoch
        from queue_calls
        where sale_id = ${saleId}
      ) as called
    limit 1`
  return totals!
}
