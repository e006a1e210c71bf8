import type { SaleId } from "../ids.ts"
import type { Sql } from "../stores/postgres.ts"
import { cents, type Cents } from "../units.ts"

export type Stock = { total: number; available: number; held: number; sold: number }
export type Prices = {
  minCents: Cents
  maxCents: Cents
  sections: { section: string; priceCents: Cents; available: number }[]
}
export type SaleStats = {
  ticketsSold: number
  orders: number
  uniqueBuyers: number
  seatsTotal: number
  seatsAvailable: number
  seatsHeld: number
  revenueCents: Cents
}

export const readStock = async (sql: Sql, saleId: SaleId): Promise<Stock | undefined> => {
  const [row] = await sql<{ [Count in keyof Stock]: number | null }[]>`
    select sum(total)::int as total, sum(available)::int as available, sum(held)::int as held, sum(sold)::int as sold
    from seat_stock where sale_id = ${saleId}`
  const { total, available, held, sold } = row!
  return total === null ? undefined : { total, available: available ?? 0, held: held ?? 0, sold: sold ?? 0 }
}

export const readPrices = async (sql: Sql, saleId: SaleId): Promise<Prices | undefined> => {
  const sections = await sql<Prices["sections"]>`
    select name as section, price_cents, sum(available)::int as available
    from sections join seat_stock using (sale_id, section_no)
    where sale_id = ${saleId}
    group by section_no, name, price_cents
    order by section_no
    limit 1000`
  if (sections.length === 0) return undefined
  const all = sections.map((each) => each.priceCents)
  return { minCents: cents(Math.min(...all)), maxCents: cents(Math.max(...all)), sections: [...sections] }
}

export const readStats = async (sql: Sql, saleId: SaleId): Promise<SaleStats | undefined> => {
  const [row] = await sql<(SaleStats & { found: boolean })[]>`
    select
      stock.found, coalesce(stock.sold, 0) as tickets_sold, paid.orders, paid.unique_buyers, coalesce(stock.total, 0) as seats_total,
      coalesce(stock.available, 0) as seats_available, coalesce(stock.held, 0) as seats_held, paid.revenue_cents
    from (
      select
        count(*) > 0 as found, sum(total)::int as total, sum(available)::int as available, sum(held)::int as held, sum(sold)::int as sold
      from seat_stock where sale_id = ${saleId}
    ) stock, (
      select
        count(*)::int as orders, count(distinct account_id)::int as unique_buyers, coalesce(sum(amount_cents), 0)::bigint as revenue_cents
      from orders where sale_id = ${saleId} and status = 'paid'
    ) paid`
  const { found, ...stats } = row!
  return found ? stats : undefined
}
