import { FormError } from "../shared/form-error.tsx"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"

export type SaleForm = Record<(typeof saleFields)[number], string>
export const saleFields = [
  "name",
  "venue",
  "city",
  "category",
  "starts_at",
  "queue_opens_at",
  "opens_at",
  "ends_at",
  "plan",
  "admit_per_minute",
  "shopper_capacity",
  "waiting_room_cap",
  "max_tickets_per_user",
  "call_window_sec",
  "admission_min",
  "hold_min",
  "message",
] as const

export const NewSalePage = ({
  frame,
  timeZone,
  form,
  error,
  wrong,
}: {
  frame: ConsoleFrameProps
  timeZone: string
  form: SaleForm
  error?: string
  wrong?: string
}) => {
  const field = (name: keyof SaleForm, label: string, more: Record<string, unknown> = {}, hint?: string) => (
    <label>
      <span>{label}</span>
      <input
        name={name}
        value={form[name]}
        aria-invalid={wrong === name ? "true" : undefined}
        aria-describedby={hint === undefined ? undefined : `${name}-hint`}
        {...more}
      />
      {hint === undefined ? null : (
        <small class="hint" id={`${name}-hint`}>
          {hint}
        </small>
      )}
    </label>
  )
  const whole = (min: number, max: number) => ({
    type: "number",
    min,
    max,
    step: 1,
    required: true,
    inputMode: "numeric",
  })
  return (
    <ConsoleFrame frame={frame} title="New sale">
      <h1>New sale</h1>
      <FormError text={error} />
      <form class="stack" method="post" action="/console/sales/new" enctype="multipart/form-data">
        <fieldset class="panel grid">
          <legend>The event</legend>
          {field("name", "Name", { required: true, maxLength: 200 })}
          {field("venue", "Venue", { required: true, maxLength: 200 })}
          {field("city", "City", { maxLength: 100 })}
          {field("category", "Category", { maxLength: 100 })}
          {field("starts_at", `Begins (${timeZone})`, { type: "datetime-local", required: true })}
        </fieldset>
        <fieldset class="panel grid">
          <legend>The times of the sale ({timeZone})</legend>
          {field("queue_opens_at", "Waiting room opens", { type: "datetime-local" }, "Empty: with the sale")}
          {field("opens_at", "Sale opens", { type: "datetime-local", required: true })}
          {field("ends_at", "Sale ends", { type: "datetime-local", required: true })}
        </fieldset>
        <fieldset class="panel">
          <legend>The seats</legend>
          <label>
            <span>One section a line: name, rows, seats in a row, price; the best first</span>
            <textarea
              class="code-lines"
              name="plan"
              rows={6}
              spellcheck={false}
              aria-describedby="plan-hint"
              aria-invalid={wrong === "plan" ? "true" : undefined}
            >
              {form.plan}
            </textarea>
          </label>
          <label>
            <span>Or a CSV file with the same columns, instead of the lines above</span>
            <input type="file" name="plan_file" accept=".csv,text/csv" />
          </label>
          <p class="hint" id="plan-hint">
            For example: Parkett, 20, 30, 89.50. A first line with the names of the columns is skipped.
          </p>
        </fieldset>
        <fieldset class="panel grid">
          <legend>The pace</legend>
          {field("admit_per_minute", "Let in a minute", whole(1, 1_000_000), "What the shop can bear")}
          {field("shopper_capacity", "Shoppers at one time", whole(1, 100_000))}
          {field("waiting_room_cap", "Places in the waiting room", whole(1, 10_000_000))}
          {field("max_tickets_per_user", "Tickets for each account", whole(1, 50))}
          {field("call_window_sec", "Seconds to come when called", whole(5, 86_400))}
          {field("admission_min", "Minutes to shop", whole(1, 1440))}
          {field("hold_min", "Minutes that seats are held", whole(1, 1440))}
          {field("message", "Message to everybody who waits", { maxLength: 500 })}
        </fieldset>
        <p class="actions">
          <button class="button" type="submit">
            Create the sale
          </button>
        </p>
      </form>
    </ConsoleFrame>
  )
}
