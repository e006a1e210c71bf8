import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import { millis, seconds, type EpochMs } from "../units.ts"

export type Stock = { total: number; available: number; held: number; sold: number }

/**
 * The stock of one sale, asked at most once a second. A stock that nobody could tell for five seconds is not known:
 * nobody is called to a shop that does not answer.
 */
export const openStock = (
  saleId: SaleId,
  { stockOf, clock }: { stockOf: (saleId: SaleId) => Promise<Stock>; clock: Clock },
) => {
  let last: { stock: Stock; at: EpochMs } | undefined
  let asking: Promise<void> | undefined

  const ask = async () => {
    const at = clock()
    last = { stock: await stockOf(saleId), at }
  }

  return {
    async lookup(): Promise<Stock | undefined> {
      const age = last ? Math.abs(clock() - last.at) : Number.POSITIVE_INFINITY
      if (age >= freshFor) {
        asking ??= ask()
          .catch(() => {})
          .finally(() => (asking = undefined))
        await Promise.race([asking, Bun.sleep(patience)])
      }
      return last && Math.abs(clock() - last.at) < goodFor ? last.stock : undefined
    },
  }
}

const freshFor = seconds(1)
const goodFor = seconds(5)
const patience = millis(500)
