import { newId, type OrderId, type SaleId } from "../../../ids.ts"
import type { Parts } from "../../core/parts.ts"

export const shopSaleOf = async ({ boxOffice }: Pick<Parts, "boxOffice">, saleId: SaleId) => {
  const sale = await boxOffice.sales.find(saleId)
  const event = await boxOffice.events.find(sale.eventId)
  return { saleId, eventName: event.name, maxTickets: sale.maxTicketsPerUser }
}

export const freshKey = ({ clock }: Pick<Parts, "clock">): string => newId<OrderId>(clock())
