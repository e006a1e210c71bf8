import type { JSX } from "preact"
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

type Asked = {
  form: SaleForm
  wrong?: string
}

export const NewSalePage = ({
  frame,
  timeZone,
  form,
  error,
  wrong,
}: Asked & { frame: ConsoleFrameProps; timeZone: string; error?: string }) => (
  <ConsoleFrame frame={frame} title="New sale">
    <h1>New sale</h1>
    <FormError text={error} />
    <form class="stack" method="post" action="/console/sales/new" enctype="multipart/form-data">
      <EventFields form={form} wrong={wrong} timeZone={timeZone} />
      <TimeFields form={form} wrong={wrong} timeZone={timeZone} />
      <SeatFields form={form} wrong={wrong} />
      <PaceFields form={form} wrong={wrong} />
      <p class="actions">
        <button class="button" type="submit">
          Create the sale
        </button>
      </p>
    </form>
  </ConsoleFrame>
)

const EventFields = ({ timeZone, ...asked }: Asked & { timeZone: string }) => (
  <fieldset class="panel grid">
    <legend>The event</legend>
    <Field {...asked} name="name" label="Name" required maxLength={200} />
    <Field {...asked} name="venue" label="Venue" required maxLength={200} />
    <Field {...asked} name="city" label="City" maxLength={100} />
    <Field {...asked} name="category" label="Category" maxLength={100} />
    <Field {...asked} name="starts_at" label={`Begins (${timeZone})`} type="datetime-local" required />
  </fieldset>
)

const TimeFields = ({ timeZone, ...asked }: Asked & { timeZone: string }) => (
  <fieldset class="panel grid">
    <legend>The times of the sale ({timeZone})</legend>
    <Field
      {...asked}
      name="queue_opens_at"
      label="Waiting room opens"
      type="datetime-local"
      hint="Empty: with the sale"
    />
    <Field {...asked} name="opens_at" label="Sale opens" type="datetime-local" required />
    <Field {...asked} name="ends_at" label="Sale ends" type="datetime-local" required />
  </fieldset>
)

const SeatFields = ({ form, wrong }: Asked) => (
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
)

const PaceFields = (asked: Asked) => (
  <fieldset class="panel grid">
    <legend>The pace</legend>
    <Field
      {...asked}
      name="admit_per_minute"
      label="Let in a minute"
      {...whole(1, 1_000_000)}
      hint="What the shop can bear"
    />
    <Field {...asked} name="shopper_capacity" label="Shoppers at one time" {...whole(1, 100_000)} />
    <Field {...asked} name="waiting_room_cap" label="Places in the waiting room" {...whole(1, 10_000_000)} />
    <Field {...asked} name="max_tickets_per_user" label="Tickets for each account" {...whole(1, 50)} />
    <Field {...asked} name="call_window_sec" label="Seconds to come when called" {...whole(5, 86_400)} />
    <Field {...asked} name="admission_min" label="Minutes to shop" {...whole(1, 1440)} />
    <Field {...asked} name="hold_min" label="Minutes that seats are held" {...whole(1, 1440)} />
    <Field {...asked} name="message" label="Message to everybody who waits" maxLength={500} />
  </fieldset>
)

const whole = (min: number, max: number) =>
  ({ type: "number", min, max, step: 1, required: true, inputMode: "numeric" }) as const

type FieldProps = Asked & { name: keyof SaleForm; label: string; hint?: string } & Pick<
    JSX.IntrinsicElements["input"],
    "type" | "min" | "max" | "step" | "required" | "maxLength" | "inputMode"
  >

const Field = ({ form, wrong, name, label, hint, ...input }: FieldProps) => (
  <label>
    <span>{label}</span>
    <input
      name={name}
      value={form[name]}
      aria-invalid={wrong === name ? "true" : undefined}
      aria-describedby={hint === undefined ? undefined : `${name}-hint`}
      {...input}
    />
    {hint === undefined ? null : (
      <small class="hint" id={`${name}-hint`}>
        {hint}
      </small>
    )}
  </label>
)
