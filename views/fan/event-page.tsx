import { span, whole } from "../words.ts"
import { FanFrame, type Frame } from "./frame.tsx"
import type { EventCard } from "./events-page.tsx"
import { moment, priceRange, type Look } from "./look.ts"

export type SaleCard = {
  saleId: string
  phase: "scheduled" | "queueing" | "open" | "paused" | "sold_out" | "closed"
  message: string
  queueOpensAt: number
  opensAt: number
  endsAt: number
  minCents: number
  maxCents: number
  seatsLeft: number
  seats: number
  waiting: number
  maxTicketsPerUser: number
  holdMs: number
  callWindowMs: number
  admissionMs: number
  sections: { section: string; priceCents: number; available: number }[]
}

export const EventPage = ({
  frame,
  look,
  event,
  sales,
}: {
  frame: Frame
  look: Look
  event: EventCard
  sales: SaleCard[]
}) => (
  <FanFrame frame={frame} title={event.name}>
    <p class="when">
      <time dateTime={new Date(event.startsAt).toISOString()}>{moment(event.startsAt, look)}</time>
    </p>
    <h1>{event.name}</h1>
    <p class="lead">
      {event.venue}
      {event.city === undefined ? null : `, ${event.city}`}
    </p>
    {sales.length === 0 ? <p>Tickets are not on sale yet. Come back when a sale is announced.</p> : null}
    {sales.map((sale) => (
      <SaleSection sale={sale} look={look} key={sale.saleId} />
    ))}
  </FanFrame>
)

const SaleSection = ({ sale, look }: { sale: SaleCard; look: Look }) => (
  <section class="panel" aria-labelledby={`sale-${sale.saleId}`}>
    <h2 id={`sale-${sale.saleId}`}>Tickets {priceRange(sale.minCents, sale.maxCents, look)}</h2>
    <p class={`state ${sale.phase}`}>{stateText(sale, look)}</p>
    {sale.message === "" ? null : <p class="message">{sale.message}</p>}
    {sale.phase === "closed" || sale.phase === "sold_out" ? null : (
      <p class="actions">
        <a class="button" href={`/sales/${sale.saleId}/wait`}>
          {sale.phase === "scheduled" ? "To the waiting room, which opens then" : "To the waiting room"}
        </a>
      </p>
    )}
    <table>
      <caption>Prices</caption>
      <thead>
        <tr>
          <th scope="col">Section</th>
          <th scope="col" class="number">
            Price
          </th>
          <th scope="col" class="number">
            Seats to be had
          </th>
        </tr>
      </thead>
      <tbody>
        {sale.sections.map((each) => (
          <tr key={each.section}>
            <th scope="row">{each.section}</th>
            <td class="number">{priceRange(each.priceCents, each.priceCents, look)}</td>
            <td class="number">{whole(each.available)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <h3>The rules of this sale</h3>
    <ul class="rules">
      <li>
        Everybody stands in one queue, in the order of arrival. The server decides the order; refreshing changes
        nothing.
      </li>
      <li>At most {sale.maxTicketsPerUser} tickets for each account, in all its orders together.</li>
      <li>
        When your turn comes you have {span(sale.callWindowMs)} to come in and {span(sale.admissionMs)} to shop. Seats
        that you choose are kept for {span(sale.holdMs)}.
      </li>
      <li>A ticket carries the name of its holder and cannot be passed on or resold.</li>
    </ul>
  </section>
)

const stateText = (sale: SaleCard, look: Look) => {
  switch (sale.phase) {
    case "scheduled":
      return `The waiting room opens on ${moment(sale.queueOpensAt, look)}`
    case "queueing":
      return `The waiting room is open; the sale begins on ${moment(sale.opensAt, look)}`
    case "open":
      return `On sale: ${whole(sale.seatsLeft)} of ${whole(sale.seats)} seats left, ${whole(sale.waiting)} people waiting`
    case "paused":
      return "The sale has been paused for a moment; every place in the queue is kept"
    case "sold_out":
      return "Sold out. Seats that are held and not paid come back; nobody new is let into the queue"
    case "closed":
      return "This sale is over"
  }
}
