import type { AccountId, HoldId, OrderId, SaleId, SeatId } from "../ids.ts"
import type { Sql } from "../stores/postgres.ts"
import { cents, type Cents, type EpochMs } from "../units.ts"
import { isLive } from "./release.ts"
import { ticketsPerUserMax } from "./sale-settings.ts"

/** A hold with its seats, as its owner sees it; one that ended has none any more. */
export type HeldSeats = {
  holdId: HoldId
  saleId: SaleId
  state: "live" | "ended" | "paid"
  expiresAt: EpochMs
  orderId?: OrderId
  seats: { seatId: SeatId; section: string; row: string; num: number; priceCents: Cents }[]
  amountCents: Cents
}
type Row = {
  holdId: HoldId
  saleId: SaleId
  expiresAt: EpochMs
  releasedAt: EpochMs | null
  consumedAt: EpochMs | null
  orderId: OrderId | null
}

export const readHeldSeats = async (
  sql: Sql,
  accountId: AccountId,
  where: { holdId: HoldId } | { liveIn: SaleId },
  now: EpochMs,
): Promise<HeldSeats | undefined> => {
  const [hold] = await sql<Row[]>`
    select hold_id, hold.sale_id, expires_at, released_at, consumed_at, order_id
    from holds hold
    left join orders using (hold_id)
    where hold.account_id = ${accountId}
      and ${"holdId" in where ? sql`hold_id = ${where.holdId}` : sql`hold.sale_id = ${where.liveIn} and ${isLive(sql)}`}
    limit 1`
  if (!hold) return undefined
  const seats = await sql<HeldSeats["seats"]>`
    select seat.seat_id, section.name as section, seat.row_no::text as row, seat.num, section.price_cents
    from seats seat
    join sections section on section.sale_id = seat.sale_id and section.section_no = seat.section_no
    where seat.sale_id = ${hold.saleId} and seat.hold_id = ${hold.holdId}
    order by seat.seat_id
    limit ${ticketsPerUserMax}`
  return {
    holdId: hold.holdId,
    saleId: hold.saleId,
    expiresAt: hold.expiresAt,
    state: stateOf(hold, now),
    orderId: hold.consumedAt ? (hold.orderId ?? undefined) : undefined,
    seats: [...seats],
    amountCents: cents(seats.reduce((sum, seat) => sum + seat.priceCents, 0)),
  }
}

const stateOf = ({ consumedAt, releasedAt, expiresAt }: Row, now: EpochMs): HeldSeats["state"] =>
  consumedAt ? "paid" : releasedAt || expiresAt <= now ? "ended" : "live"
