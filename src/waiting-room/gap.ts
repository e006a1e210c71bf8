import type { SaleId } from "../ids.ts"
import type { Sql } from "../stores/postgres.ts"

/** Positions that a rebuild skipped; only receipts give them out. */
export type Gap = { from: number; to: number }

/** In the form of the hash: from-to,from-to, in order. */
export const gapsIn = (text: string): Gap[] =>
  text === ""
    ? []
    : text.split(",").map((each) => {
        const [from, to] = each.split("-").map(Number)
        return { from: from!, to: to! }
      })

export const gapsText = (gaps: Gap[]) => gaps.map(({ from, to }) => `${from}-${to}`).join()

export const gapsBehind = (gaps: Gap[], position: number) =>
  gaps.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from - 1, position)), 0)

export const keepGap = (tx: Sql, saleId: SaleId, { from, to }: Gap) => tx`
  insert into queue_gaps (sale_id, from_position, to_position)
  values (${saleId}, ${from}, ${to})
  on conflict on constraint queue_gaps_once do nothing`

export const listGaps = (tx: Sql, saleId: SaleId) => tx<Gap[]>`
  select from_position as from, to_position as to
  from queue_gaps
  where sale_id = ${saleId}
  order by from_position
  limit 1000`
