import { FormError } from "../shared/form-error.tsx"
import { moment, type Look } from "../shared/look.ts"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"
import { LogTable, type LogLine } from "./log-page.tsx"
import { SaleControls } from "./sale-controls.tsx"
import { SaleFigures } from "./sale-figures.tsx"
import type { SaleLive } from "./sale-live.ts"
import { SearchForm } from "./search-form.tsx"

export type SaleHead = {
  saleId: string
  eventId: string
  eventName: string
  venue: string
  startsAt: number
  endsAt: number
}

export const SalePage = ({
  frame,
  look,
  head,
  live,
  log,
  error,
}: {
  frame: ConsoleFrameProps
  look: Look
  head: SaleHead
  live: SaleLive
  log: LogLine[]
  error?: string
}) => (
  <ConsoleFrame frame={frame} title={head.eventName}>
    <p class="when">
      {head.venue}, {moment(head.startsAt, look)}
    </p>
    <h1>{head.eventName}</h1>
    <p class="hint">
      Waiting room from {moment(live.queueOpensAt, look)}, sale from {moment(live.opensAt, look)} to{" "}
      {moment(head.endsAt, look)}. <a href={`/events/${head.eventId}`}>The page that fans see</a>
    </p>
    <FormError text={error} />
    <SaleControls live={live} look={look} />
    <SaleFigures live={live} look={look} />
    <div class="columns">
      {live.phase === "closed" ? null : <ChangeForm live={live} />}
      <section class="panel" aria-labelledby="look-title">
        <h2 id="look-title">Look somebody up</h2>
        <SearchForm saleId={head.saleId} />
        <h2>Take away</h2>
        <p class="actions">
          <a class="button quiet" href={`/console/sales/${head.saleId}/tickets.csv`} download>
            Tickets as CSV
          </a>
          <a class="button quiet" href={`/console/sales/${head.saleId}/queue.csv`} download>
            Queue as CSV
          </a>
        </p>
      </section>
    </div>
    <section aria-labelledby="log-title" class="stack">
      <h2 id="log-title">Who did what</h2>
      <LogTable look={look} lines={log} />
    </section>
  </ConsoleFrame>
)

const ChangeForm = ({ live }: { live: SaleLive }) => (
  <section class="panel" aria-labelledby="change-title">
    <h2 id="change-title">Change while it runs</h2>
    <form class="stack" method="post" action={`/console/sales/${live.saleId}/change`}>
      <div class="grid">
        {(
          [
            ["admit_per_minute", "Let in a minute", live.admitPerMinute, 1_000_000],
            ["shopper_capacity", "Shoppers at one time", live.shopperCapacity, 100_000],
            ["waiting_room_cap", "Places in the waiting room", live.waitingRoomCap, 10_000_000],
          ] as const
        ).map(([name, label, value, max]) => (
          <label key={name}>
            <span>{label}</span>
            <input type="number" name={name} value={value} min={1} max={max} step={1} required inputMode="numeric" />
          </label>
        ))}
      </div>
      <label>
        <span>Message to everybody who waits</span>
        <textarea name="message" rows={2} maxLength={500}>
          {live.message}
        </textarea>
      </label>
      <p class="actions">
        <button class="button" type="submit">
          Look over the change
        </button>
      </p>
    </form>
  </section>
)
