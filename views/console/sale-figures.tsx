import { clockTime, money, type Look } from "../shared/look.ts"
import { whole } from "../shared/words.ts"
import { MinuteChart } from "./minute-chart.tsx"
import { markOf, type SaleLive } from "./sale-live.ts"

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
