import { isFinal } from "../../src/lab/model/run.ts"
import { stateWord, type RunView } from "./run-view.ts"
import { milliseconds, moment, percent, title, whole } from "../shared/words.ts"

export type HistoryProps = {
  runs: RunView[]
  shown?: string
  keyNeeded: boolean
  from: "front" | "history"
  swapped?: boolean
}

export const History = ({ runs, shown, keyNeeded, from, swapped = false }: HistoryProps) => (
  <section
    id="history"
    class="card history"
    aria-labelledby="history-title"
    {...(swapped ? { "hx-swap-oob": "true" } : {})}
  >
    <div class="history-head">
      <h2 id="history-title">Latest runs</h2>
      {runs.length === 0 ? null : <a href="/lab/history">All runs, filter</a>}
    </div>
    {runs.length === 0 ? (
      <p class="hint">None yet. The first one appears here as soon as you start it.</p>
    ) : (
      <RunTable runs={runs} shown={shown} keyNeeded={keyNeeded} from={from} />
    )}
  </section>
)

/** Rows of runs; two that are chosen can be held against each other. */
export const RunTable = ({ runs, shown, keyNeeded, from }: Omit<HistoryProps, "swapped">) => (
  <>
    <table class="stacked run-table">
      <thead>
        <tr>
          <th scope="col">Compare</th>
          <th scope="col">Verdict</th>
          <th scope="col">Scenario</th>
          <th scope="col">Started (UTC)</th>
          <th scope="col" class="number">
            People
          </th>
          <th scope="col" class="number">
            Requests
          </th>
          <th scope="col" class="number">
            p99
          </th>
          <th scope="col" class="number">
            Failed
          </th>
          <th scope="col">Actions</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow run={run} shown={run.runId === shown} keyNeeded={keyNeeded} from={from} />
        ))}
      </tbody>
    </table>
    {runs.filter(isMeasured).length < 2 ? null : (
      <form id="compare" class="compare-start" method="get" action="/lab/compare">
        <button class="button" type="submit">
          Compare two
        </button>
        <span class="hint">Choose two runs above.</span>
      </form>
    )}
  </>
)

const isMeasured = ({ metrics }: RunView) => Object.keys(metrics).length > 0

type RowProps = { run: RunView; shown: boolean; keyNeeded: boolean; from: HistoryProps["from"] }

const RunRow = ({ run, shown, keyNeeded, from }: RowProps) => {
  const name = `${title(run.scenario)}, ${moment(run.createdAt)}`
  return (
    <tr id={`run-${run.runId}`} class={shown ? "row-shown" : undefined}>
      <td class="row-choice">
        {!isMeasured(run) ? null : (
          <input type="checkbox" form="compare" name={`run-${run.runId}`} value="yes" aria-label={`Compare ${name}`} />
        )}
      </td>
      <td>
        <Result run={run} />
      </td>
      <th scope="row">
        <a href={`/lab/runs/${run.runId}`} aria-current={shown ? "page" : undefined}>
          {title(run.scenario)}
        </a>
        {run.starred ? <span class="star-mark">Baseline</span> : null}
        {run.preset === undefined ? null : <span class="row-preset">{run.preset}</span>}
      </th>
      <td data-label="Started (UTC)">{moment(run.createdAt)}</td>
      <td data-label="People" class="number">
        {whole(run.settings.vusMax)}
      </td>
      <Measured label="Requests" value={run.metrics["http_reqs"]} text={whole} />
      <Measured label="p99" value={run.metrics["http_req_duration_p99_ms"]} text={milliseconds} />
      <Measured label="Failed" value={run.metrics["http_req_failed_rate"]} text={percent} />
      <td class="row-actions">
        <span>
          <StarButton run={run} keyNeeded={keyNeeded} from={from} label={name} />
          {isFinal(run.state) && !run.starred ? (
            <a class="row-delete" href={`/lab/runs/${run.runId}/delete`} aria-label={`Delete ${name}`}>
              Delete
            </a>
          ) : null}
        </span>
      </td>
    </tr>
  )
}

const Measured = ({ label, value, text }: { label: string; value?: number; text: (value: number) => string }) => (
  <td data-label={label} class={value === undefined ? "number unmeasured" : "number"}>
    {value === undefined ? "–" : text(value)}
  </td>
)

export const Result = ({ run }: { run: RunView }) => (
  <span
    class={`result result-${run.state === "error" ? "fail" : { PASS: "pass", FAIL: "fail", INCONCLUSIVE: "unsure", "": "none" }[run.verdict ?? ""]}`}
  >
    {run.verdict ?? stateWord[run.state]}
  </span>
)

export const StarButton = ({
  run,
  keyNeeded,
  from,
  label,
}: {
  run: RunView
  keyNeeded: boolean
  from: HistoryProps["from"] | "run"
  label?: string
}) => {
  if (run.verdict === undefined) return null
  const action = `/lab/runs/${run.runId}/star`
  const said = run.starred ? "No longer the baseline" : "Make it the baseline"
  const shown = label === undefined ? said : run.starred ? "Unstar" : "Star"
  // The name that is read out begins with what is seen.
  const name = label === undefined ? undefined : `${shown} ${label}: ${said.toLowerCase()}`
  const look = label === undefined ? "button" : "star"
  if (keyNeeded)
    return (
      <a class={look} href={action} aria-label={name}>
        {shown}
      </a>
    )
  return (
    <form method="post" action={action}>
      <input type="hidden" name="starred" value={run.starred ? "false" : "true"} />
      <input type="hidden" name="from" value={from} />
      <button class={look} type="submit" aria-label={name}>
        {shown}
      </button>
    </form>
  )
}
