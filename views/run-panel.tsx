import { Charts } from "./run-charts.tsx"
import { isOver, type RunState, type RunView } from "./run-view.ts"
import { Checks, Metrics, Reproduce, VerdictBanner } from "./verdict.tsx"
import { moment, span, title, whole } from "./words.ts"

export type RunPanelProps = { run: RunView; now: number; keyNeeded?: boolean }

/** One run, from its start to its verdict. The head stays, `RunLive` is asked for again each second until the run is over. */
export const RunPanel = ({ run, now, keyNeeded }: RunPanelProps) => (
  <section id="run" class="card run" aria-labelledby="run-title">
    <header class="run-head">
      <div>
        <h2 id="run-title">{title(run.scenario)}</h2>
        <p class="run-facts">
          {whole(run.people)} people · {whole(run.seats)} seats · {whole(run.admitPerMinute)} admissions a minute ·{" "}
          {span(run.lengthMs)} ·{" "}
          <time dateTime={new Date(run.createdAt).toISOString()}>{moment(run.createdAt)} UTC</time>
        </p>
      </div>
      <RunActions run={run} keyNeeded={keyNeeded} />
    </header>
    <RunLive run={run} now={now} />
  </section>
)

export const RunActions = ({
  run,
  keyNeeded = false,
  swapped = false,
}: {
  run: RunView
  keyNeeded?: boolean
  swapped?: boolean
}) => (
  <div id="run-actions" class="run-actions" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
    {isOver(run.state) ? (
      <>
        <a class="button" href={`/?again=${run.runId}#setup`}>
          Repeat
        </a>
        <a class="button" href="#setup">
          New run
        </a>
      </>
    ) : (
      <form method="post" action={`/control/runs/${run.runId}/stop`}>
        {keyNeeded ? (
          <label>
            Demo key <input name="demo_key" type="password" autocomplete="off" />
          </label>
        ) : null}
        <button id="stop" class="button button-stop" type="submit">
          Stop
        </button>
      </form>
    )}
  </div>
)

/** Read out once when the state changes; the ticking figures are not. */
export const Announcement = ({ run }: { run: RunView }) => (
  <span hx-swap-oob="innerHTML:#announce">
    {run.verdict === undefined ? `The run is ${run.state}.` : `The run is over: ${run.verdict}.`}
  </span>
)

export const RunLive = ({ run, now }: RunPanelProps) => {
  const over = isOver(run.state)
  return (
    <div
      id="run-live"
      data-state={run.state}
      {...(over
        ? {}
        : {
            "hx-get": `/control/runs/${run.runId}/live?seen=${run.state}`,
            "hx-trigger": "every 1s",
            "hx-swap": "outerHTML",
          })}
    >
      {over ? <VerdictBanner run={run} /> : <Progress run={run} now={now} />}
      <Charts run={run} />
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
  const passed = run.startedAt === undefined ? 0 : Math.min(run.lengthMs, Math.max(0, now - run.startedAt))
  const left = run.lengthMs - passed
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
          <progress id="run-progress" max={run.lengthMs} value={passed} aria-label="How much of the run is over" />
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
          </p>
        </>
      )}
    </div>
  )
}

const phaseOf = (run: RunView, passed: number) => {
  if (passed < run.steadyMs.from) return "The crowd arrives"
  return passed < run.steadyMs.to ? "Steady phase" : "People leave"
}
