import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { trustedId, type SaleId, type SeatId } from "../ids.ts"
import type { Pool } from "../stores/postgres.ts"
import { cents, type Cents } from "../units.ts"
import { refuseFinished } from "./admissions.ts"
import { parseLine } from "./validate.ts"

export type MappedSeat = { seatId: SeatId; row: string; num: number; state: "available" | "held" | "sold" }
export type MappedSection = { section: string; priceCents: Cents; total: number; available: number }

/** The seats of one section, whether they can be had or not: what a seat map draws. */
export const openSeatMap = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  sections: async (saleId: SaleId): Promise<MappedSection[]> => {
    const rows = await sql<{ section: string; priceCents: number; total: number; available: number }[]>`
      select name as section, price_cents, sum(total)::int as total, sum(available)::int as available
      from sections join seat_stock using (sale_id, section_no)
      where sale_id = ${saleId}
      group by section_no, name, price_cents
      order by section_no
      limit 1000`
    return rows.map((row) => ({ ...row, priceCents: cents(row.priceCents) }))
  },

  /** Row by row, at most `seatsDrawnMax`. @throws Fault invalid_input, admission_invalid, admission_required. */
  seats: async (shopper: Admission, section: string): Promise<MappedSeat[]> => {
    const name = parseLine(section, "section", 1, 60)
    await refuseFinished(sql, shopper, clock())
    const rows = await sql<{ seatId: string; row: string; num: number; state: MappedSeat["state"] }[]>`
      select seat.seat_id, seat.row_no::text as row, seat.num, seat.state::text as state
      from sections section
      join seats seat on seat.sale_id = section.sale_id
        and seat.seat_id between section.first_seat_id and section.last_seat_id
      where section.sale_id = ${shopper.saleId} and section.name = ${name}
      order by seat.seat_id
      limit ${seatsDrawnMax}`
    return rows.map((row) => ({ ...row, seatId: trustedId<SeatId>(row.seatId) }))
  },
})

/** A page with more would help nobody; the best available seats can be had beyond it. */
export const seatsDrawnMax = 2000
