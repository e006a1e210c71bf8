import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { millis, seconds, type EpochMs } from "../units.ts"
import { isAway } from "./away.ts"

export type Stock = { total: number; available: number; held: number; sold: number }
export type StockParts = { stockOf: (saleId: SaleId) => Promise<Stock>; clock: Clock; log: Log }

/**
 * The stock of one sale, asked at most once a second. After five seconds without an answer it is unknown, and nobody is called.
 */
export const openStock = (saleId: SaleId, { stockOf, clock, log }: StockParts) => {
  let last: { stock: Stock; at: EpochMs } | undefined
  let asking: Promise<void> | undefined

  const age = () => (last ? Math.abs(clock() - last.at) : Number.POSITIVE_INFINITY)

  const ask = async () => {
    const at = clock()
    try {
      last = { stock: await stockOf(saleId), at }
    } catch (error) {
      if (!isAway(error)) log.error({ error, sale_id: saleId }, "the stock of a sale cannot be read")
    }
  }

  return {
    async lookup(): Promise<Stock | undefined> {
      if (age() >= freshFor) {
        asking ??= ask().finally(() => (asking = undefined))
        await Promise.race([asking, Bun.sleep(askWithin)])
      }
      return age() < goodFor ? last?.stock : undefined
    },
  }
}

const freshFor = seconds(1)
const goodFor = seconds(5)
const askWithin = millis(500)
