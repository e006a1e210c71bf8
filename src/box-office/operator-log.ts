import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Pool } from "../stores/postgres.ts"
import type { EpochMs } from "../units.ts"

export type Deed = { operator: string; action: string; saleId?: SaleId; detail?: string }
export type LoggedDeed = Required<Omit<Deed, "saleId">> & { entryNo: number; at: EpochMs; saleId?: SaleId }

export const openOperatorLog = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  record: async ({ operator, action, saleId, detail = "" }: Deed): Promise<void> => {
    await sql`
      insert into operator_log (at, operator, action, sale_id, detail)
      values (${clock()}, ${operator}, ${action}, ${saleId ?? null}, ${detail.slice(0, detailMax)})`
  },

  list: async ({ saleId, limit = 100 }: { saleId?: SaleId; limit?: number } = {}): Promise<LoggedDeed[]> => {
    const rows = await sql<Row[]>`
      select entry_no, at, operator, action, sale_id, detail from operator_log
      ${saleId === undefined ? sql`` : sql`where sale_id = ${saleId}`}
      order by entry_no desc
      limit ${Math.min(limit, 1000)}`
    return rows.map(({ saleId: sale, ...row }) => ({ ...row, saleId: sale ?? undefined }))
  },
})

/** Characters. */
const detailMax = 1000

type Row = { entryNo: number; at: EpochMs; operator: string; action: string; saleId: SaleId | null; detail: string }
