import { money, type Look } from "../shared/look.ts"

export type SeatView = { seatId: string; row: string; num: number; state: "available" | "held" | "sold" }

export const SeatForm = ({
  sale,
  chosen,
  priceCents,
  seats,
  view,
  idempotencyKey,
  look,
}: {
  sale: { saleId: string; maxTickets: number }
  chosen: string
  priceCents: number
  seats: SeatView[]
  view: "map" | "list"
  idempotencyKey: string
  look: Look
}) => (
  <form
    class="panel plan"
    method="post"
    action={`/sales/${sale.saleId}/hold`}
    data-once
    data-plan={`/sales/${sale.saleId}/taken?section=${encodeURIComponent(chosen)}`}
    data-cap={sale.maxTickets}
  >
    <input type="hidden" name="key" value={idempotencyKey} />
    <input type="hidden" name="section" value={chosen} />
    <fieldset>
      <legend>
        {chosen}, {money(priceCents, look)} each, at most {sale.maxTickets}
      </legend>
      {view === "map" ? <SeatRows seats={seats} /> : <SeatList seats={seats} />}
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

const SeatRows = ({ seats }: { seats: SeatView[] }) => (
  <>
    <p class="legend-line" aria-hidden="true">
      <span class="swatch available" /> to be had <span class="swatch chosen" /> chosen <span class="swatch gone" />{" "}
      gone
    </p>
    <div class="rows" tabIndex={-1}>
      {[...Map.groupBy(seats, (seat) => seat.row)].map(([row, inRow]) => (
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
)

const SeatList = ({ seats }: { seats: SeatView[] }) => (
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
)

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
