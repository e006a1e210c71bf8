import { FormError } from "../shared/form-error.tsx"
import { FanFrame, type Frame } from "./frame.tsx"
import { clockTime, money, type Look } from "../shared/look.ts"
import { Countdown } from "./countdown.tsx"
import { SeatTable, type HeldSeat } from "./seat-table.tsx"

export const CheckoutPage = ({
  frame,
  look,
  sale,
  hold,
  leftMs,
  formKey,
  holderName,
  error,
}: {
  frame: Frame
  look: Look
  sale: { saleId: string; eventName: string }
  hold: { holdId: string; seats: HeldSeat[]; amountCents: number; extendableTo?: number }
  leftMs: number
  /** Goes with every form of this page: a second press does nothing more. */
  formKey: string
  holderName: string
  error?: string
}) => (
  <FanFrame frame={frame} title={`Pay: ${sale.eventName}`} error={error}>
    <h1>Pay for your seats</h1>
    <p class="lead">{sale.eventName}</p>
    <p class="lead" data-needs-time>
      The seats are yours for <Countdown leftMs={leftMs} />
    </p>
    <p class="error" role="alert" data-ended-note hidden>
      The time for these seats is over; they have gone back, and nothing was paid.{" "}
      <a href={`/sales/${sale.saleId}/seats`}>Choose again</a>
    </p>
    <FormError text={error} />
    <SeatTable seats={hold.seats} amountCents={hold.amountCents} look={look} />
    <form
      class="panel stack"
      method="post"
      action={`/sales/${sale.saleId}/checkout/${hold.holdId}`}
      data-once
      data-needs-time
    >
      <input type="hidden" name="key" value={formKey} />
      <label>
        <span>Name on the tickets</span>
        <input
          name="holder_name"
          value={holderName}
          required
          maxLength={120}
          autocomplete="name"
          aria-describedby="name-hint"
        />
      </label>
      <p class="hint" id="name-hint">
        It is checked at the gate and cannot be changed later.
      </p>
      <label>
        <span>Card number</span>
        <input
          name="card"
          required
          inputMode="numeric"
          autocomplete="off"
          pattern="[0-9 ]{12,23}"
          title="The digits on the front of the card"
          maxLength={23}
          placeholder="4242 4242 4242 4242"
          aria-describedby="card-hint"
        />
      </label>
      <p class="hint" id="card-hint">
        This payment is simulated: no money moves, and no number is kept. 4000 0000 0000 0002 is declined.
      </p>
      <button class="button" type="submit">
        Pay {money(hold.amountCents, look)}
      </button>
    </form>
    {hold.extendableTo !== undefined && (
      <form data-once data-needs-time method="post" action={`/sales/${sale.saleId}/extend/${hold.holdId}`}>
        <input type="hidden" name="key" value={formKey} />
        <p class="hint">You can keep the seats longer once, until {clockTime(hold.extendableTo, look)}.</p>
        <button class="button quiet" type="submit">
          Need more time
        </button>
      </form>
    )}
    <form data-needs-time method="post" action={`/sales/${sale.saleId}/release/${hold.holdId}`}>
      <button class="button quiet" type="submit">
        Give the seats back and choose others
      </button>
    </form>
  </FanFrame>
)
