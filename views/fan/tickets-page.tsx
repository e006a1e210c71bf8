import { FanFrame, type Frame } from "./frame.tsx"
import { moment, type Look } from "../shared/look.ts"

export type TicketView = {
  ticketId: string
  orderId: string
  eventName: string
  venue: string
  startsAt: number
  section: string
  row: string
  num: number
  holderName: string
  status: "valid" | "used" | "revoked"
}

export const TicketsPage = ({ frame, look, tickets }: { frame: Frame; look: Look; tickets: TicketView[] }) => (
  <FanFrame frame={frame} title="My tickets" wide>
    <h1>My tickets</h1>
    {tickets.length === 0 ? (
      <p class="lead">
        You have none yet. <a href="/events">Find an event</a>
      </p>
    ) : (
      <>
        <p class="actions no-print">
          <button class="button quiet" type="button" data-print hidden>
            Print all
          </button>
        </p>
        <ul class="tickets">
          {tickets.map((ticket) => (
            <li class="ticket" key={ticket.ticketId}>
              <div>
                <p class="when">
                  <time dateTime={new Date(ticket.startsAt).toISOString()}>{moment(ticket.startsAt, look)}</time>
                </p>
                <h2>{ticket.eventName}</h2>
                <p>{ticket.venue}</p>
                <p class="where">
                  {ticket.section}, row {ticket.row}, seat {ticket.num}
                </p>
                <p>
                  {ticket.holderName}
                  {ticket.status === "valid" ? null : <strong class="tag"> {statusText[ticket.status]}</strong>}
                </p>
                <p class="actions no-print">
                  <a class="button quiet" href={`/tickets/${ticket.ticketId}/calendar.ics`} download>
                    Add to calendar
                  </a>
                  <a class="button quiet" href={`/orders/${ticket.orderId}`}>
                    Order
                  </a>
                </p>
              </div>
              {ticket.status === "revoked" ? null : (
                <img
                  class="code"
                  src={`/v1/tickets/${ticket.ticketId}/qr.svg`}
                  width="220"
                  height="220"
                  alt={`Code for the gate: ${ticket.section}, row ${ticket.row}, seat ${ticket.num}`}
                />
              )}
            </li>
          ))}
        </ul>
      </>
    )}
  </FanFrame>
)

const statusText = { valid: "", used: "used at the gate", revoked: "no longer valid" }
