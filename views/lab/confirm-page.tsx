import { Brand, Document, type Addresses } from "../shared/document.tsx"

export type ConfirmPageProps = {
  assets: Addresses
  heading: string
  text: string
  action: string
  label: string
  danger: boolean
  back: string
  keyNeeded: boolean
  fields?: Record<string, string>
}

/** One question before something is done that cannot be undone, or that needs a key. */
export const ConfirmPage = (props: ConfirmPageProps) => {
  const { assets, heading, text, action, label, danger, back, keyNeeded, fields = {} } = props
  return (
    <Document title={`${heading} · Traffic`} assets={assets}>
      <main class="plain">
        <Brand />
        <h1>{heading}</h1>
        <p>{text}</p>
        <form class="confirm" method="post" action={action}>
          {Object.entries(fields).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          {keyNeeded ? (
            <div class="field">
              <label for="demo_key">Demo key</label>
              <input id="demo_key" name="demo_key" type="password" autocomplete="off" />
            </div>
          ) : null}
          <div class="run-actions">
            <button id="confirm" class={danger ? "button button-stop" : "button button-main"} type="submit">
              {label}
            </button>
            <a class="button" href={back}>
              Back
            </a>
          </div>
        </form>
      </main>
    </Document>
  )
}
