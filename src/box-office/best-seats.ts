import type { HoldId, SaleId } from "../ids.ts"
import type { Sql } from "../stores/postgres.ts"
import { takeAny, takeTogether, type TakenSeat } from "./seats.ts"

/** Side by side in the best section, else wherever; coming up short while others take seats is not sold out, so it tries again. */
export const takeBest = async (tx: Sql, saleId: SaleId, holdId: HoldId, quantity: number): Promise<TakenSeat[]> => {
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
