import type { AccountId, SaleId } from "../ids.ts"
import type { Pool } from "../stores/postgres.ts"
import type { EpochMs } from "../units.ts"
import type { Journal } from "./journal/journal.ts"
import type { Turn } from "./turn.ts"

export type QueueEntry = {
  accountId: AccountId
  position: number
  joinedAt: EpochMs
  calledAt?: EpochMs
  admittedAt?: EpochMs
}

type Row = {
  accountId: AccountId
  position: number
  joinedAt: EpochMs
  calledAt: EpochMs | null
  admittedAt: EpochMs | null
}

export type Entries = ReturnType<typeof openEntries>

export const openEntries = ({ sql, journal }: { sql: Pool; journal: Journal }) => ({
  async list(saleId: SaleId, { after, limit }: { after: number; limit: number }): Promise<QueueEntry[]> {
    await journal.drain(saleId)
    const rows = await sql<Row[]>`
      select account_id, position, joined_at,
        (
          select min(called_at)
          from (
            select called_at
            from queue_calls call
            where call.sale_id = entry.sale_id and call.to_position >= entry.position and call.from_position <= entry.position
            limit 100
          ) as called
        ) as called_at,
        (
          select min(granted_at)
          from queue_admissions admission
          where admission.sale_id = entry.sale_id and admission.account_id = entry.account_id
        ) as admitted_at
      from queue_entries entry
      where sale_id = ${saleId} and position > ${after}
      order by position
      limit ${Math.min(limit, pageMax)}`
    return rows.map(({ accountId, position, joinedAt, calledAt, admittedAt }) => ({
      accountId,
      position,
      joinedAt,
      calledAt: calledAt ?? undefined,
      admittedAt: admittedAt ?? undefined,
    }))
  },

  /** Of a room that is no longer in Redis: the position stands, nobody is called any more. */
  async turn(saleId: SaleId, accountId: AccountId): Promise<Turn> {
    const [entry] = await sql<{ position: number }[]>`
      select position from queue_entries where sale_id = ${saleId} and account_id = ${accountId} limit 1`
    return entry ? { state: "missed", position: entry.position } : { state: "not_in_queue" }
  },
})

const pageMax = 1000
