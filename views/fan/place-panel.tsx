import type { ComponentChildren } from "preact"
import { clockTime, moment, type Look } from "../shared/look.ts"
import { whole } from "../shared/words.ts"
import { Actions, myTickets, otherEvents } from "./actions.tsx"
import { headings, placeStates, type Place, type PlaceState, type WaitingSale } from "./place.ts"
import { aheadText, waitText } from "./queue-words.ts"

type PanelProps = { sale: WaitingSale; place?: Place; look: Look }

/** All that can be said of a place; of the states one is shown, which waiting.js changes. */
export const PlacePanel = ({ sale, place, look }: PanelProps) => {
  const shown = place?.state ?? "loading"
  return (
    <div class="panel place" aria-live="polite">
      <Warnings place={place} />
      {placeStates.map((state) => (
        <section data-state={state} hidden={state !== shown} key={state}>
          {contents[state]({ sale, place, look })}
        </section>
      ))}
    </div>
  )
}

const Warnings = ({ place }: { place?: Place }) => (
  <>
    <p class="message" data-field="message" hidden={!place?.message}>
      {place?.message}
    </p>
    <p class="state paused" data-field="paused" hidden={place?.phase !== "paused"}>
      The sale has been paused for a moment. Every place is kept; nobody is called meanwhile.
    </p>
    <p class="state sold_out" data-field="gone" hidden={!isGone(place)}>
      All seats are sold. You keep your place: if seats come back, the queue moves on by itself.{" "}
      <a href="/events">Other events</a>
    </p>
    <p class="state lost" data-field="lost" hidden>
      The connection is lost. Your place is kept on the server; this page goes on trying.
    </p>
  </>
)

/** Whoever still waits is told when there is nothing left to wait for. */
const isGone = (place: Place | undefined) =>
  place?.phase === "sold_out" && (place.state === "waiting" || place.state === "missed")

const SignIn = ({ sale }: PanelProps) => {
  const next = encodeURIComponent(waitPath(sale))
  return (
    <>
      <h2>{headings.sign_in}</h2>
      <p>One account has one place. Make one now if you have none: it takes a minute.</p>
      <Actions
        to={[
          { href: `/signin?next=${next}`, label: "Sign in" },
          { href: `/register?next=${next}`, label: "Make an account" },
        ]}
      />
    </>
  )
}

const Early = ({ sale, look }: PanelProps) => (
  <>
    <h2>The waiting room opens on {moment(sale.queueOpensAt, look)}</h2>
    <p>
      Places are given from then on, in the order of arrival. Being here earlier gives nothing; this page opens by
      itself.
    </p>
  </>
)

const Join = ({ sale }: PanelProps) => (
  <>
    <h2>{headings.join}</h2>
    <p>Take your place now. It is yours until you have shopped: closing this page does not lose it.</p>
    <JoinForm sale={sale}>
      <button class="button" type="submit">
        Take my place
      </button>
    </JoinForm>
  </>
)

const Waiting = ({ sale, place, look }: PanelProps) => (
  <>
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
    <p data-field="before" hidden={place?.phase !== "queueing"}>
      The sale begins on <strong>{moment(sale.opensAt, look)}</strong>; nobody is called before.
    </p>
    <p data-field="expected" aria-live="off" hidden={place?.phase !== "open"}>
      Expected wait:{" "}
      <strong data-field="wait">{place?.waitMs ? waitText(place.waitMs.p50, place.waitMs.p90) : ""}</strong>
    </p>
    <p class="hint" data-field="why" />
    <details data-field="kept" hidden={place?.receipt === undefined}>
      <summary>Your receipt: keep this</summary>
      <p>
        It proves the number above, and this browser keeps it. Should the queue lose your place after a fault, it puts
        you back.
      </p>
      <textarea data-field="receipt" rows={4} readOnly aria-label="Your receipt" value={place?.receipt ?? ""} />
    </details>
  </>
)

const Turn = ({ sale, place, look }: PanelProps) => (
  <>
    <h2>{headings.turn}</h2>
    <p>
      Come in and choose your seats. Your time ends at{" "}
      <strong data-field="turn-ends">{place?.turnEndsAt === undefined ? "" : clockTime(place.turnEndsAt, look)}</strong>
      .
    </p>
    <Actions to={[{ href: `/sales/${sale.saleId}/seats`, label: "Choose seats" }]} />
  </>
)

const Missed = () => (
  <>
    <h2>{headings.missed}</h2>
    <p>
      You were called and did not come in time. Stay on this page: you are let in as soon as a place in the shop is
      free.
    </p>
  </>
)

const Used = ({ sale }: PanelProps) => (
  <>
    <h2>{headings.used}</h2>
    <p>
      You have shopped, or your time ran out. You can ask for another turn; it comes after everybody who waits for a
      first one.
    </p>
    <p class="state asked" id="asked">
      You have asked. Stay on this page: it says when your next turn comes.
    </p>
    <JoinForm sale={sale}>
      <p class="actions">
        <a class="button" href={myTickets.href}>
          {myTickets.label}
        </a>
        <button class="button quiet" type="submit">
          Ask for another turn
        </button>
      </p>
    </JoinForm>
  </>
)

const SoldOut = () => (
  <>
    <h2>{headings.sold_out}</h2>
    <p>
      All seats are sold, and the queue takes nobody new. Whoever has a place keeps it, and is called if seats come
      back.
    </p>
    <Actions to={[otherEvents, myTickets]} />
  </>
)

const Closed = () => (
  <>
    <h2>{headings.closed}</h2>
    <p>Nobody is let in any more. Tickets that you bought are under My tickets.</p>
    <Actions to={[myTickets, otherEvents]} />
  </>
)

const Full = ({ sale }: PanelProps) => (
  <>
    <h2>{headings.full}</h2>
    <p>
      You have no place yet: as many people wait as can hope for a seat. Room comes free when people are called; try
      again in a few moments.
    </p>
    <JoinForm sale={sale}>
      <button class="button" type="submit">
        Try again
      </button>
    </JoinForm>
  </>
)

const Blocked = ({ sale }: PanelProps) => (
  <>
    <h2>{headings.blocked}</h2>
    <p>
      More requests come from your connection than one person makes. A place that you have is kept. Wait a minute, then
      go on.
    </p>
    <Actions to={[{ href: waitPath(sale), label: "Go on" }]} />
  </>
)

const Recovering = ({ sale }: PanelProps) => (
  <>
    <h2>{headings.recovering}</h2>
    <p>The queue is being put back after a fault. Every place that was given is kept. Look again in a few seconds.</p>
    <Actions to={[{ href: waitPath(sale), label: "Look again" }]} />
  </>
)

const contents: Record<PlaceState, (props: PanelProps) => ComponentChildren> = {
  loading: () => <p class="lead">{headings.loading}…</p>,
  sign_in: SignIn,
  early: Early,
  join: Join,
  waiting: Waiting,
  turn: Turn,
  missed: Missed,
  used: Used,
  sold_out: SoldOut,
  closed: Closed,
  full: Full,
  blocked: Blocked,
  recovering: Recovering,
}

const JoinForm = ({ sale, children }: { sale: WaitingSale; children: ComponentChildren }) => (
  <form method="post" action={`/sales/${sale.saleId}/join`}>
    {children}
  </form>
)

const waitPath = ({ saleId }: WaitingSale) => `/sales/${saleId}/wait`
