import { whole } from "../shared/words.ts"
import { FanFrame, type Frame } from "./frame.tsx"
import { aheadText, clockTime, moment, priceRange, waitText, type Look } from "../shared/look.ts"

export const placeStates = [
  "loading",
  "sign_in",
  "early",
  "join",
  "waiting",
  "turn",
  "missed",
  "used",
  "sold_out",
  "closed",
  "full",
  "blocked",
  "recovering",
] as const
export type PlaceState = (typeof placeStates)[number]

/** One person's place; waiting.js fills the same fields in a browser that runs scripts. */
export type Place = {
  state: PlaceState
  position?: number
  ahead?: number
  nowServing?: number
  waitMs?: { p50: number; p90: number }
  turnEndsAt?: number
  phase?: "scheduled" | "queueing" | "open" | "paused" | "sold_out" | "closed"
  message?: string
  seatsLeft?: number
  takenAt?: number
}

export type WaitingSale = {
  saleId: string
  eventName: string
  venue: string
  startsAt: number
  queueOpensAt: number
  opensAt: number
  minCents: number
  maxCents: number
}

/** Without a place it is the same for everybody, so that a CDN can carry it. */
export const WaitingPage = ({
  frame,
  look,
  sale,
  place,
  refreshAfterSec,
}: {
  frame: Frame
  look: Look
  sale: WaitingSale
  place?: Place
  refreshAfterSec?: number
}) => {
  const state = place?.state ?? "loading"
  const phase = place?.phase
  const shown = (each: PlaceState) => ({ "data-state": each, hidden: each !== state })
  const next = encodeURIComponent(`/sales/${sale.saleId}/wait`)
  return (
    <FanFrame
      frame={frame}
      title={place === undefined ? `Waiting room: ${sale.eventName}` : `${titleOf(place)} · ${sale.eventName}`}
      refreshAfterSec={refreshAfterSec}
      noScriptGoTo={place === undefined ? `/sales/${sale.saleId}/place` : undefined}
      waiting={place === undefined ? { saleId: sale.saleId, title: sale.eventName } : undefined}
    >
      <p class="when">
        <time dateTime={new Date(sale.startsAt).toISOString()}>{moment(sale.startsAt, look)}</time>, {sale.venue}
      </p>
      <h1>{sale.eventName}</h1>
      <div class="panel place" aria-live="polite">
        <p class="message" data-field="message" hidden={!place?.message}>
          {place?.message}
        </p>
        <p class="state paused" data-field="paused" hidden={phase !== "paused"}>
          The sale has been paused for a moment. Every place is kept; nobody is called meanwhile.
        </p>
        <p class="state sold_out" data-field="gone" hidden={!isGone(state, phase)}>
          All seats are sold. You keep your place: if seats come back, the queue moves on by itself.{" "}
          <a href="/events">Other events</a>
        </p>
        <p class="state lost" data-field="lost" hidden>
          The connection is lost. Your place is kept on the server; this page goes on trying.
        </p>
        <section {...shown("loading")}>
          <p class="lead">{headings.loading}…</p>
        </section>
        <section {...shown("sign_in")}>
          <h2>{headings.sign_in}</h2>
          <p>One account has one place. Make one now if you have none: it takes a minute.</p>
          <p class="actions">
            <a class="button" href={`/signin?next=${next}`}>
              Sign in
            </a>
            <a class="button quiet" href={`/register?next=${next}`}>
              Make an account
            </a>
          </p>
        </section>
        <section {...shown("early")}>
          <h2>The waiting room opens on {moment(sale.queueOpensAt, look)}</h2>
          <p>
            Places are given from then on, in the order of arrival. Being here earlier gives nothing; this page opens by
            itself.
          </p>
        </section>
        <section {...shown("join")}>
          <h2>{headings.join}</h2>
          <p>Take your place now. It is yours until you have shopped: closing this page does not lose it.</p>
          <form method="post" action={`/sales/${sale.saleId}/join`}>
            <button class="button" type="submit">
              Take my place
            </button>
          </form>
        </section>
        <section {...shown("waiting")}>
          <h2 class="eyebrow">{headings.waiting}</h2>
          {/* They change all the time: a screen reader reads them when asked. */}
          <p class="huge" data-field="position" aria-live="off">
            {place?.position === undefined ? "" : whole(place.position)}
          </p>
          <p class="lead" data-field="ahead" aria-live="off">
            {place?.ahead === undefined ? "" : aheadText(place.ahead)}
          </p>
          <progress
            data-field="progress"
            max={Math.max(1, place?.position ?? 1)}
            value={Math.max(0, (place?.position ?? 0) - (place?.ahead ?? 0) - 1)}
            aria-label="How far the queue has come to your place"
          />
          <p data-field="before" hidden={phase !== "queueing"}>
            The sale begins on <strong>{moment(sale.opensAt, look)}</strong>; nobody is called before.
          </p>
          <p data-field="expected" aria-live="off" hidden={phase !== "open"}>
            Expected wait:{" "}
            <strong data-field="wait">{place?.waitMs ? waitText(place.waitMs.p50, place.waitMs.p90) : ""}</strong>
          </p>
          <p class="hint" data-field="why" />
        </section>
        <section {...shown("turn")}>
          <h2>{headings.turn}</h2>
          <p>
            Come in and choose your seats. Your time ends at{" "}
            <strong data-field="turn-ends">
              {place?.turnEndsAt === undefined ? "" : clockTime(place.turnEndsAt, look)}
            </strong>
            .
          </p>
          <p class="actions">
            <a class="button" href={`/sales/${sale.saleId}/seats`}>
              Choose seats
            </a>
          </p>
        </section>
        <section {...shown("missed")}>
          <h2>{headings.missed}</h2>
          <p>
            You were called and did not come in time. Stay on this page: you are let in as soon as a place in the shop
            is free.
          </p>
        </section>
        <section {...shown("used")}>
          <h2>{headings.used}</h2>
          <p>
            You have shopped, or your time ran out. You can ask for another turn; it comes after everybody who waits for
            a first one.
          </p>
          <p class="state asked" id="asked">
            You have asked. Stay on this page: it says when your next turn comes.
          </p>
          <form method="post" action={`/sales/${sale.saleId}/join`}>
            <p class="actions">
              <a class="button" href="/me/tickets">
                My tickets
              </a>
              <button class="button quiet" type="submit">
                Ask for another turn
              </button>
            </p>
          </form>
        </section>
        <section {...shown("sold_out")}>
          <h2>{headings.sold_out}</h2>
          <p>
            All seats are sold, and the queue takes nobody new. Whoever has a place keeps it, and is called if seats
            come back.
          </p>
          <p class="actions">
            <a class="button" href="/events">
              Other events
            </a>
            <a class="button quiet" href="/me/tickets">
              My tickets
            </a>
          </p>
        </section>
        <section {...shown("closed")}>
          <h2>{headings.closed}</h2>
          <p>Nobody is let in any more. Tickets that you bought are under My tickets.</p>
          <p class="actions">
            <a class="button" href="/me/tickets">
              My tickets
            </a>
            <a class="button quiet" href="/events">
              Other events
            </a>
          </p>
        </section>
        <section {...shown("full")}>
          <h2>{headings.full}</h2>
          <p>
            You have no place yet: as many people wait as can hope for a seat. Room comes free when people are called;
            try again in a few moments.
          </p>
          <form method="post" action={`/sales/${sale.saleId}/join`}>
            <button class="button" type="submit">
              Try again
            </button>
          </form>
        </section>
        <section {...shown("blocked")}>
          <h2>{headings.blocked}</h2>
          <p>
            More requests come from your connection than one person makes. A place that you have is kept. Wait a minute,
            then go on.
          </p>
          <p class="actions">
            <a class="button" href={`/sales/${sale.saleId}/wait`}>
              Go on
            </a>
          </p>
        </section>
        <section {...shown("recovering")}>
          <h2>{headings.recovering}</h2>
          <p>
            The queue is being put back after a fault. Every place that was given is kept. Look again in a few seconds.
          </p>
          <p class="actions">
            <a class="button" href={`/sales/${sale.saleId}/wait`}>
              Look again
            </a>
          </p>
        </section>
      </div>
      <dl class="facts">
        <div>
          <dt>Prices</dt>
          <dd>{priceRange(sale.minCents, sale.maxCents, look)}</dd>
        </div>
        <div>
          <dt>Seats left</dt>
          <dd data-field="seats">{place?.seatsLeft === undefined ? "…" : whole(place.seatsLeft)}</dd>
        </div>
        <div>
          <dt>Last looked</dt>
          <dd data-field="looked">{place?.takenAt === undefined ? "…" : clockTime(place.takenAt, look)}</dd>
        </div>
      </dl>
      <ul class="rules">
        <li>You can close this tab: your place belongs to your account. Come back with it, on any device.</li>
        <li>
          Refreshing, a second tab or another browser changes nothing. Everybody is called in the order of arrival.
        </li>
        <li>When your turn comes this page says so, in its title as well.</li>
      </ul>
      <p data-field="notify" hidden>
        <button class="button quiet" type="button" data-action="notify">
          Call me with a sound and a notification
        </button>
      </p>
    </FanFrame>
  )
}

/** What each state is called, on the page and in its title. */
const headings: Record<PlaceState, string> = {
  loading: "Looking up your place",
  sign_in: "Sign in to take your place",
  early: "The waiting room is not open yet",
  join: "The waiting room is open",
  waiting: "Your place in the queue",
  turn: "It is your turn",
  missed: "Your turn went by",
  used: "Your turn is used",
  sold_out: "Sold out",
  closed: "This sale is over",
  full: "The waiting room is full",
  blocked: "Too many attempts",
  recovering: "One moment",
}

const titleOf = ({ state, ahead }: Place) =>
  state === "waiting" && ahead !== undefined ? aheadText(ahead) : headings[state]

/** Whoever still waits must know that there is nothing to wait for at this moment. */
const isGone = (state: PlaceState, phase: Place["phase"]) =>
  phase === "sold_out" && (state === "waiting" || state === "missed")
