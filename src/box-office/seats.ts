import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { parseId, trustedId, type HoldId, type OrderId, type SaleId, type SeatId } from "../ids.ts"
import type { Pool, Sql } from "../stores/postgres.ts"
import { cents, type Cents } from "../units.ts"
import { refuseFinished } from "./admissions.ts"
import { parseLine, parseWhole } from "./validate.ts"

export type Seat = { seatId: SeatId; section: string; row: string; num: number; status: "available"; priceCents: Cents }
export type SeatFilter = { section?: string; maxPriceCents?: number; after?: SeatId; limit?: number }

export const seatsPerPageMax = 200

export const openSeats = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  /**
   * What is available, best section first; the next page starts `after` the last seat of this one.
   * @throws Fault invalid_input, malformed_id, admission_invalid, admission_required.
   */
  list: async (shopper: Admission, filter: SeatFilter = {}): Promise<Seat[]> => {
    const section = filter.section === undefined ? undefined : parseLine(filter.section, "section", 1, 60)
    const maxPriceCents =
      filter.maxPriceCents === undefined
        ? undefined
        : parseWhole(filter.maxPriceCents, "max_price_cents", 0, 2 ** 31 - 1)
    const after = filter.after === undefined ? "" : parseId<SeatId>(filter.after, "after")
    const limit = parseWhole(filter.limit ?? seatsPerPageMax, "limit", 1, seatsPerPageMax)
    await refuseFinished(sql, shopper, clock())
    const rows = await listStatement(sql, { saleId: shopper.saleId, section, maxPriceCents, after, limit })
    return rows.map((row) => ({
      ...row,
      seatId: trustedId<SeatId>(row.seatId),
      priceCents: cents(row.priceCents),
      status: "available",
    }))
  },
})

type Page = { saleId: SaleId; section?: string; maxPriceCents?: number; after: string; limit: number }
type ListedRow = { seatId: string; section: string; row: string; num: number; priceCents: number }

/** Each section is a range of the index on available seats, so that sections that are not asked for cost nothing. */
export const listStatement = (sql: Sql, { saleId, section, maxPriceCents, after, limit }: Page) => sql<ListedRow[]>`
  select seat.seat_id, section.name as section, seat.row_no::text as row, seat.num, section.price_cents
  from sections section
  cross join lateral (
    select seat_id, row_no, num from seats
    where sale_id = section.sale_id and state = 'available'
      and seat_id > ${after} and seat_id between section.first_seat_id and section.last_seat_id
    order by seat_id
    limit ${limit}
  ) seat
  where section.sale_id = ${saleId} and section.last_seat_id > ${after}
    ${section === undefined ? sql`` : sql`and section.name = ${section}`}
    ${maxPriceCents === undefined ? sql`` : sql`and section.price_cents <= ${maxPriceCents}`}
  order by section.section_no, seat.seat_id
  limit ${limit}`

export type TakenSeat = { seatId: SeatId; priceCents: Cents }

/**
 * Takes all of the named seats for a hold, or none when one is not to be had.
 * Locks in the order of seat_id, as everybody does, so that nobody waits in a circle.
 *
 * Here and below, `any(array(...))` and looking at the state only after the lock keep the planner on the primary key: with the
 * state in the scan it may walk through all available seats of the sale instead.
 */
export const takeNamed = async (tx: Sql, saleId: SaleId, holdId: HoldId, seatIds: SeatId[]): Promise<TakenSeat[]> => {
  const rows = await takeNamedStatement(tx, saleId, holdId, seatIds)
  return inOrder(rows)
}

export const takeNamedStatement = (tx: Sql, saleId: SaleId, holdId: HoldId, seatIds: SeatId[]) => tx<TakenRow[]>`
  with locked as materialized (
    select seat_id, state from seats
    where sale_id = ${saleId} and seat_id = any(${seatIds}::text[])
    order by seat_id
    for update
  )
  update seats seat set state = 'held', hold_id = ${holdId}
  from sections section
  where seat.sale_id = ${saleId} and seat.seat_id = any(array(select seat_id from locked where state = 'available'))
    and section.sale_id = seat.sale_id and section.section_no = seat.section_no
    and (select count(*) from locked where state = 'available') = ${seatIds.length}::int
  returning seat.seat_id, section.price_cents`

/**
 * Takes `quantity` seats side by side in one row, the best of the first `among` that are available, or none.
 * `spread` picks one of that many places at random, so that buyers at one moment do not all reach for the same seats.
 */
export const takeTogether = async (
  tx: Sql,
  saleId: SaleId,
  holdId: HoldId,
  { quantity, among, spread }: Together,
): Promise<TakenSeat[]> => {
  const rows = await takeTogetherStatement(tx, saleId, holdId, { quantity, among, spread })
  return inOrder(rows)
}

export type Together = { quantity: number; among: number; spread: number }

export const takeTogetherStatement = (
  tx: Sql,
  saleId: SaleId,
  holdId: HoldId,
  { quantity, among, spread }: Together,
) => tx<TakenRow[]>`
  with free as materialized (
    select seat_id, section_no, row_no, num from seats
    where sale_id = ${saleId} and state = 'available'
    order by seat_id
    limit ${among}
  ), run as (
    select section_no, row_no, num as first, lead(num, ${quantity - 1}::int) over row_of as last
    from free
    window row_of as (partition by section_no, row_no order by num)
  ), place as (
    select section_no, row_no, first, row_number() over (order by section_no, row_no, first) as n
    from run
    where last = first + ${quantity - 1}::int
  ), chosen as materialized (
    select section_no, row_no, first from place
    where n <= ${spread}::int
    order by random()
    limit 1
  ), locked as materialized (
    select seat_id, state from seats
    where sale_id = ${saleId} and seat_id = any(array(
      select free.seat_id from free join chosen using (section_no, row_no)
      where free.num between chosen.first and chosen.first + ${quantity - 1}::int
    ))
    order by seat_id
    for update skip locked
  )
  update seats seat set state = 'held', hold_id = ${holdId}
  from sections section
  where seat.sale_id = ${saleId} and seat.seat_id = any(array(select seat_id from locked where state = 'available'))
    and section.sale_id = seat.sale_id and section.section_no = seat.section_no
    and (select count(*) from locked where state = 'available') = ${quantity}::int
  returning seat.seat_id, section.price_cents`

/** Takes the first `quantity` seats that nobody is taking at this moment, or none when there are fewer. */
export const takeAny = async (tx: Sql, saleId: SaleId, holdId: HoldId, quantity: number): Promise<TakenSeat[]> => {
  const rows = await takeAnyStatement(tx, saleId, holdId, quantity)
  return inOrder(rows)
}

export const takeAnyStatement = (tx: Sql, saleId: SaleId, holdId: HoldId, quantity: number) => tx<TakenRow[]>`
  with locked as materialized (
    select seat_id from seats
    where sale_id = ${saleId} and state = 'available'
    order by seat_id
    limit ${quantity}
    for update skip locked
  )
  update seats seat set state = 'held', hold_id = ${holdId}
  from sections section
  where seat.sale_id = ${saleId} and seat.seat_id = any(array(select seat_id from locked))
    and section.sale_id = seat.sale_id and section.section_no = seat.section_no
    and (select count(*) from locked) = ${quantity}::int
  returning seat.seat_id, section.price_cents`

export const sellHeld = async (tx: Sql, saleId: SaleId, holdId: HoldId, orderId: OrderId): Promise<TakenSeat[]> => {
  const rows = await tx<TakenRow[]>`
    with wanted as materialized (
      select seat_id from seats
      where hold_id = ${holdId} and state = 'held'
      order by seat_id
      for update
    )
    update seats seat set state = 'sold', order_id = ${orderId}
    from sections section
    where seat.sale_id = ${saleId} and seat.seat_id = any(array(select seat_id from wanted))
      and section.sale_id = seat.sale_id and section.section_no = seat.section_no
    returning seat.seat_id, section.price_cents`
  return inOrder(rows)
}

type TakenRow = { seatId: string; priceCents: number }

const inOrder = (rows: TakenRow[]): TakenSeat[] =>
  rows
    .map((row) => ({ seatId: trustedId<SeatId>(row.seatId), priceCents: cents(row.priceCents) }))
    .sort((a, b) => (a.seatId < b.seatId ? -1 : 1))
