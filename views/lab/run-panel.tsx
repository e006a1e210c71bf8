import { runLength } from "../../src/lab/model/settings.ts"
import { StarButton } from "./history.tsx"
import { Replay } from "./replay.tsx"
import { Charts } from "./run-charts.tsx"
import { isFinal, type RunState } from "../../src/lab/model/run.ts"
import { stateWord, type RunView } from "./run-view.ts"
import { Checks, Metrics, Reproduce, VerdictBanner } from "./verdict.tsx"
import { moment, span, title, whole } from "../shared/words.ts"

export type RunPanelProps = {
  run: RunView
  now: number
  keyNeeded?: boolean
  poll?: string
  second?: number
  baseline?: string
}

/** One run, from its start to its verdict. The head stays, `RunLive` is asked for again each second until the run is over. */
export const RunPanel = ({ run, now, keyNeeded, poll, second, baseline }: RunPanelProps) => (
  <section id="run" class="card run" aria-labelledby="run-title">
    <header class="run-head">
      <div>
        <h2 id="run-title">{title(run.scenario)}</h2>
        <p class="run-facts">
          {whole(run.settings.vusMax)} people · {whole(run.settings.totalSeats)} seats ·{" "}
          {whole(run.settings.admitPerMinute)} admissions a minute · {span(runLength(run.settings))}
          {run.preset === undefined ? "" : ` · ${run.preset}`} ·{" "}
          <time dateTime={new Date(run.createdAt).toISOString()}>{moment(run.createdAt)} UTC</time>
          {run.starred ? <span class="star-mark">Baseline</span> : null}
        </p>
      </div>
      <RunActions run={run} keyNeeded={keyNeeded} baseline={baseline} />
    </header>
    <RunLive run={run} now={now} poll={poll} second={second} />
  </section>
)

export const RunActions = ({
  run,
  keyNeeded = false,
  baseline,
  swapped = false,
}: {
  run: RunView
  keyNeeded?: boolean
  baseline?: string
  swapped?: boolean
}) => (
  <div id="run-actions" class="run-actions" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
    {isFinal(run.state) ? (
      <>
        <a class="button" href={`/lab?again=${run.runId}#setup`}>
          Repeat
        </a>
        <a class="button" href="/lab?new=true#setup">
          New run
        </a>
        {baseline === undefined || baseline === run.runId ? null : (
          <a class="button" href={`/lab/compare?a=${baseline}&b=${run.runId}`}>
            Compare with the baseline
          </a>
        )}
        <StarButton run={run} keyNeeded={keyNeeded} from="run" />
        {run.starred ? null : (
          <a class="button button-stop" href={`/lab/runs/${run.runId}/delete`}>
            Delete
          </a>
        )}
      </>
    ) : keyNeeded ? (
      <a id="stop" class="button button-stop" href={`/lab/runs/${run.runId}/stop`}>
        Stop
      </a>
    ) : (
      <form method="post" action={`/lab/runs/${run.runId}/stop`}>
        <button id="stop" class="button button-stop" type="submit">
          Stop
        </button>
      </form>
    )}
  </div>
)

export const RunBrief = ({ run }: { run: RunView }) => (
  <section id="run" class="card run-brief" aria-labelledby="run-title">
    <h2 id="run-title">Latest run: {title(run.scenario)}</h2>
    <VerdictBanner run={run} />
    <div class="run-actions">
      <a class="button" href={`/lab/runs/${run.runId}`}>
        Charts, checks and figures
      </a>
      <a class="button" href={`/lab?again=${run.runId}#setup`}>
        Repeat
      </a>
    </div>
  </section>
)

/** Read out once when the state changes; the ticking figures are not. */
export const Announcement = ({ run }: { run: RunView }) => (
  <span hx-swap-oob="innerHTML:#announce">
    {isFinal(run.state) ? `The run is over: ${stateWord[run.state]}.` : `The run is ${run.state}.`}
  </span>
)

export const RunLive = ({ run, now, second, poll = `/lab/runs/${run.runId}/live` }: RunPanelProps) => {
  const over = isFinal(run.state)
  const isBefore = ["queued", "preparing", "armed"].includes(run.state)
  return (
    <div
      id="run-live"
      data-state={run.state}
      {...(over
        ? {}
        : {
            "hx-get": poll,
            "hx-trigger": "every 1s",
            "hx-swap": "outerHTML",
          })}
    >
      {over ? <VerdictBanner run={run} /> : <Progress run={run} now={now} />}
      {over && second !== undefined ? <Replay run={run} second={second} /> : null}
      {run.live.length === 0 && (over || isBefore) ? null : <Charts run={run} mark={over ? second : undefined} />}
      {over && second === undefined && run.live.length > 0 ? (
        <p>
          <a href={`/lab/runs/${run.runId}?second=0#replay`}>Replay it second by second</a>
        </p>
      ) : null}
      {over ? <Checks checks={run.checks} /> : null}
      {over ? <Metrics metrics={run.metrics} /> : null}
      <Reproduce run={run} />
    </div>
  )
}

const steps = [
  ["queued", "Queued"],
  ["preparing", "Preparing"],
  ["armed", "Armed"],
  ["running", "Running"],
  ["auditing", "Auditing"],
  ["verdict", "Verdict"],
] as const

const sentences: Partial<Record<RunState, string>> = {
  queued: "Waits for its turn.",
  preparing: "Makes an account for everybody and loads k6.",
  armed: "Everybody stands at the line.",
  auditing: "Compares what people were told with what the stores hold.",
}

const Progress = ({ run, now }: RunPanelProps) => {
  const at = steps.findIndex(([name]) => name === run.state)
  const passed = run.startedAt === undefined ? 0 : Math.min(runLength(run.settings), Math.max(0, now - run.startedAt))
  const left = runLength(run.settings) - passed
  return (
    <div class="progress">
      <ol class="steps">
        {steps.map(([, label], index) => (
          <li
            class={index < at ? "step step-done" : index === at ? "step step-now" : "step"}
            aria-current={index === at ? "step" : undefined}
          >
            {label}
          </li>
        ))}
      </ol>
      {run.state === "running" ? (
        <>
          <progress
            id="run-progress"
            max={runLength(run.settings)}
            value={passed}
            aria-label="How much of the run is over"
          />
          <p class="progress-text">
            <b>{left > 0 ? `${span(left)} left` : "People finish what they began"}</b>
            <span>{phaseOf(run, passed)}</span>
          </p>
        </>
      ) : (
        <>
          <progress
            id="run-progress"
            aria-label={sentences[run.state] ?? run.state}
            {...(run.state === "auditing" ? {} : { max: 1, value: 0 })}
          />
          <p class="progress-text">
            <b>{sentences[run.state]}</b>
            {run.place === undefined ? null : <span>Number {run.place} in the queue</span>}
          </p>
        </>
      )}
    </div>
  )
}

const phaseOf = (run: RunView, passed: number) => {
  const { rampUp, steady } = run.settings
  if (passed < rampUp) return "The crowd arrives"
  return passed < rampUp + steady ? "Steady phase" : "People leave"
}
