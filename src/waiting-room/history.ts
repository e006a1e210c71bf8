import type { AccountId, SaleId } from "../ids.ts"
import type { Pool } from "../stores/postgres.ts"
import type { EpochMs } from "../units.ts"
import type { Journal } from "./journal/journal.ts"

export type QueueMoment = {
  at: EpochMs
  what: "joined" | "joined_by_receipt" | "called" | "admitted" | "admission_ends" | "finished" | "expired"
  position: number
}

export const openHistory = ({ sql, journal }: { sql: Pool; journal: Journal }) => ({
  of: async (saleId: SaleId, accountId: AccountId): Promise<QueueMoment[]> => {
    await journal.drain(saleId)
    const [entry] = await sql<{ position: number; joinedAt: EpochMs; restored: boolean }[]>`
      select position, joined_at, restored from queue_entries
      where sale_id = ${saleId} and account_id = ${accountId}
      limit 1`
    if (!entry) return []
    const { position } = entry
    const calls = await sql<{ calledAt: EpochMs }[]>`
      select called_at from queue_calls
      where sale_id = ${saleId} and to_position >= ${position} and from_position <= ${position}
      order by called_at
      limit 100`
    const admissions = await sql<
      { grantedAt: EpochMs; endsAt: EpochMs; finishedAt: EpochMs | null; reason: string | null }[]
    >`
      select granted_at, ends_at, finished_at, reason
      from queue_admissions left join queue_finishes using (admission_id)
      where queue_admissions.sale_id = ${saleId} and account_id = ${accountId}
      order by granted_at
      limit 100`
    const moment = (at: EpochMs, what: QueueMoment["what"]): QueueMoment => ({ at, what, position })
    return [
      moment(entry.joinedAt, entry.restored ? "joined_by_receipt" : "joined"),
      ...calls.map((each) => moment(each.calledAt, "called")),
      ...admissions.flatMap(({ grantedAt, endsAt, finishedAt, reason }) => [
        moment(grantedAt, "admitted"),
        finishedAt
          ? moment(finishedAt, reason === "expired" ? "expired" : "finished")
          : moment(endsAt, "admission_ends"),
      ]),
    ].sort((a, b) => a.at - b.at)
  },
})
