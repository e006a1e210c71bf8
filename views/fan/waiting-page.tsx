import { clockTime, moment, priceRange, type Look } from "../shared/look.ts"
import { whole } from "../shared/words.ts"
import { FanFrame, type Frame } from "./frame.tsx"
import { titleOf, type Place, type WaitingSale } from "./place.ts"
import { PlacePanel } from "./place-panel.tsx"

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
}) => (
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
    <PlacePanel sale={sale} place={place} look={look} />
    <SaleFacts sale={sale} place={place} look={look} />
    <ul class="rules">
      <li>You can close this tab: your place belongs to your account. Come back with it, on any device.</li>
      <li>Refreshing, a second tab or another browser changes nothing. Everybody is called in the order of arrival.</li>
      <li>When your turn comes this page says so, in its title as well.</li>
    </ul>
    <p data-field="notify" hidden>
      <button class="button quiet" type="button" data-action="notify">
        Call me with a sound and a notification
      </button>
    </p>
  </FanFrame>
)

const SaleFacts = ({ sale, place, look }: { sale: WaitingSale; place?: Place; look: Look }) => (
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
)
