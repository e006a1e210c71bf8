import { FormError } from "../fan/frame.tsx"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"

/** Before fans feel something: what it will be, and for a stop a word that nobody types by accident. */
export const ConfirmPage = ({
  frame,
  back,
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
  /** Where whoever changes their mind goes. */
  back: string
  heading: string
  lines: string[]
  action: string
  fields: Record<string, string>
  label: string
  /** What has to be typed. */
  typed?: string
  danger?: boolean
  error?: string
}) => (
  <ConsoleFrame frame={frame} title={heading}>
    <h1>{heading}</h1>
    <FormError text={error} />
    <form class="panel stack narrow" method="post" action={action}>
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
          <input name="typed" required autocomplete="off" spellcheck={false} />
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
