import { span, whole } from "../shared/words.ts"

export type EstimateView =
  | { state: "unclear" }
  | {
      state: "known"
      lengthMs: number
      wholeMs: number
      requests?: number
      requestsPerSecond?: number
      memoryMb: number
      openFiles: number
      warnings: { code: string; text: string }[]
      notes: string[]
    }

/** What the run in the form would cost. It asks anew while the form is filled in; the key never goes into an address. */
export const Estimate = ({ estimate }: { estimate: EstimateView }) => (
  <div
    id="estimate"
    class="estimate"
    hx-get="/lab/estimate"
    hx-trigger="input delay:300ms from:closest form"
    hx-include="closest form"
    hx-params="not demo_key"
    hx-sync="this:replace"
    hx-swap="outerHTML"
  >
    <h3>What it costs</h3>
    {estimate.state === "unclear" ? (
      <p class="hint">It can be told as soon as every field is filled in as it says.</p>
    ) : (
      <>
        <dl class="cost-list">
          <Cost name="Time" value={span(estimate.lengthMs)} more={`${about(estimate.wholeMs)} with audit`} />
          <Cost
            name="Requests"
            value={estimate.requests === undefined ? "as many as it bears" : `about ${rounded(estimate.requests)}`}
            more={estimate.requestsPerSecond === undefined ? "" : `up to ${rounded(estimate.requestsPerSecond)}/s`}
          />
          <Cost
            name="Memory of k6"
            value={`${whole(estimate.memoryMb)} MB`}
            more={`${whole(estimate.openFiles)} open files`}
          />
        </dl>
        {estimate.warnings.length === 0 ? null : (
          <div class="notice notice-wait" role="alert">
            <ul class="warning-list">
              {estimate.warnings.map(({ text }) => (
                <li>{text}</li>
              ))}
            </ul>
          </div>
        )}
        {estimate.notes.map((each) => (
          <p class="hint">{each}</p>
        ))}
        <input type="hidden" name="accepted" value={estimate.warnings.map(({ code }) => code).join(",")} />
      </>
    )}
  </div>
)

const Cost = ({ name, value, more }: { name: string; value: string; more: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      <b>{value}</b>
      {more === "" ? null : <span class="hint">{more}</span>}
    </dd>
  </div>
)

const about = (ms: number) => `about ${span(Math.ceil(ms / 5000) * 5000)}`

const rounded = (value: number) => whole(Number(value.toPrecision(2)))
