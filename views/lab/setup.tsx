import { Estimate, type EstimateView } from "./estimate.tsx"
import { Presets, type PresetView } from "./presets.tsx"
import { sentence } from "../shared/words.ts"

export type ScenarioView = { name: string; title: string; story: string; holds: string; admitPerMinute?: number }
export type FieldName =
  "vus_max" | "ramp_up" | "steady" | "ramp_down" | "admit_per_minute" | "waiting_room_cap" | "total_seats" | "seed"
export type FieldView = {
  name: FieldName
  label: string
  hint: string
  range: string
  value: string
  placeholder: string
  kind: "number" | "text"
  error?: string
}
export type SetupProps = {
  scenarios: ScenarioView[]
  chosen: string
  fields: FieldView[]
  notice?: string
  scenarioError?: string
  /** The form itself was asked for: it comes before the run. */
  asked: boolean
  keyNeeded: boolean
  keyError?: string
  presets: PresetView[]
  preset?: string
  estimate: EstimateView
  /** How many runs there are before a new one: the one under way and those that wait. */
  before: number
  folded: boolean
  k6Missing?: string
}

export const Setup = ({
  scenarios,
  chosen,
  fields,
  notice,
  scenarioError,
  keyNeeded,
  keyError,
  presets,
  preset,
  estimate,
  before,
  folded,
  k6Missing,
}: SetupProps) => {
  if (folded) return <FoldedSetup />
  const of = (...names: FieldName[]) => names.map((name) => fields.find((each) => each.name === name)!)
  return (
    <section id="setup" class="card setup" aria-labelledby="setup-title">
      <h2 id="setup-title">New run</h2>
      <K6Note missing={k6Missing} />
      {notice === undefined ? null : (
        <div class="notice notice-bad" role="alert">
          <p>{notice}</p>
          <ul class="notice-links">
            {whatIsWrong({ fields, chosen, scenarioError, keyError, estimate }).map(({ id, label }) => (
              <li>
                <a href={`#${id}`}>{label}</a>
              </li>
            ))}
          </ul>
        </div>
      )}
      <Presets presets={presets} chosen={preset} />
      <form method="post" action="/lab/runs" novalidate>
        {preset === undefined ? null : <input type="hidden" name="preset" value={preset} />}
        <fieldset class="scenarios" aria-describedby={scenarioError === undefined ? undefined : "scenario-error"}>
          <legend>What goes wrong</legend>
          {scenarioError === undefined ? null : (
            <p id="scenario-error" class="field-error">
              {scenarioError}
            </p>
          )}
          <div class="scenario-list">
            {scenarios.map((each) => (
              <label class="scenario" for={`scenario-${each.name}`}>
                <input
                  type="radio"
                  id={`scenario-${each.name}`}
                  name="scenario"
                  value={each.name}
                  checked={each.name === chosen}
                />
                <span class="scenario-body">
                  <span class="scenario-title">{each.title}</span>
                  <span class="scenario-story">{each.story}</span>
                  <span class="scenario-holds">
                    <b>Must hold:</b> {each.holds}
                  </span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <fieldset class="fields">
          <legend>The crowd</legend>
          <div class="field-list">
            {of("vus_max", "ramp_up", "steady", "ramp_down").map((each) => (
              <Field {...each} />
            ))}
          </div>
        </fieldset>
        <fieldset class="fields">
          <legend>The sale</legend>
          <div class="field-list">
            {of("total_seats", "admit_per_minute", "waiting_room_cap", "seed").map((each) => (
              <Field {...each} />
            ))}
          </div>
        </fieldset>
        {keyNeeded ? (
          <fieldset class="fields">
            <legend>Key</legend>
            <div class="field">
              <label for="demo_key">Demo key</label>
              <input
                id="demo_key"
                name="demo_key"
                type="password"
                autocomplete="off"
                aria-invalid={keyError === undefined ? undefined : "true"}
                aria-describedby={keyError === undefined ? undefined : "demo_key-error"}
              />
              {keyError === undefined ? null : (
                <span id="demo_key-error" class="field-error">
                  {keyError}
                </span>
              )}
            </div>
          </fieldset>
        ) : null}
        <Estimate estimate={estimate} />
        <StartButton before={before} />
      </form>
    </section>
  )
}

/** The way from the notice to each place where something is wrong: the form is long on a phone. */
const whatIsWrong = ({
  fields,
  chosen,
  scenarioError,
  keyError,
  estimate,
}: Pick<SetupProps, "fields" | "chosen" | "scenarioError" | "keyError" | "estimate">) => [
  ...(scenarioError === undefined ? [] : [{ id: `scenario-${chosen}`, label: "What goes wrong" }]),
  ...fields.flatMap(({ name, label, error }) => (error === undefined ? [] : [{ id: name, label }])),
  ...(keyError === undefined ? [] : [{ id: "demo_key", label: "Demo key" }]),
  ...(estimate.state === "known" && estimate.warnings.length > 0
    ? [{ id: "estimate", label: "What stands against it" }]
    : []),
]

const FoldedSetup = () => (
  <section id="setup" class="card setup-folded" aria-labelledby="setup-title">
    <h2 id="setup-title">Another run</h2>
    <p>It waits in the queue while one is under way.</p>
    <a id="new-run" class="button" href="/lab?new=true#setup">
      Set up a run
    </a>
  </section>
)

const waitingMax = 3

/** Sent again when the queue has changed; what was typed stays. */
export const StartButton = ({ before, swapped = false }: { before: number; swapped?: boolean }) => {
  const isFull = before > waitingMax
  return (
    <div id="start-part" class="start" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
      {before === 0 ? null : (
        <p class="hint">
          {isFull
            ? "A run is under way and three wait already: stop one of them, or come back when one is over."
            : `A run is under way. This one will be number ${before} in the queue and starts by itself.`}
        </p>
      )}
      <button id="start" class="button button-main" type="submit" disabled={isFull}>
        {before === 0 ? "Start the run" : "Put the run into the queue"}
      </button>
    </div>
  )
}

/** Sent along with the figures, so that it goes away by itself. */
export const K6Note = ({ missing, swapped = false }: { missing?: string; swapped?: boolean }) => (
  <div id="k6-note" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
    {missing === undefined ? null : (
      <p class="notice notice-wait">
        The load generator is not here yet, so no run can start. {sentence(missing)} This note goes away when it is
        there.
      </p>
    )}
  </div>
)

const Field = ({ name, label, hint, range, value, placeholder, kind, error }: FieldView) => (
  <div class={error === undefined ? "field" : "field field-wrong"}>
    <label for={name}>{label}</label>
    <input
      id={name}
      name={name}
      type="text"
      inputMode={kind === "number" ? "numeric" : undefined}
      autocomplete="off"
      spellcheck={false}
      value={value}
      placeholder={placeholder}
      aria-describedby={error === undefined ? `${name}-hint` : `${name}-error ${name}-hint`}
      aria-invalid={error === undefined ? undefined : "true"}
    />
    {error === undefined ? null : (
      <span id={`${name}-error`} class="field-error">
        {error}
      </span>
    )}
    <span id={`${name}-hint`} class="hint">
      {hint} <span class="range">{range}</span>
    </span>
  </div>
)
