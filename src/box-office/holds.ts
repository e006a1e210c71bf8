import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import type { AccountId, HoldId, OrderId, SaleId, SeatId } from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { cents, type Cents, type EpochMs } from "../units.ts"
import { enter } from "./admissions.ts"
import { holdSeats, type Hold, type HoldRequest } from "./hold-seats.ts"
import { once, parseKey, valueOf } from "./idempotency.ts"
import { inWords } from "./refusals.ts"
import { holdNotFound, isLive, releaseHolds } from "./release.ts"
import { ticketsPerUserMax } from "./sale-settings.ts"

export type HeldSeats = {
  holdId: HoldId
  saleId: SaleId
  state: "live" | "ended" | "paid"
  expiresAt: EpochMs
  /** When it would end if it were extended: once it was, and where the admission ends first, not at all. */
  extendableTo?: EpochMs
  orderId?: OrderId
  seats: { seatId: SeatId; section: string; row: string; num: number; priceCents: Cents }[]
  amountCents: Cents
}
export type ExtendRequest = { holdId: HoldId; idempotencyKey: string }

export const openHolds = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  /**
   * Takes all the seats or none, until the hold's length has passed or the admission ends.
   * @throws Fault invalid_input, malformed_id, unavailable, cap_exceeded, hold_exists, sale_closed, admission_invalid,
   * admission_required, idempotency_running, idempotency_mismatch.
   */
  hold: (shopper: Admission, request: HoldRequest): Promise<Hold> => holdSeats(sql, clock, shopper, request),

  /**
   * Keeps the seats for the sale's hold length again, never past the end of the admission. A hold is extended once.
   * @throws Fault hold_already_extended, hold_expired, hold_not_found, invalid_input, admission_invalid, admission_required,
   * idempotency_running, idempotency_mismatch.
   */
  extend: (shopper: Admission, request: ExtendRequest): Promise<Hold> => extend(sql, clock, shopper, request),

  find: async (holdId: HoldId, accountId: AccountId): Promise<HeldSeats> => {
    const held = await readHeldSeats(sql, accountId, { holdId }, clock())
    if (!held) throw new Fault("hold_not_found", `You have no hold ${holdId}`)
    return held
  },

  lookupLive: async (saleId: SaleId, accountId: AccountId): Promise<HeldSeats | undefined> => {
    const held = await readHeldSeats(sql, accountId, { liveIn: saleId }, clock())
    return held?.state === "live" ? held : undefined
  },

  /** Gives the seats back; a hold that has ended already is let be. @throws Fault hold_not_found, hold_expired when it was paid. */
  release: (shopper: Admission, holdId: HoldId): Promise<void> =>
    inWords(() => transaction(sql, (tx) => release(tx, shopper, holdId, clock()))),
})

const extend = async (
  sql: Pool,
  clock: Clock,
  shopper: Admission,
  { holdId, idempotencyKey }: ExtendRequest,
): Promise<Hold> => {
  const { saleId, accountId } = shopper
  const intent = { saleId, accountId, operation: "extend", key: parseKey(idempotencyKey), body: { holdId } }
  const answer = await inWords(() =>
    transaction(sql, (tx) => {
      const now = clock()
      return once(tx, intent, now, async () => ({ state: "done", value: await extendOnce(tx, shopper, holdId, now) }))
    }),
  )
  return valueOf(answer)
}

/** The statement decides; what it refused is looked up afterwards, for the words alone. */
const extendOnce = async (tx: Sql, shopper: Admission, holdId: HoldId, now: EpochMs): Promise<Hold> => {
  const { saleId, accountId } = shopper
  await enter(tx, shopper, now)
  const { count } = await tx`
    update holds hold set extended_at = ${now}, expires_at = greatest(hold.expires_at, ${extendedEnd(tx)})
    from sales sale
    where hold.hold_id = ${holdId} and hold.sale_id = ${saleId} and hold.account_id = ${accountId}
      and ${isLive(tx)} and hold.expires_at > ${now} and hold.extended_at is null
      and sale.sale_id = hold.sale_id`
  const held = await readHeldSeats(tx, accountId, { holdId }, now)
  if (held?.saleId !== saleId) throw holdNotFound(holdId)
  if (held.state !== "live") throw new Fault("hold_expired", "There is no time left to extend")
  if (count === 0) throw new Fault("hold_already_extended", "A hold is extended once; pay, or give the seats back")
  return {
    holdId,
    seatIds: held.seats.map((seat) => seat.seatId),
    expiresAt: held.expiresAt,
    amountCents: held.amountCents,
  }
}

const extendedEnd = (sql: Sql) =>
  sql`least(hold.expires_at + sale.hold_length_ms * interval '1 millisecond', hold.admission_ends_at)`

type Row = {
  holdId: HoldId
  saleId: SaleId
  expiresAt: EpochMs
  extendableTo: EpochMs | null
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
    select hold_id, hold.sale_id, expires_at, released_at, consumed_at, order_id,
      case when extended_at is null then ${extendedEnd(sql)} end as extendable_to
    from holds hold
    join sales sale on sale.sale_id = hold.sale_id
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
  const state = stateOf(hold, now)
  const { expiresAt, extendableTo } = hold
  return {
    holdId: hold.holdId,
    saleId: hold.saleId,
    expiresAt,
    state,
    extendableTo: state === "live" && extendableTo !== null && extendableTo > expiresAt ? extendableTo : undefined,
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
