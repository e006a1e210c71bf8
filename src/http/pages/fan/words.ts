import { faults, type Fault } from "../../../fault.ts"

/** A refusal in words for people; the details of the API name fields, keys and headers. */
export const sentenceOf = (fault: Fault): string => {
  const field = fault.facts["field"]
  const { title, fan } = faults[fault.code]
  const text = (typeof field === "string" ? fieldTexts[field] : undefined) ?? fan
  return stopped(text.replace("{title}", () => title).replace("{detail}", () => fault.message))
}

const fieldTexts: Record<string, string> = {
  holder_name: "Write the name for the tickets, at most 120 characters",
  "payment.card": "Write the number of the card",
  quantity: "Choose how many tickets you want",
  "the number of seat_ids": "Choose at least one seat, then hold it",
  seat_ids: "Choose each seat once",
}

const stopped = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)
