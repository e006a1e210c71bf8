import { join } from "node:path"
import { lookupRunning } from "../../appliance/running.ts"
import { trustedId, type SaleId } from "../../ids.ts"
import { auditStores } from "../../lab/audit/audit.ts"
import { readTruth } from "../../lab/audit/truth-reader.ts"
import { openPostgres } from "../../stores/postgres.ts"
import { openRedis, redisReady } from "../../stores/redis.ts"
import { seconds } from "../../units.ts"
import { until } from "../until.ts"
import type { World } from "../world.ts"

type StoreUrls = { redisUrl: string; databaseUrl: string }

/** A look at the stores beside traffic. Redis may come and go; each call connects anew. */
export const lookAt = ({ redisUrl, databaseUrl }: StoreUrls) => {
  const redis = async <T>(work: (redis: ReturnType<typeof openRedis>) => Promise<T>): Promise<T> => {
    const client = openRedis(redisUrl, { commandTimeout: seconds(5), name: "chaos" })
    try {
      await redisReady(client, seconds(10))
      return await work(client)
    } finally {
      client.disconnect()
    }
  }
  const sql = async <T>(work: (sql: ReturnType<typeof openPostgres>) => Promise<T>): Promise<T> => {
    const pool = openPostgres(databaseUrl, { max: 1, name: "chaos" })
    try {
      return await work(pool)
    } finally {
      await pool.end({ timeout: 1 })
    }
  }
  /** Resolves once Postgres has all that Redis has. */
  const journaled = (sale: string) =>
    redis((client) => until("the journal is copied", async () => (await client.xlen(`sale:{${sale}}:journal`)) === 0))
  const truth = async (sale: string) => {
    await journaled(sale)
    return redis((client) => sql((pool) => readTruth(pool, client, trustedId<SaleId>(sale))))
  }
  return {
    redis,
    sql,
    journaled,
    truth,
    /** Every check of the audit that does not hold, with its first counter-example. */
    breaches: async (sale: string): Promise<string[]> =>
      auditStores(await truth(sale)).flatMap((each) =>
        each.passed ? [] : [`${each.name}: ${each.counterExample ?? ""}`],
      ),
    generation: (sale: string) =>
      sql(
        async (pool) =>
          (await pool<{ generation: number }[]>`select generation from queue_rooms where sale_id = ${sale}`)[0]!
            .generation,
      ),
  }
}

export const storesOf = (world: World) => {
  const running = lookupRunning(join(world.folder, "data"))
  if (!running) throw new Error("the world has no stores")
  return lookAt(running)
}
