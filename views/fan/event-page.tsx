import type { Phase } from "../../src/waiting-room/phase.ts"
import { span, whole } from "../shared/words.ts"
import { FanFrame, type Frame } from "./frame.tsx"
import type { EventCard } from "./events-page.tsx"
import { moment, priceRange, type Look } from "../shared/look.ts"

export type SaleCard = {
  saleId: string
  phase: Phase
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
    {sales.length === 0 ? (
      <>
        <p>Tickets are not on sale yet. Come back when a sale is announced.</p>
        <OtherEvents />
      </>
    ) : null}
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
    {sale.phase === "closed" || sale.phase === "sold_out" ? (
      <OtherEvents />
    ) : (
      <p class="actions">
        <a class="button" href={`/sales/${sale.saleId}/wait`}>
          {sale.phase === "scheduled" ? "To the waiting room, which opens then" : "To the waiting room"}
        </a>
      </p>
    )}
    {sale.phase === "closed" ? null : <PricesAndRules sale={sale} look={look} />}
  </section>
)

const PricesAndRules = ({ sale, look }: { sale: SaleCard; look: Look }) => (
  <>
    <table>
      <caption>Prices</caption>
      <thead>
        <tr>
          <th scope="col">Section</th>
          <th scope="col" class="number">
            Price
          </th>
          <th scope="col" class="number">
            Seats left
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
      <li>
        {sale.maxTicketsPerUser === 1
          ? "One ticket for each account."
          : `At most ${sale.maxTicketsPerUser} tickets for each account, in all its orders together.`}
      </li>
      <li>
        When your turn comes you have {lasting(sale.callWindowMs)} to come in and {lasting(sale.admissionMs)} to shop.
        Seats that you choose are kept for {lasting(sale.holdMs)}.
      </li>
      <li>A ticket carries the name of its holder and cannot be passed on or resold.</li>
    </ul>
  </>
)

const OtherEvents = () => (
  <p class="actions">
    <a class="button quiet" href="/events">
      Other events
    </a>
  </p>
)

/** A number stays with its unit. */
const lasting = (ms: number) => span(ms).replaceAll(" ", "\u00a0")

const stateText = (sale: SaleCard, look: Look) => {
  switch (sale.phase) {
    case "scheduled":
      return `The waiting room opens on ${moment(sale.queueOpensAt, look)}`
    case "queueing":
      return `The waiting room is open; the sale begins on ${moment(sale.opensAt, look)}`
    case "open":
      return `On sale: ${whole(sale.seatsLeft)} of ${whole(sale.seats)} seats left, ${waitingText(sale.waiting)}`
    case "paused":
      return "The sale has been paused for a moment; every place in the queue is kept"
    case "sold_out":
      return "Sold out. Whoever has a place in the queue keeps it, and is called if seats come back"
    case "closed":
      return "This sale is over"
  }
}

const waitingText = (waiting: number) => {
  if (waiting === 0) return "nobody waiting"
  return waiting === 1 ? "1 person waiting" : `${whole(waiting)} people waiting`
}
