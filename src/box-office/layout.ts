import { Fault } from "../fault.ts"
import { cents, type Cents } from "../units.ts"
import { parseLine, parseWhole } from "./validate.ts"

/** Rows and seats of a row count from 1. The last row may be short, so that the seats are exactly as many as asked for. */
export type Section = { name: string; seats: number; seatsPerRow: number; priceCents: Cents }
export type GivenSection = { name: string; rows: number; seatsPerRow: number; priceCents: number }

export const seatsPerSaleMax = 200_000
export const sectionsMax = 64
const rowsMax = 5000
const priceMax = 100_000_000

/**
 * The sections of a sale, best first: those given, or sections A, B, ... of equal size.
 * Without a price they cost from 90.00 down to 30.00.
 * @throws Fault invalid_input when the given sections are not exactly `totalSeats`.
 */
export const parseLayout = ({
  totalSeats,
  sections,
  priceCents,
}: {
  totalSeats: number
  sections?: GivenSection[]
  priceCents?: number
}): Section[] => {
  const total = parseWhole(totalSeats, "total_seats", 1, seatsPerSaleMax)
  const price = priceCents === undefined ? undefined : cents(parseWhole(priceCents, "price_cents", 0, priceMax))
  return sections === undefined ? equalSections(total, price) : givenSections(total, sections)
}

const givenSections = (total: number, given: GivenSection[]): Section[] => {
  parseWhole(given.length, "the number of sections", 1, sectionsMax)
  const sections = given.map(({ name, rows, seatsPerRow, priceCents }) => ({
    name: parseLine(name, "sections.name", 1, 60),
    seatsPerRow: parseWhole(seatsPerRow, "sections.seats_per_row", 1, 1000),
    seats: parseWhole(rows, "sections.rows", 1, rowsMax) * seatsPerRow,
    priceCents: cents(parseWhole(priceCents, "sections.price_cents", 0, priceMax)),
  }))
  const sum = sections.reduce((seats, section) => seats + section.seats, 0)
  if (sum !== total)
    throw new Fault("invalid_input", `The sections have ${sum} seats, total_seats says ${total}`, {
      facts: { field: "sections" },
    })
  if (new Set(sections.map((each) => each.name)).size < sections.length)
    throw new Fault("invalid_input", "Two sections have the same name", { facts: { field: "sections" } })
  return sections
}

const equalSections = (total: number, price: Cents | undefined): Section[] => {
  const count = Math.min(8, Math.ceil(total / 100))
  const seatsPerRow = total >= 10_000 ? 50 : 20
  return Array.from({ length: count }, (_, index) => ({
    name: String.fromCharCode("A".charCodeAt(0) + index),
    seats: Math.floor(total / count) + (index < total % count ? 1 : 0),
    seatsPerRow,
    priceCents: price ?? cents(9000 - Math.round((6000 * index) / Math.max(1, count - 1) / 500) * 500),
  }))
}
