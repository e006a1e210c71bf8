import { Fault } from "../fault.ts"
import type { HoldId } from "../ids.ts"
import type { Sql } from "../stores/postgres.ts"
import type { EpochMs } from "../units.ts"

/** Of a row of holds: neither given back nor paid. One past its end is live until it is released. */
export const isLive = (sql: Sql) => sql`released_at is null and consumed_at is null`

/**
 * Gives back the seats and the caps of holds that the transaction has locked.
 * The one place that releases: seats first, in their order; then the order that was not paid; last the hold, which moves the cap.
 */
export const releaseHolds = async (tx: Sql, holdIds: HoldId[], now: EpochMs): Promise<void> => {
  await tx`
    with held as materialized (
      select sale_id, seat_id from seats
      where hold_id = any(${holdIds}::text[]) and state = 'held'
      order by sale_id, seat_id
      for update
    )
    update seats seat set state = 'available', hold_id = null
    from held
    where seat.sale_id = held.sale_id and seat.seat_id = held.seat_id`
  await tx`update orders set status = 'expired' where hold_id = any(${holdIds}::text[]) and status = 'pending'`
  await tx`
    update holds set released_at = ${now}
    where hold_id = any(${holdIds}::text[]) and ${isLive(tx)}`
}

export const holdNotFound = (holdId: HoldId) => new Fault("hold_not_found", `You have no hold ${holdId} in this sale`)
