import type { Clock } from "../../clock.ts"
import type { SaleId } from "../../ids.ts"
import { later, type EpochMs, type Millis } from "../../units.ts"

export type SaleMaking = {
  prepareAgain?(saleId: SaleId): Promise<SaleId>
  openAt?(saleId: SaleId, at: EpochMs): Promise<void>
}

/** @throws Error when the server cannot prepare a second sale. */
export const openSecondSale = async (
  firstSaleId: SaleId,
  { lengthOfFirst, sale, clock }: { lengthOfFirst: Millis; sale: SaleMaking; clock: Clock },
) => {
  const { prepareAgain, openAt } = sale
  if (prepareAgain === undefined || openAt === undefined)
    throw new Error("this server cannot make a second sale of an event, which the scenario is about")
  const saleId = await prepareAgain(firstSaleId)
  let opensAt: EpochMs | undefined
  return {
    saleId,
    settings: { second_sale_id: saleId },
    begin: async () => {
      opensAt = later(clock(), lengthOfFirst)
      await openAt(saleId, opensAt)
    },
    isOpen: () => opensAt !== undefined && clock() >= opensAt,
  }
}
