import { clockTime, money, moment, type Look } from "../fan/look.ts"
import { FormError } from "../fan/frame.tsx"
import { percent, title, whole } from "../words.ts"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"
import { MinuteChart, type Minute } from "./minute-chart.tsx"
import { LogTable, type LogLine } from "./log-page.tsx"

export type SaleLive = {
  saleId: string
  phase: string
  paused: boolean
  closed: boolean
  waiting: number
  joined: number
  nowServing: number
  shoppers: number
  measuredPerMinute: number
  available: number
  held: number
  sold: number
  total: number
  revenueCents: number
  orders: number
  buyers: number
  message: string
  admitPerMinute: number
  shopperCapacity: number
  waitingRoomCap: number
  recovering: boolean
  now: number
  minutes: Minute[]
}

export type SaleHead = {
  saleId: string
  eventId: string
  eventName: string
  venue: string
  startsAt: number
  queueOpensAt: number
  opensAt: number
  endsAt: number
}

export const SalePage = ({
  frame,
  look,
  head,
  live,
  log,
  alarm,
  error,
}: {
  frame: ConsoleFrameProps
  look: Look
  head: SaleHead
  live: SaleLive
  log: LogLine[]
  alarm?: string
  error?: string
}) => (
  <ConsoleFrame frame={frame} title={head.eventName}>
    <p class="when">
      {head.venue}, {moment(head.startsAt, look)}
    </p>
    <h1>{head.eventName}</h1>
    <p class="hint">
      Waiting room from {moment(head.queueOpensAt, look)}, sale from {moment(head.opensAt, look)} to{" "}
      {moment(head.endsAt, look)}. <a href={`/events/${head.eventId}`}>The page that fans see</a>
    </p>
    <FormError text={error} />
    {alarm === undefined ? null : (
      <form class="error stack" role="alert" method="post" action={`/control/sales/${head.saleId}/clear-alarm`}>
        <p>
          Nobody is called: one position was found with two accounts, which must never be. Export the queue, look at
          both accounts, then let people be called again. What was found: {alarm}
        </p>
        <p class="actions">
          <button class="button danger" type="submit">
            I have looked; call people again
          </button>
        </p>
      </form>
    )}
    <SaleFigures live={live} look={look} />
    <div class="columns">
      <section class="panel" aria-labelledby="change-title">
        <h2 id="change-title">Change while it runs</h2>
        <form class="stack" method="post" action={`/control/sales/${head.saleId}/change`}>
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
                <input
                  type="number"
                  name={name}
                  value={value}
                  min={1}
                  max={max}
                  step={1}
                  required
                  inputMode="numeric"
                />
              </label>
            ))}
          </div>
          <label>
            <span>Message to everybody who waits</span>
            <input name="message" value={live.message} maxLength={500} />
          </label>
          <p class="actions">
            <button class="button" type="submit">
              Look over the change
            </button>
          </p>
        </form>
      </section>
      <section class="panel" aria-labelledby="stop-title">
        <h2 id="stop-title">Pause and stop</h2>
        <p>A pause calls nobody; every place, admission and hold stays.</p>
        <p class="actions">
          <a class="button quiet" href={`/control/sales/${head.saleId}/${live.paused ? "resume" : "pause"}`}>
            {live.paused ? "Resume the sale" : "Pause the sale"}
          </a>
          {live.closed ? null : (
            <a class="button danger" href={`/control/sales/${head.saleId}/stop`}>
              Emergency stop
            </a>
          )}
        </p>
        <h3>Look somebody up</h3>
        <form class="row-form" method="get" action={`/control/sales/${head.saleId}/account`}>
          <label class="grow">
            <span>E-mail or account id</span>
            <input type="search" name="q" required maxLength={320} />
          </label>
          <button class="button quiet" type="submit">
            Search the queue
          </button>
        </form>
        <h3>Take away</h3>
        <p class="actions">
          <a class="button quiet" href={`/control/sales/${head.saleId}/tickets.csv`} download>
            Tickets as CSV
          </a>
          <a class="button quiet" href={`/control/sales/${head.saleId}/queue.csv`} download>
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

/** Swapped every two seconds; without scripts it is as old as the page. */
export const SaleFigures = ({ live, look }: { live: SaleLive; look: Look }) => (
  <section
    id="figures"
    class="stack"
    aria-label="Figures of this moment"
    hx-get={`/control/sales/${live.saleId}/live`}
    hx-trigger="every 2s"
    hx-swap="outerHTML"
  >
    <p class={`state ${live.phase}`}>
      {title(live.phase)}
      {live.recovering ? ": the queue is being put back after a fault; every place is kept" : ""}
      {live.message === "" ? "" : `. Message: ${live.message}`}
    </p>
    <dl class="facts panel">
      {(
        [
          ["Waiting", whole(live.waiting)],
          ["Joined so far", whole(live.joined)],
          ["Called up to", whole(live.nowServing)],
          ["Shopping now", `${whole(live.shoppers)} of ${whole(live.shopperCapacity)}`],
          ["Called a minute", `${whole(live.measuredPerMinute)} of ${whole(live.admitPerMinute)}`],
          ["Seats free", whole(live.available)],
          ["Held", whole(live.held)],
          [
            "Sold",
            `${whole(live.sold)} of ${whole(live.total)}, ${percent(live.total === 0 ? 0 : live.sold / live.total)}`,
          ],
          ["Orders", whole(live.orders)],
          ["Buyers", whole(live.buyers)],
          ["Revenue", money(live.revenueCents, look)],
          ["As of", clockTime(live.now, look)],
        ] as const
      ).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
    <MinuteChart minutes={live.minutes} now={live.now} look={look} />
  </section>
)
