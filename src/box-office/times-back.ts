import type { SaleId } from "../ids.ts"
import type { Sql } from "../stores/postgres.ts"
import type { EpochMs } from "../units.ts"

export type WhichTimes = { saleId?: SaleId; tooLong?: boolean }
export type SetBack = { admissions: number; holds: number }

/**
 * What was noted on a clock that went too fast comes back to `now`, with the time that it has left. `tooLong` takes what lasts longer
 * than it can for that as well, which a change of the sale's settings may also have caused.
 */
export const setTimesBack = async (
  sql: Sql,
  now: EpochMs,
  { saleId, tooLong = false }: WhichTimes = {},
): Promise<SetBack> => {
  const [setBack] = await sql<SetBack[]>`
    select admissions, holds from set_times_back(${now}::timestamptz, ${saleId ?? null}::text, ${tooLong}::boolean)`
  return setBack!
}
