import { FormError } from "../shared/form-error.tsx"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"

/** Before fans feel something: what it will be, and for a stop a word that nobody types by accident. */
export const ConfirmPage = ({
  frame,
  back,
  about,
  heading,
  lines,
  action,
  fields,
  label,
  typed,
  danger = false,
  error,
}: {
  frame: ConsoleFrameProps
  back: string
  about?: string
  heading: string
  lines: string[]
  action: string
  fields: Record<string, string>
  label: string
  typed?: string
  danger?: boolean
  error?: string
}) => (
  <ConsoleFrame frame={frame} title={heading}>
    {about === undefined ? null : <p class="when">{about}</p>}
    <h1>{heading}</h1>
    <form class="panel stack narrow" method="post" action={action}>
      <FormError text={error} />
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} key={name} />
      ))}
      <ul class="rules">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {typed === undefined ? null : (
        <label>
          <span>Type {typed} to go on</span>
          <input
            name="typed"
            required
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            aria-invalid={error === undefined ? undefined : "true"}
          />
        </label>
      )}
      <p class="actions">
        <button class={danger ? "button danger" : "button"} type="submit">
          {label}
        </button>
        <a class="button quiet" href={back}>
          Leave it as it is
        </a>
      </p>
    </form>
  </ConsoleFrame>
)
