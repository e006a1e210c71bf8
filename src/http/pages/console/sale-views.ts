import type { SaleLive } from "../../../../views/console/sale-live.ts"
import type { SaleHead } from "../../../../views/console/sale-page.tsx"
import type { SaleId } from "../../../ids.ts"
import { epochMs } from "../../../units.ts"
import type { Parts } from "../../core/parts.ts"
import { phaseNow } from "../../core/phase.ts"

export const liveOf = async (
  { boxOffice, waitingRoom, clock }: Pick<Parts, "boxOffice" | "waitingRoom" | "clock">,
  saleId: SaleId,
): Promise<SaleLive> => {
  const [sale, stats, minutes, alarm] = await Promise.all([
    boxOffice.sales.find(saleId),
    boxOffice.sales.stats(saleId),
    boxOffice.ledger.minutes(saleId, epochMs(clock() - 60 * 60_000)),
    waitingRoom.lookupAlarm(saleId),
  ])
  const seen = waitingRoom.snapshot(saleId)
  return {
    saleId,
    phase: phaseNow({ waitingRoom, clock }, sale, stats.seatsAvailable + stats.seatsHeld),
    paused: sale.paused,
    queueOpensAt: sale.queueOpensAt,
    opensAt: sale.opensAt,
    waiting: seen?.waiting ?? 0,
    joined: seen?.joined ?? 0,
    nowServing: seen?.nowServing ?? 0,
    shoppers: seen?.shoppers ?? 0,
    measuredPerMinute: seen?.measuredPerMinute ?? 0,
    available: stats.seatsAvailable,
    held: stats.seatsHeld,
    sold: stats.ticketsSold,
    total: stats.seatsTotal,
    revenueCents: stats.revenueCents,
    orders: stats.orders,
    buyers: stats.uniqueBuyers,
    message: sale.message,
    admitPerMinute: sale.admitPerMinute,
    shopperCapacity: sale.shopperCapacity,
    waitingRoomCap: sale.waitingRoomCap,
    recovering: seen?.recovering ?? false,
    alarm,
    now: clock(),
    minutes,
  }
}

export const headOf = async ({ boxOffice }: Pick<Parts, "boxOffice">, saleId: SaleId): Promise<SaleHead> => {
  const sale = await boxOffice.sales.find(saleId)
  const event = await boxOffice.events.find(sale.eventId)
  return {
    saleId,
    eventId: event.eventId,
    eventName: event.name,
    venue: event.venue,
    startsAt: event.startsAt,
    endsAt: sale.endsAt,
  }
}
