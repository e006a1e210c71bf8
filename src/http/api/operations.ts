import type { NewEvent } from "../../box-office/events.ts"
import type { NewSale, Sale } from "../../box-office/sales.ts"
import type { EventId, SaleId } from "../../ids.ts"
import type { Parts } from "../core/parts.ts"

export type Operations = ReturnType<typeof openOperations>
export const apiKey = "API key"

export type LiveChange = {
  admitPerMinute?: number
  waitingRoomCap?: number
  shopperCapacity?: number
  message?: string
}

/** What an operator does to events and sales, for programs and pages alike; each change is logged with its operator. */
export const openOperations = ({ boxOffice, waitingRoom }: Pick<Parts, "boxOffice" | "waitingRoom">) => {
  const change = async (saleId: SaleId, patch: LiveChange & { paused?: boolean; closed?: boolean }): Promise<Sale> => {
    const sale = await boxOffice.sales.change(saleId, patch)
    await waitingRoom.change(saleId, patch)
    return sale
  }
  const record = boxOffice.operatorLog.record

  return {
    createEvent: async (operator: string, given: NewEvent): Promise<EventId> => {
      const { eventId } = await boxOffice.events.create(given)
      await record({ operator, action: "created an event", detail: `${given.name} (${eventId})` })
      return eventId
    },

    createSale: async (operator: string, given: NewSale): Promise<Sale> => {
      const sale = await boxOffice.sales.create(given)
      await waitingRoom.open(sale)
      await record({ operator, action: "created the sale", saleId: sale.saleId, detail: `${sale.totalSeats} seats` })
      return sale
    },

    /** Both or, where the sale is refused, neither. @throws Fault invalid_input */
    createEventWithSale: async (
      operator: string,
      event: NewEvent,
      given: (eventId: EventId) => NewSale,
    ): Promise<Sale> => {
      const sale = await boxOffice.sales.createWithEvent(event, given)
      await waitingRoom.open(sale)
      await record({
        operator,
        action: "created the event and the sale",
        saleId: sale.saleId,
        detail: `${event.name}, ${sale.totalSeats} seats`,
      })
      return sale
    },

    change: async (operator: string, saleId: SaleId, patch: LiveChange): Promise<Sale> => {
      const before = await boxOffice.sales.find(saleId)
      const sale = await change(saleId, patch)
      await record({ operator, action: "changed the sale", saleId, detail: differenceOf(before, sale, patch) })
      return sale
    },

    pause: async (operator: string, saleId: SaleId): Promise<Sale> => {
      const sale = await change(saleId, { paused: true })
      await record({ operator, action: "paused the sale", saleId })
      return sale
    },

    resume: async (operator: string, saleId: SaleId): Promise<Sale> => {
      const sale = await change(saleId, { paused: false })
      await record({ operator, action: "resumed the sale", saleId })
      return sale
    },

    clearAlarm: async (operator: string, saleId: SaleId): Promise<void> => {
      const alarm = await waitingRoom.lookupAlarm(saleId)
      if (alarm === undefined) return
      await waitingRoom.clearAlarm(saleId)
      await record({ operator, action: "let people be called again after an alarm", saleId, detail: alarm })
    },

    setEventMode: async (operator: string, isOn: boolean): Promise<void> => {
      await boxOffice.flags.set("event_mode", isOn)
      await record({ operator, action: isOn ? "switched event mode on" : "switched event mode off" })
    },

    /** For good: nobody joins or is let in any more; holds that are there can still be paid. */
    stop: async (operator: string, saleId: SaleId): Promise<Sale> => {
      const sale = await change(saleId, { closed: true })
      await record({ operator, action: "stopped the sale for good", saleId })
      return sale
    },
  }
}

const differenceOf = (before: Sale, after: Sale, patch: LiveChange) =>
  (Object.keys(patch) as (keyof LiveChange)[])
    .filter((name) => patch[name] !== undefined && before[name] !== after[name])
    .map((name) => `${wordsOf[name]} from ${JSON.stringify(before[name])} to ${JSON.stringify(after[name])}`)
    .join("; ") || "nothing differed"

const wordsOf: Record<keyof LiveChange, string> = {
  admitPerMinute: "admissions a minute",
  waitingRoomCap: "places in the waiting room",
  shopperCapacity: "shoppers at one time",
  message: "message",
}
