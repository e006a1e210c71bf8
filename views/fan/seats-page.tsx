import { whole } from "../shared/words.ts"
import { FormError } from "../shared/form-error.tsx"
import { Countdown } from "./countdown.tsx"
import { FanFrame, type Frame } from "./frame.tsx"
import { money, type Look } from "../shared/look.ts"

export type SectionView = { section: string; priceCents: number; total: number; available: number }
export type SeatView = { seatId: string; row: string; num: number; state: "available" | "held" | "sold" }

export type SeatsPageProps = {
  frame: Frame
  look: Look
  sale: { saleId: string; eventName: string; maxTickets: number }
  sections: SectionView[]
  chosen: string
  seats: SeatView[]
  view: "map" | "list"
  leftMs: number
  /** For the two forms; a form that is sent twice acts once. */
  keys: { best: string; named: string }
  quantity: number
  error?: string
}

export const SeatsPage = (props: SeatsPageProps) => {
  const { frame, sale, chosen, view, leftMs, error } = props
  return (
    <FanFrame frame={frame} title={`Choose seats: ${sale.eventName}`} error={error} wide>
      <h1>Choose your seats</h1>
      <p class="lead">{sale.eventName}</p>
      <p class="lead" data-needs-time>
        Time left to shop: <Countdown leftMs={leftMs} />
      </p>
      <p class="error" role="alert" data-ended-note hidden>
        Your time to shop is over; the seats that you chose are not kept.{" "}
        <a href={`/sales/${sale.saleId}/wait`}>Back to the waiting room</a>
      </p>
      <FormError text={error} />
      <BestForm {...props} />
      <section aria-labelledby="sections-title" data-needs-time>
        <h2 id="sections-title">Or choose seats yourself</h2>
        <SectionMap {...props} />
        <nav class="tabs" aria-label="How to see the seats">
          {(["map", "list"] as const).map((each) => (
            <a
              href={`?section=${encodeURIComponent(chosen)}&view=${each}`}
              aria-current={each === view ? "page" : undefined}
              key={each}
            >
              {each === "map" ? "As a map" : "As a list"}
            </a>
          ))}
        </nav>
        <SeatForm {...props} />
      </section>
      <form class="leave" data-needs-time method="post" action={`/sales/${sale.saleId}/leave`}>
        <button class="button quiet" type="submit">
          Leave the shop without buying
        </button>
      </form>
    </FanFrame>
  )
}

const BestForm = ({ sale, keys, quantity, sections, look }: SeatsPageProps) => {
  const best = sections.find((each) => each.available > 0)
  return (
    <form class="panel row-form" method="post" action={`/sales/${sale.saleId}/hold`} data-once data-needs-time>
      <input type="hidden" name="key" value={keys.best} />
      <label>
        <span>Tickets</span>
        <select name="quantity">
          {Array.from({ length: sale.maxTickets }, (_, index) => index + 1).map((each) => (
            <option value={String(each)} selected={each === quantity} key={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <button class="button" type="submit">
        Best available
      </button>
      <p class="hint">
        {best === undefined
          ? "At this moment every seat is held or sold; held ones may come back."
          : `Side by side where there is room, now from ${best.section} at ${money(best.priceCents, look)}.`}
      </p>
    </form>
  )
}

/** Each section is a link, its filling how many seats are to be had. */
const SectionMap = ({ sections, chosen, view, look }: SeatsPageProps) => {
  const [width, height, gap] = [720, 90, 10]
  return (
    <div class="hall">
      <svg
        viewBox={`0 0 ${width} ${52 + sections.length * (height + gap)}`}
        role="group"
        aria-label="Sections, the stage on top"
      >
        <rect class="stage" x={width * 0.25} y="2" width={width * 0.5} height="38" rx="6" />
        <text x={width / 2} y="30" text-anchor="middle">
          Stage
        </text>
        {sections.map((each, index) => {
          const spread = sections.length < 2 ? 1 : 0.8 + (0.2 * index) / (sections.length - 1)
          const [x, y, w] = [(width * (1 - spread)) / 2, 52 + index * (height + gap), width * spread]
          const share = each.total === 0 ? 0 : each.available / each.total
          const facts = `${money(each.priceCents, look)} · ${whole(each.available)} left`
          return (
            <a
              href={`?section=${encodeURIComponent(each.section)}&view=${view}`}
              aria-current={each.section === chosen ? "true" : undefined}
              key={each.section}
            >
              <title>{`${each.section}, ${facts}`}</title>
              <rect class="ground" x={x} y={y} width={w} height={height} rx="8" />
              <rect class="filling" x={x} y={y + height - 6} width={Math.max(0, w * share)} height="6" rx="3" />
              <text x={x + 16} y={y + 34}>
                {shortened(each.section, Math.floor((w - 32) / unitsPerCharacter))}
              </text>
              <text class="soft" x={x + 16} y={y + 70}>
                {facts}
              </text>
            </a>
          )
        })}
      </svg>
    </div>
  )
}

/** Of capitals at their largest, in units of the drawing; text in an SVG does not break by itself. */
const unitsPerCharacter = 22

const shortened = (text: string, lengthMax: number) =>
  text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).trimEnd()}…`

const SeatForm = ({ sale, seats, chosen, keys, view, sections, look }: SeatsPageProps) => {
  const rows = Map.groupBy(seats, (seat) => seat.row)
  const price = sections.find((each) => each.section === chosen)?.priceCents ?? 0
  return (
    <form
      class="panel plan"
      method="post"
      action={`/sales/${sale.saleId}/hold`}
      data-once
      data-plan={`/sales/${sale.saleId}/taken?section=${encodeURIComponent(chosen)}`}
      data-cap={sale.maxTickets}
    >
      <input type="hidden" name="key" value={keys.named} />
      <input type="hidden" name="section" value={chosen} />
      <fieldset>
        <legend>
          {chosen}, {money(price, look)} each, at most {sale.maxTickets}
        </legend>
        {view === "map" ? (
          <>
            <p class="legend-line" aria-hidden="true">
              <span class="swatch available" /> to be had <span class="swatch chosen" /> chosen{" "}
              <span class="swatch gone" /> gone
            </p>
            <div class="rows" tabIndex={-1}>
              {[...rows].map(([row, inRow]) => (
                <div class="row" role="group" aria-label={`Row ${row}`} key={row}>
                  <span class="row-name" aria-hidden="true">
                    {row}
                  </span>
                  {inRow.map((seat) => (
                    <SeatBox seat={seat} key={seat.seatId} />
                  ))}
                </div>
              ))}
            </div>
          </>
        ) : (
          <ul class="seat-list">
            {seats
              .filter((seat) => seat.state === "available")
              .map((seat) => (
                <li key={seat.seatId}>
                  <label>
                    <input type="checkbox" name="seat" value={seat.seatId} {...dataOf(seat)} />
                    Row {seat.row}, seat {seat.num}
                  </label>
                </li>
              ))}
          </ul>
        )}
        {seats.some((seat) => seat.state === "available") ? null : (
          <p>In this section every seat is held or sold at this moment.</p>
        )}
      </fieldset>
      <div class="take">
        <p data-chosen aria-live="polite">
          {sale.maxTickets === 1 ? "Choose one seat." : `Choose up to ${sale.maxTickets} seats.`}
        </p>
        <button class="button" type="submit" data-take>
          Hold these seats
        </button>
      </div>
    </form>
  )
}

const SeatBox = ({ seat }: { seat: SeatView }) => (
  <label class="seat" title={`Row ${seat.row}, seat ${seat.num}`}>
    <input
      type="checkbox"
      name="seat"
      value={seat.seatId}
      disabled={seat.state !== "available"}
      aria-label={`Row ${seat.row}, seat ${seat.num}`}
      {...dataOf(seat)}
    />
    <span aria-hidden="true">{seat.num}</span>
  </label>
)

const dataOf = (seat: SeatView) => ({
  "data-row": seat.row,
  "data-num": seat.num,
  "data-seat": `row ${seat.row} seat ${seat.num}`,
})
