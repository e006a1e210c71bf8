import { FormError } from "../shared/form-error.tsx"
import { money, type Look } from "../shared/look.ts"
import { Countdown } from "./countdown.tsx"
import { FanFrame, type Frame } from "./frame.tsx"
import { SeatForm, type SeatView } from "./seat-form.tsx"
import { SectionMap, type SectionView } from "./section-map.tsx"

export type SeatsPageProps = {
  frame: Frame
  look: Look
  sale: { saleId: string; eventName: string; maxTickets: number }
  sections: SectionView[]
  chosen: string
  seats: SeatView[]
  view: "map" | "list"
  leftMs: number
  keys: { best: string; named: string }
  quantity: number
  error?: string
}

export const SeatsPage = (props: SeatsPageProps) => {
  const { frame, look, sale, sections, chosen, seats, view, leftMs, keys, error } = props
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
        <SectionMap sections={sections} chosen={chosen} view={view} look={look} />
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
        <SeatForm
          sale={sale}
          chosen={chosen}
          priceCents={sections.find((each) => each.section === chosen)?.priceCents ?? 0}
          seats={seats}
          view={view}
          idempotencyKey={keys.named}
          look={look}
        />
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
