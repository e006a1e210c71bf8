import type { SaleId } from "../../ids.ts"
import type { Pool } from "../../stores/postgres.ts"

/** `backend` is the process that answered. Connections are those of all clients of that server. */
export const readPostgres = async (sql: Pool): Promise<{ backend: number; connections: number }> => {
  const [row] = await sql<{ backend: number; connections: number }[]>`
    select pg_backend_pid() as backend, count(*)::int as connections
    from pg_stat_activity
    where datid is not null and coalesce(backend_type, 'client backend') = 'client backend'
    limit 1`
  return row!
}

export type SaleCounts = { holds: number; orders: number }

export const countSale = async (sql: Pool, saleId: SaleId): Promise<SaleCounts> => {
  const [row] = await sql<SaleCounts[]>`
    select
      (select count(*)::int from holds where sale_id = ${saleId}) as holds,
      (select count(*)::int from orders where sale_id = ${saleId} and status = 'paid') as orders
    limit 1`
  return row!
}
