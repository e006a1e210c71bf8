import type { SaleForm } from "../../../../views/console/new-sale-page.tsx"
import { epochMs, type EpochMs } from "../../../units.ts"
import { labels, refuse } from "./sale-words.ts"

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
