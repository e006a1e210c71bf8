import { parse } from "csv-parse/sync"
import { saleFields, type SaleForm } from "../../../../views/console/new-sale-page.tsx"
import type { NewEvent } from "../../../box-office/events.ts"
import type { GivenSection } from "../../../box-office/layout.ts"
import type { NewSale } from "../../../box-office/sales.ts"
import { Fault } from "../../../fault.ts"
import type { EventId } from "../../../ids.ts"
import { sentence } from "../../../../views/shared/words.ts"
import { cents, epochMs, minutes, seconds, type EpochMs } from "../../../units.ts"

/** Bytes of a form with a seating plan. */
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

/** @throws Fault invalid_input whose facts name the field */
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

const refuse = (field: keyof SaleForm, detail: string) => new Fault("invalid_input", detail, { facts: { field } })

/** A wall time in the zone of the shop. */
export const parseMoment = (
  form: SaleForm,
  field: "starts_at" | "opens_at" | "queue_opens_at" | "ends_at",
  zone: string,
): EpochMs => {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?$/.exec(form[field])
  if (!match) throw refuse(field, `${labels[field]} is missing, or no day and time`)
  const wanted = Date.UTC(
    Number(match[1]),
    Number(match[2]) - 1,
    Number(match[3]),
    Number(match[4]),
    Number(match[5]),
    Number(match[6] ?? 0),
  )
  // A day that no month has would roll over into the next.
  if (!new Date(wanted).toISOString().startsWith(form[field].slice(0, 16)))
    throw refuse(field, `${labels[field]} is no day and time of the calendar`)
  // Twice, for the offset at the guess may be that of the other side of a change of the clocks.
  let at = wanted
  for (let left = 2; left > 0; left--) at = wanted - offsetOf(at, zone)
  return epochMs(at)
}

const offsetOf = (at: number, timeZone: string): number => {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at)
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value)
  return (
    Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) -
    Math.floor(at / 1000) * 1000
  )
}

const labels = {
  starts_at: "The beginning of the event",
  opens_at: "The opening of the sale",
  queue_opens_at: "The opening of the waiting room",
  ends_at: "The end of the sale",
  name: "The name of the event",
  venue: "The venue",
  city: "The city",
  category: "The category",
  admit_per_minute: "Let in a minute",
  shopper_capacity: "Shoppers at one time",
  waiting_room_cap: "Places in the waiting room",
  max_tickets_per_user: "Tickets for each account",
  call_window_sec: "Seconds to come when called",
  admission_min: "Minutes to shop",
  hold_min: "Minutes that seats are held",
  message: "The message",
}

/** What the box office calls otherwise than the form does. */
const formNames: Record<string, keyof SaleForm> = {
  call_window: "call_window_sec",
  admission_length: "admission_min",
  hold_length: "hold_min",
  total_seats: "plan",
  sections: "plan",
  "sections.name": "plan",
  "sections.rows": "plan",
  "sections.seats_per_row": "plan",
  "sections.price_cents": "plan",
}
const sectionWords: Record<string, string> = {
  total_seats: "The number of seats",
  "sections.name": "The name of a section",
  "sections.rows": "The rows of a section",
  "sections.seats_per_row": "The seats in a row",
  "sections.price_cents": "A price, in cents,",
}

/** A refusal as the form puts it: the field that is wrong, and a sentence with the words that stand beside the fields. */
export const wrongIn = ({ message, facts }: Fault): { error: string; wrong: string } => {
  const asked = String(facts["field"] ?? "")
  const said = message.replace(/[a-z]+(?:[._][a-z]+)*/g, (name, at: number) => {
    const formName = formNames[name] ?? name
    const isName = name.includes("_") || name.includes(".") || (at === 0 && name === asked)
    const label = isName ? (sectionWords[name] ?? labels[formName as keyof typeof labels]) : undefined
    return label === undefined ? name : at === 0 ? label : label.replace(/^(The|A) /, (word) => word.toLowerCase())
  })
  return { error: sentence(said), wrong: formNames[asked] ?? asked }
}

const parseNumber = (form: SaleForm, field: keyof typeof labels): number => {
  if (!/^\d{1,9}$/.test(form[field].trim())) throw refuse(field, `${labels[field]} must be a whole number`)
  return Number(form[field])
}

/** Name, rows, seats in a row, price: a line each, as CSV with commas or semicolons. */
export const parsePlan = (text: string): GivenSection[] => {
  if (text.length > planMax) throw refuse("plan", `The seats must fit into ${planMax} characters`)
  const delimiter = text.includes(";") ? ";" : ","
  let lines: string[][]
  try {
    lines = parse(text, {
      delimiter,
      trim: true,
      skip_empty_lines: true,
      bom: true,
      relax_column_count: true,
      to: linesMax + 1,
    })
  } catch (error) {
    throw refuse("plan", `The seats cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  // Names of columns have no digits; a first section that is mistyped has, and must not be lost without a word.
  const skipped = lines[0]?.slice(1).some((each) => /\d/.test(each)) === false ? 1 : 0
  lines = lines.slice(skipped)
  if (lines.length === 0) throw refuse("plan", "The seats need at least one line: name, rows, seats in a row, price")
  if (lines.length > linesMax) throw refuse("plan", `The seats may have at most ${linesMax} sections`)
  return lines.map((line, index) => {
    const [name = "", rows = "", seatsPerRow = "", price = ""] = line
    const amount = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(price)
    if (name === "" || line.length !== 4 || !/^\d{1,4}$/.test(rows) || !/^\d{1,4}$/.test(seatsPerRow) || !amount)
      throw refuse(
        "plan",
        `Line ${index + 1 + skipped} of the seats (${line.join(", ").slice(0, 80)}) must read: name, rows, seats in a row, price such as 89.50`,
      )
    return {
      name,
      rows: Number(rows),
      seatsPerRow: Number(seatsPerRow),
      priceCents: cents(Number(amount[1]) * 100 + Number((amount[2] ?? "").padEnd(2, "0"))),
    }
  })
}

const linesMax = 64
/** Characters; reading takes the server's time. */
const planMax = 64_000
