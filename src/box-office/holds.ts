import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import {
  newId,
  parseId,
  trustedId,
  type AccountId,
  type HoldId,
  type OrderId,
  type SaleId,
  type SeatId,
} from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { cents, epochMs, rfc3339, type Cents, type EpochMs, type Millis } from "../units.ts"
import { enter } from "./admissions.ts"
import { parseWhole } from "./bounds.ts"
import { once, parseKey, valueOf } from "./idempotency.ts"
import { inWords, isRefusedBy } from "./refusals.ts"
import { ticketsPerUserMax } from "./sale-settings.ts"
import { takeAny, takeNamed, takeTogether, type TakenSeat } from "./seats.ts"

export type Hold = { holdId: HoldId; seatIds: SeatId[]; expiresAt: EpochMs; amountCents: Cents }
/** Either the seats by name, or how many of the best. */
export type Wish = { seatIds?: SeatId[]; quantity?: number; idempotencyKey: string }

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
type HoldRow = {
  holdId: HoldId
  saleId: SaleId
  expiresAt: EpochMs
  releasedAt: EpochMs | null
  consumedAt: EpochMs | null
  orderId: OrderId | null
}

export const openHolds = ({ sql, clock }: { sql: Pool; clock: Clock }) => {
  /**
   * Takes all the seats or none, until the hold's length has passed or the admission ends.
   * @throws Fault invalid_input, malformed_id, unavailable, cap_exceeded, hold_exists, sale_closed, admission_invalid,
   * admission_required, idempotency_running, idempotency_mismatch.
   */
  const take = async (shopper: Admission, wish: Wish): Promise<Hold> => {
    const wanted = parseWish(wish)
    const key = parseKey(wish.idempotencyKey)
    const intent = {
      saleId: shopper.saleId,
      accountId: shopper.accountId,
      operation: "hold" as const,
      key,
      body: wanted,
    }
    const attempt = (now: EpochMs) =>
      transaction(sql, (tx) =>
        once(tx, intent, now, async () => ({
          state: "done" as const,
          value: await takeSeats(tx, shopper, wanted, now),
        })),
      )
    const answer = await inWords(async () => {
      try {
        return await attempt(clock())
      } catch (error) {
        if (!isRefusedBy(error, "one_live_hold")) throw error
        await refuseLiveHold(sql, shopper, clock())
        return attempt(clock())
      }
    })
    return valueOf(answer)
  }

  const read = async (
    accountId: AccountId,
    where: { holdId: HoldId } | { liveIn: SaleId },
  ): Promise<HeldSeats | undefined> => {
    const [hold] = await sql<HoldRow[]>`
      select hold.hold_id, hold.sale_id, hold.expires_at, hold.released_at, hold.consumed_at, orders.order_id
      from holds hold
      left join orders on orders.hold_id = hold.hold_id
      where hold.account_id = ${accountId}
        ${"holdId" in where ? sql`and hold.hold_id = ${where.holdId}` : sql`and hold.sale_id = ${where.liveIn} and hold.released_at is null and hold.consumed_at is null`}
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
      state: hold.consumedAt ? "paid" : hold.releasedAt || hold.expiresAt <= clock() ? "ended" : "live",
      orderId: hold.consumedAt ? (hold.orderId ?? undefined) : undefined,
      seats: [...seats],
      amountCents: cents(seats.reduce((sum, seat) => sum + seat.priceCents, 0)),
    }
  }

  return {
    take,

    /** @throws Fault hold_not_found, also for another account's hold. */
    find: async (holdId: HoldId, accountId: AccountId): Promise<HeldSeats> => {
      const hold = await read(accountId, { holdId })
      if (!hold) throw new Fault("hold_not_found", `You have no hold ${holdId}`)
      return hold
    },

    /** The hold that the account has in the sale at this moment. */
    lookupLive: async (saleId: SaleId, accountId: AccountId): Promise<HeldSeats | undefined> => {
      const hold = await read(accountId, { liveIn: saleId })
      return hold?.state === "live" ? hold : undefined
    },

    /** Gives the seats back; a hold that has ended already is let be. @throws Fault hold_not_found, hold_expired when it was paid. */
    release: async ({ saleId, accountId }: Admission, holdId: HoldId): Promise<void> =>
      inWords(() =>
        transaction(sql, async (tx) => {
          const [hold] = await tx<{ consumedAt: EpochMs | null; releasedAt: EpochMs | null }[]>`
            select consumed_at, released_at from holds
            where hold_id = ${holdId} and sale_id = ${saleId} and account_id = ${accountId}
            for update`
          if (!hold) throw holdNotFound(holdId)
          if (hold.consumedAt) throw new Fault("hold_expired", "This hold was paid; its tickets are yours")
          if (!hold.releasedAt) await releaseHolds(tx, [holdId], clock())
        }),
      ),
  }
}

export const holdNotFound = (holdId: HoldId) => new Fault("hold_not_found", `You have no hold ${holdId} in this sale`)

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
    where hold_id = any(${holdIds}::text[]) and released_at is null and consumed_at is null`
}

type Wanted = { seatIds: SeatId[] } | { quantity: number }
const sizeOf = (wanted: Wanted) => ("seatIds" in wanted ? wanted.seatIds.length : wanted.quantity)

const parseWish = ({ seatIds, quantity }: Wish): Wanted => {
  if ((seatIds === undefined) === (quantity === undefined))
    throw new Fault("invalid_input", "Name either seat_ids or a quantity", { facts: { field: "seat_ids" } })
  if (seatIds === undefined) return { quantity: parseWhole(quantity, "quantity", 1, ticketsPerUserMax) }
  parseWhole(Array.isArray(seatIds) ? seatIds.length : undefined, "the number of seat_ids", 1, ticketsPerUserMax)
  const ids = seatIds.map((each) => parseId<SeatId>(each, "seat_ids"))
  if (new Set(ids).size < ids.length)
    throw new Fault("invalid_input", "seat_ids names a seat twice", { facts: { field: "seat_ids" } })
  return { seatIds: ids.sort() }
}

/** The hold comes first: its constraints refuse a second hold and more than the cap before a seat is touched. */
const takeSeats = async (tx: Sql, shopper: Admission, wanted: Wanted, now: EpochMs): Promise<Hold> => {
  const [admission, sale] = await Promise.all([enter(tx, shopper, now), openSale(tx, shopper.saleId, now)])
  const holdId = newId<HoldId>(now)
  // Another node's clock may be a moment ahead: a hold is never before its admission.
  const takenAt = Math.max(now, admission.grantedAt)
  const expiresAt = epochMs(Math.min(takenAt + sale.holdLength, admission.endsAt))
  await tx`
    insert into holds (
      hold_id, sale_id, account_id, admission_id, admission_granted_at, admission_ends_at, seats, taken_at, expires_at
    ) values (
      ${holdId}, ${shopper.saleId}, ${shopper.accountId}, ${admission.admissionId}, ${admission.grantedAt}, ${admission.endsAt},
      ${sizeOf(wanted)}, ${takenAt}, ${expiresAt}
    )`
  const seats =
    "seatIds" in wanted
      ? await takeNamed(tx, shopper.saleId, holdId, wanted.seatIds)
      : await takeBest(tx, shopper.saleId, holdId, wanted.quantity)
  if (seats.length < sizeOf(wanted)) throw unavailable(wanted)
  return {
    holdId,
    seatIds: seats.map((seat) => seat.seatId),
    expiresAt,
    amountCents: cents(seats.reduce((sum, seat) => sum + seat.priceCents, 0)),
  }
}

const openSale = async (tx: Sql, saleId: SaleId, now: EpochMs) => {
  const [sale] = await tx<{ holdLengthMs: Millis; closed: boolean; endsAt: EpochMs }[]>`
    select hold_length_ms, closed, ends_at from sales where sale_id = ${saleId} limit 1`
  if (!sale) throw new Fault("sale_not_found", `No sale has the id ${saleId}`)
  if (sale.closed || now >= sale.endsAt)
    throw new Fault("sale_closed", "The sale is over; holds that you have can still be paid")
  return { holdLength: sale.holdLengthMs }
}

/** Side by side in the best section, else wherever; coming up short while others take seats is not sold out, so it tries again. */
const takeBest = async (tx: Sql, saleId: SaleId, holdId: HoldId, quantity: number): Promise<TakenSeat[]> => {
  // The first available seats come from the index in its order; a planner with old numbers may read them all and sort them.
  const [stock] = await Promise.all([available(tx, saleId), tx`set local enable_bitmapscan = off`])
  if (stock < quantity) return []
  for (const { among, spread } of tries) {
    const seats = await takeTogether(tx, saleId, holdId, { quantity, among, spread })
    if (seats.length > 0) return seats
  }
  for (let left = 3; ; left--) {
    const seats = await takeAny(tx, saleId, holdId, quantity)
    if (seats.length > 0 || left === 0) return seats
    if ((await available(tx, saleId)) < quantity) return []
    // Shorter than the pool waits before it connects again (50 ms): a connection that died meanwhile is nobody else's yet.
    await Bun.sleep(5 + Math.random() * 15)
  }
}

const available = async (tx: Sql, saleId: SaleId): Promise<number> => {
  const [stock] = await tx<{ available: number | null }[]>`
    select sum(available)::int as available from seat_stock where sale_id = ${saleId}`
  return stock?.available ?? 0
}

const tries = [
  { among: 200, spread: 1 },
  { among: 200, spread: 8 },
  { among: 2000, spread: 64 },
]

const unavailable = (wanted: Wanted) =>
  "seatIds" in wanted
    ? new Fault("unavailable", "One of these seats is not available; none was taken")
    : new Fault(
        "unavailable",
        `There are not ${wanted.quantity} seats at this moment; seats that others hold may come back`,
      )

/** A hold past its end that the sweeper has not seen yet must not keep its own account waiting: it is released here. */
const refuseLiveHold = async (sql: Pool, { saleId, accountId }: Admission, now: EpochMs) =>
  transaction(sql, async (tx) => {
    const [hold] = await tx<{ holdId: string; expiresAt: EpochMs }[]>`
      select hold_id, expires_at from holds
      where sale_id = ${saleId} and account_id = ${accountId} and released_at is null and consumed_at is null
      for update`
    if (!hold) return
    if (hold.expiresAt > now)
      throw new Fault("hold_exists", "Pay or release the hold that you have first", {
        facts: { hold_id: hold.holdId, expires_at: rfc3339(hold.expiresAt) },
      })
    await releaseHolds(tx, [trustedId<HoldId>(hold.holdId)], now)
  })
