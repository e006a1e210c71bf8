import { saleFields, type SaleForm } from "../../../../views/console/new-sale-page.tsx"
import type { NewEvent } from "../../../box-office/events.ts"
import type { NewSale } from "../../../box-office/sales.ts"
import { Fault } from "../../../fault.ts"
import type { EventId } from "../../../ids.ts"
import { minutes, seconds } from "../../../units.ts"
import { labels, refuse } from "./sale-words.ts"
import { parsePlan } from "./seating-plan.ts"
import { parseMoment } from "./wall-time.ts"

const formBytesMax = 1024 * 1024

export const emptyForm = (): SaleForm => ({
  ...(Object.fromEntries(saleFields.map((name) => [name, ""])) as SaleForm),
  plan: "A, 10, 20, 89.00\nB, 15, 24, 59.00\nC, 20, 30, 39.00",
  admit_per_minute: "600",
  shopper_capacity: "500",
  waiting_room_cap: "100000",
  max_tickets_per_user: "4",
  call_window_sec: "120",
  admission_min: "10",
  hold_min: "5",
})

/** What was sent; a file takes the place of the lines. @throws Fault body_too_large, unsupported_media_type */
export const readSaleForm = async (request: Request): Promise<SaleForm> => {
  const length = Number(request.headers.get("content-length") ?? Number.NaN)
  if (Number.isNaN(length)) throw new Fault("invalid_input", "Send the form with a Content-Length")
  if (length > formBytesMax) throw new Fault("body_too_large", "The form with its file must be smaller than 1 MB")
  if (!request.headers.get("content-type")?.startsWith("multipart/form-data;"))
    throw new Fault("unsupported_media_type", "Send the form as multipart/form-data")
  const fields = await request.formData().catch(() => {
    throw new Fault("invalid_input", "The form cannot be read")
  })
  const form = emptyForm()
  for (const name of saleFields) {
    const value = fields.get(name)
    form[name] = typeof value === "string" ? value.slice(0, name === "plan" ? formBytesMax : 500) : ""
  }
  const file = fields.get("plan_file")
  if (file instanceof Blob && file.size > 0) form.plan = await file.text()
  return form
}

export const parseSaleForm = (
  form: SaleForm,
  timeZone: string,
): { event: NewEvent; sale: (eventId: EventId) => NewSale } => {
  const opensAt = parseMoment(form, "opens_at", timeZone)
  const sections = parsePlan(form.plan)
  const settings = {
    opensAt,
    queueOpensAt: form.queue_opens_at === "" ? opensAt : parseMoment(form, "queue_opens_at", timeZone),
    endsAt: parseMoment(form, "ends_at", timeZone),
    totalSeats: sections.reduce((sum, each) => sum + each.rows * each.seatsPerRow, 0),
    sections,
    admitPerMinute: parseNumber(form, "admit_per_minute"),
    shopperCapacity: parseNumber(form, "shopper_capacity"),
    waitingRoomCap: parseNumber(form, "waiting_room_cap"),
    maxTicketsPerUser: parseNumber(form, "max_tickets_per_user"),
    callWindow: seconds(parseNumber(form, "call_window_sec")),
    admissionLength: minutes(parseNumber(form, "admission_min")),
    holdLength: minutes(parseNumber(form, "hold_min")),
    message: form.message.trim(),
  }
  return {
    event: {
      name: form.name.trim(),
      venue: form.venue.trim(),
      city: form.city.trim() || undefined,
      category: form.category.trim() || undefined,
      startsAt: parseMoment(form, "starts_at", timeZone),
    },
    sale: (eventId) => ({ ...settings, eventId }),
  }
}

const parseNumber = (form: SaleForm, field: keyof typeof labels): number => {
  if (!/^\d{1,9}$/.test(form[field].trim())) throw refuse(field, `${labels[field]} must be a whole number`)
  return Number(form[field])
}
