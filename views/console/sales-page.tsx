import type { Phase } from "../../src/waiting-room/phase.ts"
import { clockTime, moment, type Look } from "../shared/look.ts"
import { title, whole } from "../shared/words.ts"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"

export type SaleRow = {
  saleId: string
  eventName: string
  venue: string
  opensAt: number
  phase: Phase
  waiting: number
  shoppers: number
  sold: number
  total: number
}

export const SalesPage = ({
  frame,
  look,
  sales,
  eventMode,
  now,
}: {
  frame: ConsoleFrameProps
  look: Look
  sales: SaleRow[]
  eventMode: boolean
  now: number
}) => (
  <ConsoleFrame frame={frame} title="Sales" here="sales">
    <div class="heading">
      <h1>Sales</h1>
      <p class="actions">
        <a class="button quiet" href="/console/event-mode">
          {eventMode ? "Event mode is on" : "Event mode"}
        </a>
        <a class="button" href="/console/sales/new">
          New sale
        </a>
      </p>
    </div>
    {eventMode ? (
      <p class="state paused">Event mode is on: search, live seat maps, streams and the load lab are off.</p>
    ) : null}
    {sales.length === 0 ? (
      <p class="lead">There is no sale yet. New sale makes an event, its seats and its times on one page.</p>
    ) : (
      <>
        <p class="hint">
          As of {clockTime(now, look)}, newest first. The page of a sale keeps its figures up to date by itself.
        </p>
        <table class="panel">
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">State</th>
              <th scope="col">Opens</th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col" class="number">
                Shopping
              </th>
              <th scope="col" class="number">
                Sold
              </th>
            </tr>
          </thead>
          <tbody>
            {sales.map((sale) => (
              <tr key={sale.saleId}>
                <th scope="row">
                  <a href={`/console/sales/${sale.saleId}`}>{sale.eventName}</a>
                  <div class="hint">{sale.venue}</div>
                </th>
                <td data-label="State">
                  <span>
                    <span class={`state ${sale.phase} pill`}>{title(sale.phase)}</span>
                  </span>
                </td>
                <td data-label="Opens">{moment(sale.opensAt, look)}</td>
                <td data-label="Waiting" class="number">
                  {whole(sale.waiting)}
                </td>
                <td data-label="Shopping" class="number">
                  {whole(sale.shoppers)}
                </td>
                <td data-label="Sold" class="number">
                  {whole(sale.sold)} of {whole(sale.total)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </>
    )}
  </ConsoleFrame>
)
