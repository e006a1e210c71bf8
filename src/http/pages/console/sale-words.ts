import type { SaleForm } from "../../../../views/console/new-sale-page.tsx"
import { sentence } from "../../../../views/shared/words.ts"
import { Fault } from "../../../fault.ts"

export const refuse = (field: keyof SaleForm, detail: string) =>
  new Fault("invalid_input", detail, { facts: { field } })

export const labels = {
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
