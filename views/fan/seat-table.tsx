import { money, type Look } from "../shared/look.ts"

export type HeldSeat = { section: string; row: string; num: number; priceCents: number }

export const SeatTable = ({ seats, amountCents, look }: { seats: HeldSeat[]; amountCents: number; look: Look }) => (
  <table class="panel">
    <caption class="unseen">Seats and prices</caption>
    <thead>
      <tr>
        <th scope="col">Seat</th>
        <th scope="col" class="number">
          Price
        </th>
      </tr>
    </thead>
    <tbody>
      {seats.map((seat) => (
        <tr key={`${seat.section} ${seat.row} ${seat.num}`}>
          <th scope="row">
            {seat.section}, row {seat.row}, seat {seat.num}
          </th>
          <td class="number">{money(seat.priceCents, look)}</td>
        </tr>
      ))}
    </tbody>
    <tfoot>
      <tr>
        <th scope="row">Together</th>
        <td class="number">
          <strong>{money(amountCents, look)}</strong>
        </td>
      </tr>
    </tfoot>
  </table>
)
