import { FormError } from "../shared/form-error.tsx"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"

export const OperatorSignInPage = ({
  frame,
  next,
  name = "",
  error,
}: {
  frame: ConsoleFrameProps
  next: string
  name?: string
  error?: string
}) => (
  <ConsoleFrame frame={frame} title="Sign in">
    <h1>Organiser's console</h1>
    <form class="panel stack narrow" method="post" action="/console/signin">
      <FormError text={error} />
      <input type="hidden" name="next" value={next} />
      <label>
        <span>Your name, for the log</span>
        <input name="name" value={name} required maxLength={80} autocomplete="name" />
      </label>
      <label>
        <span>Admin key</span>
        <input type="password" name="key" required maxLength={512} autocomplete="current-password" />
      </label>
      <button class="button" type="submit">
        Sign in
      </button>
    </form>
  </ConsoleFrame>
)
