import type { AccountId, SaleId } from "../ids.ts"

export type Positions = ReturnType<typeof openPositions>

/** A cache of positions, which never change. When it is full the oldest go. */
export const openPositions = (max: number) => {
  const bySale = new Map<SaleId, Map<AccountId, number>>()
  let count = 0

  const forgetOldest = () => {
    for (const [saleId, positions] of bySale) {
      const oldest = positions.keys().next()
      if (oldest.done) {
        bySale.delete(saleId)
        continue
      }
      positions.delete(oldest.value)
      count--
      return
    }
  }

  return {
    lookup: (saleId: SaleId, accountId: AccountId) => bySale.get(saleId)?.get(accountId),
    remember(saleId: SaleId, accountId: AccountId, position: number) {
      let positions = bySale.get(saleId)
      if (!positions) bySale.set(saleId, (positions = new Map()))
      const size = positions.size
      positions.set(accountId, position)
      if (positions.size === size) return
      if (++count > max) forgetOldest()
    },
    /** All of a sale, `max` at a time. Positions may be remembered and dropped meanwhile. */
    *pages(saleId: SaleId, max: number): Generator<[AccountId, number][]> {
      let page: [AccountId, number][] = []
      for (const each of bySale.get(saleId) ?? []) {
        page.push(each)
        if (page.length < max) continue
        yield page
        page = []
      }
      if (page.length > 0) yield page
    },
    drop(saleId: SaleId, accountId: AccountId) {
      if (bySale.get(saleId)?.delete(accountId)) count--
    },
    forget(saleId: SaleId) {
      count -= bySale.get(saleId)?.size ?? 0
      bySale.delete(saleId)
    },
    count: () => count,
  }
}
