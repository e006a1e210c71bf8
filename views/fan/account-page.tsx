import { FormError } from "../shared/form-error.tsx"
import { FanFrame, type Frame } from "./frame.tsx"

/** Sign in, or make an account: the two differ in a few words. */
export const AccountPage = ({
  frame,
  kind,
  next,
  email = "",
  error,
}: {
  frame: Frame
  kind: "signin" | "register"
  next: string
  email?: string
  error?: string
}) => (
  <FanFrame frame={frame} title={kind === "signin" ? "Sign in" : "Make an account"} error={error}>
    <h1>{kind === "signin" ? "Sign in" : "Make an account"}</h1>
    <form class="panel stack" method="post" action={`/${kind}`}>
      <FormError text={error} />
      <input type="hidden" name="next" value={next} />
      <label>
        <span>E-mail</span>
        <input type="email" name="email" value={email} required autocomplete="username" maxLength={254} />
      </label>
      <label>
        <span>Password</span>
        <input
          type="password"
          name="password"
          required
          autocomplete={kind === "signin" ? "current-password" : "new-password"}
          minLength={kind === "signin" ? undefined : 8}
          maxLength={128}
          aria-describedby={kind === "register" ? "password-hint" : undefined}
        />
      </label>
      {kind === "register" ? (
        <p class="hint" id="password-hint">
          At least 8 characters. A sentence that nobody else would write is better than a word with numbers.
        </p>
      ) : null}
      <button class="button" type="submit">
        {kind === "signin" ? "Sign in" : "Make the account"}
      </button>
    </form>
    <p>
      {kind === "signin" ? "No account yet? " : "You have one already? "}
      <a href={`/${kind === "signin" ? "register" : "signin"}?${new URLSearchParams({ next }).toString()}`}>
        {kind === "signin" ? "Make one" : "Sign in"}
      </a>
    </p>
  </FanFrame>
)
