import { LRUCache } from "lru-cache"
import type { WaitingSale } from "../../../../views/fan/place.ts"
import type { SaleId } from "../../../ids.ts"
import { seconds } from "../../../units.ts"
import type { Parts } from "../../core/parts.ts"

export type WaitingSales = ReturnType<typeof openWaitingSales>

/** What the waiting page says of a sale and hardly changes: a crowd asks for it. */
export const openWaitingSales = ({ boxOffice }: Pick<Parts, "boxOffice">) => {
  const kept = new LRUCache<SaleId, WaitingSale>({ max: 256, ttl: seconds(5) })
  return {
    find: async (saleId: SaleId): Promise<WaitingSale> => {
      const known = kept.get(saleId)
      if (known) return known
      const found = await read(boxOffice, saleId)
      kept.set(saleId, found)
      return found
    },
  }
}

const read = async (boxOffice: Parts["boxOffice"], saleId: SaleId): Promise<WaitingSale> => {
  const sale = await boxOffice.sales.find(saleId)
  const [event, prices] = await Promise.all([boxOffice.events.find(sale.eventId), boxOffice.sales.prices(saleId)])
  return {
    saleId,
    eventName: event.name,
    venue: event.venue,
    startsAt: event.startsAt,
    queueOpensAt: sale.queueOpensAt,
    opensAt: sale.opensAt,
    minCents: prices.minCents,
    maxCents: prices.maxCents,
  }
}
