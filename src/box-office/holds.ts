import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import type { AccountId, HoldId, OrderId, SaleId, SeatId } from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { cents, type Cents, type EpochMs } from "../units.ts"
import { holdSeats, type Hold, type HoldRequest } from "./hold-seats.ts"
import { inWords } from "./refusals.ts"
import { holdNotFound, isLive, releaseHolds } from "./release.ts"
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
export const openHolds = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  /**
   * Takes all the seats or none, until the hold's length has passed or the admission ends.
   * @throws Fault invalid_input, malformed_id, unavailable, cap_exceeded, hold_exists, sale_closed, admission_invalid,
   * admission_required, idempotency_running, idempotency_mismatch.
   */
  hold: (shopper: Admission, request: HoldRequest): Promise<Hold> => holdSeats(sql, clock, shopper, request),

  /** @throws Fault hold_not_found, also for another account's hold. */
  find: async (holdId: HoldId, accountId: AccountId): Promise<HeldSeats> => {
    const held = await readHeldSeats(sql, accountId, { holdId }, clock())
    if (!held) throw new Fault("hold_not_found", `You have no hold ${holdId}`)
    return held
  },

  /** The hold that the account has in the sale at this moment. */
  lookupLive: async (saleId: SaleId, accountId: AccountId): Promise<HeldSeats | undefined> => {
    const held = await readHeldSeats(sql, accountId, { liveIn: saleId }, clock())
    return held?.state === "live" ? held : undefined
  },

  /** Gives the seats back; a hold that has ended already is let be. @throws Fault hold_not_found, hold_expired when it was paid. */
  release: (shopper: Admission, holdId: HoldId): Promise<void> =>
    inWords(() => transaction(sql, (tx) => release(tx, shopper, holdId, clock()))),
})

type Row = {
  holdId: HoldId
  saleId: SaleId
  expiresAt: EpochMs
  releasedAt: EpochMs | null
  consumedAt: EpochMs | null
  orderId: OrderId | null
}

const readHeldSeats = async (
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

const release = async (tx: Sql, { saleId, accountId }: Admission, holdId: HoldId, now: EpochMs): Promise<void> => {
  const [kept] = await tx<{ consumedAt: EpochMs | null; releasedAt: EpochMs | null }[]>`
    select consumed_at, released_at from holds
    where hold_id = ${holdId} and sale_id = ${saleId} and account_id = ${accountId}
    for update`
  if (!kept) throw holdNotFound(holdId)
  if (kept.consumedAt) throw new Fault("hold_expired", "This hold was paid; its tickets are yours")
  if (!kept.releasedAt) await releaseHolds(tx, [holdId], now)
}
