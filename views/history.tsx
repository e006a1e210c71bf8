import { isOver, type RunView } from "./run-view.ts"
import { milliseconds, moment, percent, title, whole } from "./words.ts"

/** The runs of before, newest first. */
export const History = ({ runs, shown, swapped = false }: { runs: RunView[]; shown?: string; swapped?: boolean }) => (
  <section
    id="history"
    class="card history"
    aria-labelledby="history-title"
    {...(swapped ? { "hx-swap-oob": "true" } : {})}
  >
    <h2 id="history-title">Runs</h2>
    {runs.length === 0 ? (
      <p class="hint">None yet. The first one appears here as soon as you start it.</p>
    ) : (
      <table class="stacked">
        <thead>
          <tr>
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
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <HistoryRow run={run} shown={run.runId === shown} />
          ))}
        </tbody>
      </table>
    )}
  </section>
)

const HistoryRow = ({ run, shown }: { run: RunView; shown: boolean }) => {
  const measured = (name: string, text: (value: number) => string) =>
    run.metrics[name] === undefined ? "–" : text(run.metrics[name])
  return (
    <tr class={shown ? "row-shown" : undefined}>
      <td>
        <span
          class={`result result-${{ PASS: "pass", FAIL: "fail", INCONCLUSIVE: "unsure", "": "none" }[run.verdict ?? ""]}`}
        >
          {run.verdict ?? (isOver(run.state) ? title(run.state) : "Under way")}
        </span>
      </td>
      <th scope="row">
        <a href={`/control/runs/${run.runId}`} aria-current={shown ? "page" : undefined}>
          {title(run.scenario)}
        </a>
      </th>
      <td data-label="Started (UTC)">{moment(run.createdAt)}</td>
      <td data-label="People" class="number">
        {whole(run.people)}
      </td>
      <td data-label="Requests" class="number">
        {measured("http_reqs", whole)}
      </td>
      <td data-label="p99" class="number">
        {measured("http_req_duration_p99_ms", milliseconds)}
      </td>
      <td data-label="Failed" class="number">
        {measured("http_req_failed_rate", percent)}
      </td>
    </tr>
  )
}
