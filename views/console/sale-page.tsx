import { clockTime, money, moment, type Look } from "../shared/look.ts"
import { FormError } from "../shared/form-error.tsx"
import { title, whole } from "../shared/words.ts"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"
import { MinuteChart, type Minute } from "./minute-chart.tsx"
import { LogTable, type LogLine } from "./log-page.tsx"
import { SearchForm } from "./search-form.tsx"

export type SaleLive = {
  saleId: string
  phase: "scheduled" | "queueing" | "open" | "paused" | "sold_out" | "closed"
  paused: boolean
  queueOpensAt: number
  opensAt: number
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
  /** Why nobody is called until an operator has looked. */
  alarm?: string
  now: number
  minutes: Minute[]
}

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

/** What an open page shows besides figures; it is sent again only when this differs. */
export const markOf = ({ phase, paused, recovering, message, alarm }: SaleLive) =>
  JSON.stringify([phase, paused, recovering, message, alarm ?? ""])

/** How the sale stands, what that means, and what can be done about it. Sent again only when it changes, so that a button keeps its focus. */
export const SaleControls = ({ live, look, swapped = false }: { live: SaleLive; look: Look; swapped?: boolean }) => {
  const { saleId, phase, paused, recovering, message, alarm } = live
  return (
    <section id="controls" class="panel" aria-label="State of the sale" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
      {alarm === undefined ? null : (
        <div class="error" role="alert">
          <p>
            Nobody is called: one position was found with two accounts, which must never be. Export the queue, look at
            both accounts, then let people be called again. What was found: {alarm}
          </p>
        </div>
      )}
      <p class={`state ${alarm === undefined && !recovering ? phase : "danger"}`} role="status">
        <b>{title(phase)}.</b>{" "}
        {recovering
          ? recoveringText
          : alarm === undefined
            ? meaningOf(live, look)
            : "Nobody is called until somebody has looked."}
      </p>
      {message === "" ? null : <p class="hint">Everybody who waits reads: {message}</p>}
      {phase === "closed" ? null : (
        <div class="actions">
          {alarm === undefined ? null : (
            <form method="post" action={`/console/sales/${saleId}/clear-alarm`}>
              <button id="clear-alarm" class="button danger" type="submit">
                I have looked; call people again
              </button>
            </form>
          )}
          <a
            id="pause"
            class={paused ? "button" : "button quiet"}
            href={`/console/sales/${saleId}/${paused ? "resume" : "pause"}`}
          >
            {paused ? "Resume the sale" : "Pause the sale"}
          </a>
          <a id="stop" class="button danger" href={`/console/sales/${saleId}/stop`}>
            Emergency stop
          </a>
        </div>
      )}
    </section>
  )
}

const recoveringText =
  "The queue is being put back after a fault; every place is kept, and nobody is called until then."

const meaningOf = ({ phase, paused, queueOpensAt, opensAt }: SaleLive, look: Look): string => {
  const held = paused ? " It is paused already, so nobody is called then either." : ""
  switch (phase) {
    case "scheduled":
      return `The waiting room opens by itself on ${moment(queueOpensAt, look)}.${held}`
    case "queueing":
      return `People take their places; the first are called on ${moment(opensAt, look)}.${held}`
    case "open":
      return "People are called in order and buy."
    case "paused":
      return "Nobody is called until you resume it; every place, admission and hold stays."
    case "sold_out":
      return "No seat is free. People are called again if one comes back."
    case "closed":
      return "Nobody joins or is called any more. What was held before can still be paid. Nothing can be changed here."
  }
}

/** Swapped every two seconds; without scripts it is as old as the page. */
export const SaleFigures = ({ live, look }: { live: SaleLive; look: Look }) => (
  <section
    id="figures"
    class="stack"
    aria-label="Figures of this moment"
    hx-get={`/console/sales/${live.saleId}/live?${new URLSearchParams({ seen: markOf(live) })}`}
    hx-trigger="every 2s"
    hx-swap="outerHTML"
  >
    <dl class="facts panel">
      {(
        [
          ["Waiting", whole(live.waiting)],
          ["Joined so far", whole(live.joined)],
          ["Called up to", whole(live.nowServing)],
          ["Shopping now", `${whole(live.shoppers)} of ${whole(live.shopperCapacity)}`],
          ["Called a minute", `${whole(live.measuredPerMinute)} of ${whole(live.admitPerMinute)}`],
          ["Seats free", whole(live.available)],
          ["Seats held", whole(live.held)],
          ["Seats sold", `${whole(live.sold)} of ${whole(live.total)}`],
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
