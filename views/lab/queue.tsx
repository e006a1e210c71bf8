import { runLength } from "../../src/lab/model/settings.ts"
import { stateWord, type RunView } from "./run-view.ts"
import { span, title, whole } from "../shared/words.ts"

export type QueueProps = {
  /** The run that has the machine, unless the page shows it anyway. */
  active?: RunView
  waiting: RunView[]
  shown?: string
  keyNeeded: boolean
  swapped?: boolean
}

/** Runs that wait for the machine, each with a way out. Sent again only when it has changed, so that a button keeps its focus. */
export const Queue = ({ active, waiting, shown, keyNeeded, swapped = false }: QueueProps) => {
  const attributes = { id: "queue", ...(swapped ? { "hx-swap-oob": "true" } : {}) }
  const isElsewhere = active !== undefined && active.runId !== shown
  if (waiting.length === 0 && !isElsewhere) return <div {...attributes} hidden />
  return (
    <section {...attributes} class="card queue" aria-labelledby="queue-title">
      <h2 id="queue-title">{waiting.length === 0 ? "Under way" : "Queue of runs"}</h2>
      <ol class="queue-list">
        {active === undefined ? null : <Entry run={active} place="now" shown={shown} keyNeeded={keyNeeded} />}
        {waiting.map((run, index) => (
          <Entry run={run} place={index + 1} shown={shown} keyNeeded={keyNeeded} />
        ))}
      </ol>
      {waiting.length === 0 ? null : (
        <p class="hint">One at a time, since two would measure each other. Up to three may wait.</p>
      )}
    </section>
  )
}

const Entry = ({
  run,
  place,
  shown,
  keyNeeded,
}: {
  run: RunView
  place: number | "now"
  shown?: string
  keyNeeded: boolean
}) => (
  <li class="queue-entry">
    <span class={place === "now" ? "queue-place queue-place-now" : "queue-place"}>
      {place === "now" ? "Now" : place}
      {place === "now" ? null : <span class="unseen"> in the queue</span>}
    </span>
    <span class="queue-run">
      <a href={`/lab/runs/${run.runId}`} aria-current={run.runId === shown ? "page" : undefined}>
        {title(run.scenario)}
      </a>
      <span class="hint">
        {stateWord[run.state]} · {whole(run.settings.vusMax)} people · {span(runLength(run.settings))}
        {run.preset === undefined ? "" : ` · ${run.preset}`}
      </span>
    </span>
    {run.runId === shown ? null : <StopButton run={run} keyNeeded={keyNeeded} />}
  </li>
)

const StopButton = ({ run, keyNeeded }: { run: RunView; keyNeeded: boolean }) => {
  const label = `Stop ${title(run.scenario)}${run.place === undefined ? "" : `, number ${run.place} in the queue`}`
  return keyNeeded ? (
    <a class="button button-stop" href={`/lab/runs/${run.runId}/stop`} aria-label={label}>
      Stop
    </a>
  ) : (
    <form method="post" action={`/lab/runs/${run.runId}/stop`}>
      <input type="hidden" name="from" value="front" />
      <button id={`stop-${run.runId}`} class="button button-stop" type="submit" aria-label={label}>
        Stop
      </button>
    </form>
  )
}
