import type { Ticket } from "../../../box-office/tickets.ts"
import type { EpochMs } from "../../../units.ts"

/** One evening as iCalendar (RFC 5545): three hours, for nobody says when it ends. */
export const calendarOf = (ticket: Ticket, now: EpochMs): string =>
  [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Traffic//Tickets//EN",
    "BEGIN:VEVENT",
    `UID:${ticket.ticketId}@traffic`,
    `DTSTAMP:${stamp(now)}`,
    `DTSTART:${stamp(ticket.startsAt)}`,
    "DURATION:PT3H",
    `SUMMARY:${escaped(ticket.eventName)}`,
    `LOCATION:${escaped(ticket.venue)}`,
    `DESCRIPTION:${escaped(`${ticket.section}, row ${ticket.row}, seat ${ticket.num}. In the name of ${ticket.holderName}.`)}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ]
    .map(folded)
    .join("\r\n")
    .concat("\r\n")

const stamp = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "")

const escaped = (text: string) => text.replace(/[\\;,]/g, (each) => `\\${each}`).replace(/\r\n|\r|\n/g, "\\n")

/** Lines of at most 75 octets; the rest goes on behind a space, never within a character. */
const folded = (line: string) => {
  const lines = [""]
  let octets = 0
  for (const character of line) {
    const size = Buffer.byteLength(character)
    if (octets + size > 73) {
      lines.push("")
      octets = 0
    }
    lines[lines.length - 1] += character
    octets += size
  }
  return lines.join("\r\n ")
}
