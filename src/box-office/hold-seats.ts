import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, parseId, type HoldId, type SaleId, type SeatId } from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { cents, epochMs, rfc3339, type Cents, type EpochMs, type Millis } from "../units.ts"
import { enter, refuseEnded } from "./admissions.ts"
import { takeBest } from "./best-seats.ts"
import { once, parseKey, valueOf } from "./idempotency.ts"
import { inWords, isRefusedBy } from "./refusals.ts"
import { isLive, releaseHolds } from "./release.ts"
import { ticketsPerUserMax } from "./sale-settings.ts"
import { takeNamed } from "./seats.ts"
import { parseWhole } from "./validate.ts"

export type Hold = { holdId: HoldId; seatIds: SeatId[]; expiresAt: EpochMs; amountCents: Cents }
export type HoldRequest = { seatIds?: SeatId[]; quantity?: number; idempotencyKey: string }

export const holdSeats = async (sql: Pool, clock: Clock, shopper: Admission, request: HoldRequest): Promise<Hold> => {
  const choice = parseChoice(request)
  const { saleId, accountId } = shopper
  const intent = { saleId, accountId, operation: "hold", key: parseKey(request.idempotencyKey), body: choice } as const
  const attempt = () =>
    transaction(sql, (tx) => {
      const now = clock()
      return once(tx, intent, now, async () => {
        const value = await takeSeats(tx, shopper, choice, now)
        refuseEnded(shopper, clock())
        return { state: "done" as const, value }
      })
    })
  const answer = await inWords(async () => {
    try {
      return await attempt()
    } catch (error) {
      if (!isRefusedBy(error, "one_live_hold")) throw error
      await refuseLiveHold(sql, shopper, clock())
      return attempt()
    }
  })
  return valueOf(answer)
}

type Choice = { seatIds: SeatId[] } | { quantity: number }
const sizeOf = (choice: Choice) => ("seatIds" in choice ? choice.seatIds.length : choice.quantity)

const parseChoice = ({ seatIds, quantity }: HoldRequest): Choice => {
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
const takeSeats = async (tx: Sql, shopper: Admission, choice: Choice, now: EpochMs): Promise<Hold> => {
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
      ${sizeOf(choice)}, ${takenAt}, ${expiresAt}
    )`
  const seats =
    "seatIds" in choice
      ? await takeNamed(tx, shopper.saleId, holdId, choice.seatIds)
      : await takeBest(tx, shopper.saleId, holdId, choice.quantity)
  if (seats.length < sizeOf(choice)) throw unavailable(choice)
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

const unavailable = (choice: Choice) =>
  "seatIds" in choice
    ? new Fault("unavailable", "One of these seats is not available; none was taken")
    : new Fault(
        "unavailable",
        `There are not ${choice.quantity} seats at this moment; seats that others hold may come back`,
      )

/** A hold past its end that the sweeper has not seen yet must not keep its own account waiting: it is released here. */
const refuseLiveHold = (sql: Pool, { saleId, accountId }: Admission, now: EpochMs): Promise<void> =>
  transaction(sql, async (tx) => {
    const [live] = await tx<{ holdId: HoldId; expiresAt: EpochMs }[]>`
      select hold_id, expires_at from holds
      where sale_id = ${saleId} and account_id = ${accountId} and ${isLive(tx)}
      for update`
    if (!live) return
    if (live.expiresAt > now)
      throw new Fault("hold_exists", "Pay or release the hold that you have first", {
        facts: { hold_id: live.holdId, expires_at: rfc3339(live.expiresAt) },
      })
    await releaseHolds(tx, [live.holdId], now)
  })
