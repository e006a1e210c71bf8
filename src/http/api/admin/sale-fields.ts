import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import type { NewSale } from "../../../box-office/sales.ts"
import { Fault } from "../../../fault.ts"
import type { EventId } from "../../../ids.ts"
import { cents, type EpochMs, lookupTime, seconds } from "../../../units.ts"
import { Id, input, Time } from "../../core/schemas.ts"

export const Text = (maxLength: number) => t.String({ minLength: 1, maxLength })
export const Rate = Type.Integer({ minimum: 1, maximum: 1_000_000 })
export const Cap = Type.Integer({ minimum: 1, maximum: 10_000_000 })
export const Capacity = Type.Integer({ minimum: 1, maximum: 100_000 })
export const Message = t.String({ maxLength: 500 })

export const SaleInput = input({
  event_id: Id,
  opens_at: Time,
  queue_opens_at: t.Optional(Time),
  ends_at: Time,
  total_seats: Type.Integer({ minimum: 1, maximum: 200_000 }),
  admit_per_minute: Rate,
  waiting_room_cap: Cap,
  max_tickets_per_user: t.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  shopper_capacity: t.Optional(Capacity),
  price_cents: t.Optional(Type.Integer({ minimum: 0, maximum: 100_000_000 })),
  sections: t.Optional(
    t.Array(
      input({
        name: Text(64),
        rows: Type.Integer({ minimum: 1, maximum: 1000 }),
        seats_per_row: Type.Integer({ minimum: 1, maximum: 1000 }),
        price_cents: Type.Integer({ minimum: 0, maximum: 100_000_000 }),
      }),
      { minItems: 1, maxItems: 200 },
    ),
  ),
  call_window_sec: t.Optional(Type.Integer({ minimum: 5, maximum: 86_400 })),
  admission_sec: t.Optional(Type.Integer({ minimum: 10, maximum: 86_400 })),
  hold_sec: t.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
  message: t.Optional(Message),
})

export const newSaleOf = (body: typeof SaleInput.static): NewSale => ({
  eventId: body.event_id as EventId,
  opensAt: parseTime("opens_at", body.opens_at),
  queueOpensAt: body.queue_opens_at === undefined ? undefined : parseTime("queue_opens_at", body.queue_opens_at),
  endsAt: parseTime("ends_at", body.ends_at),
  totalSeats: body.total_seats,
  admitPerMinute: body.admit_per_minute,
  waitingRoomCap: body.waiting_room_cap,
  maxTicketsPerUser: body.max_tickets_per_user,
  shopperCapacity: body.shopper_capacity,
  priceCents: body.price_cents === undefined ? undefined : cents(body.price_cents),
  sections: body.sections?.map((each) => ({
    name: each.name,
    rows: each.rows,
    seatsPerRow: each.seats_per_row,
    priceCents: cents(each.price_cents),
  })),
  callWindow: body.call_window_sec === undefined ? undefined : seconds(body.call_window_sec),
  admissionLength: body.admission_sec === undefined ? undefined : seconds(body.admission_sec),
  holdLength: body.hold_sec === undefined ? undefined : seconds(body.hold_sec),
  message: body.message,
})

/** @throws Fault invalid_input for a time that the schema let through but no calendar has */
export const parseTime = (name: string, text: string): EpochMs => {
  const at = lookupTime(text)
  if (at === undefined)
    throw new Fault(
      "invalid_input",
      `/body/${name}: "${text.slice(0, 40)}" is no time; write it as 2027-05-01T20:00:00Z`,
    )
  return at
}
