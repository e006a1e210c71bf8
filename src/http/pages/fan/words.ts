import { faults, type Fault, type FaultCode } from "../../../fault.ts"

/** A refusal in words for people; the details of the API name fields, keys and headers. */
export const sentenceOf = (fault: Fault): string => {
  const field = fault.facts["field"]
  const text = typeof field === "string" ? fieldTexts[field] : texts[fault.code]
  if (text !== undefined) return stopped(text)
  return saysAll.has(fault.code) ? stopped(fault.message) : `${faults[fault.code].title}. ${stopped(fault.message)}`
}

/** Their details need no title before them. */
const saysAll = new Set<FaultCode>(["invalid_input", "unavailable", "not_found", "sale_closed"])

const fieldTexts: Record<string, string> = {
  holder_name: "Write the name for the tickets, at most 120 characters",
  "payment.card": "Write the number of the card",
  quantity: "Choose how many tickets you want",
  "the number of seat_ids": "Choose at least one seat, then hold it",
  seat_ids: "Choose each seat once",
}

const texts: Partial<Record<FaultCode, string>> = {
  rate_limited: "Too many attempts in a short time. Nothing is lost; wait a minute, then try again",
  hashing_busy: "Too many people sign in at this moment. Try again in a few seconds",
  overloaded: "Too many people want the same at this moment. Nothing is lost; try again in a few seconds",
  idempotency_mismatch: "This page was sent before with something else. Check what you chose, then send it again",
  idempotency_running: "This was sent already and is still being worked on. Wait a few seconds, then look again",
  cap_exceeded: "That is more than one account may have of this sale; tickets that you bought before count too",
  payment_declined: "The payment was declined, and nothing was paid. The seats stay yours; try another card",
  malformed_id: "The address is not complete. Open it from the list of events or from your tickets",
  event_not_found: "The event may have been taken down, or the link is broken",
  sale_not_found: "The sale may have been taken down, or the link is broken",
  order_not_found: "It may belong to another account. Your orders are behind your tickets",
  ticket_not_found: "It may belong to another account",
  hold_not_found: "Its time may be over, or it belongs to another account",
  store_away: "Something behind this page is away. Every place and every order is kept; try again in a moment",
}

const stopped = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)
