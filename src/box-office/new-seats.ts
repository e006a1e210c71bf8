import type { SaleId } from "../ids.ts"
import type { Pool, Sql } from "../stores/postgres.ts"
import type { Section } from "./layout.ts"

/** One statement for all seats: 100,000 take about a second. */
export const insertSeats = async (tx: Sql, saleId: SaleId, layout: Section[]): Promise<void> => {
  const firsts = layout.map((_, index) => layout.slice(0, index).reduce((seats, section) => seats + section.seats, 0))
  const numbers = layout.map((_, index) => index + 1)
  const seats = layout.map((section) => section.seats)
  const prefix = saleId.slice(0, 21)
  await tx`
    insert into sections (sale_id, section_no, name, price_cents, first_seat_id, last_seat_id)
    select ${saleId}, no, name, price_cents, ${prefix} || seat_code(first + 1), ${prefix} || seat_code(first + seats)
    from unnest(
      ${numbers}::int[], ${layout.map((section) => section.name)}::text[], ${layout.map((section) => section.priceCents)}::int[],
      ${firsts}::int[], ${seats}::int[]
    ) as section (no, name, price_cents, first, seats)`
  await tx`
    insert into seats (sale_id, seat_id, section_no, row_no, num)
    select ${saleId}, ${prefix} || seat_code(first + n), no, (n - 1) / per_row + 1, (n - 1) % per_row + 1
    from unnest(
      ${numbers}::int[], ${firsts}::int[], ${seats}::int[], ${layout.map((section) => section.seatsPerRow)}::int[]
    ) as section (no, first, seats, per_row)
    cross join lateral generate_series(1, seats) as n`
}

/** The sale stands already: when another analysis is under way, plans are only slower for a while. */
export const letPlannerSee = async (sql: Pool, newSeats: number): Promise<void> => {
  if (newSeats >= manySeats) await sql`select analyze_seats()`.catch(() => undefined)
}

/** From this size on the planner is told at once; otherwise it learns it within a minute. */
const manySeats = 5000
