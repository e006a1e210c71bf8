import type { Addresses } from "../shared/document.tsx"
import type { FiguresProps } from "./figures.tsx"
import { History } from "./history.tsx"
import { Queue, type QueueProps } from "./queue.tsx"
import { RunBrief, RunPanel, type RunPanelProps } from "./run-panel.tsx"
import { isFinal } from "../../src/lab/model/run.ts"
import { stateWord, type RunView } from "./run-view.ts"
import { Setup, type SetupProps } from "./setup.tsx"
import { Shell } from "./shell.tsx"
import { title } from "../shared/words.ts"

export type LabPageProps = {
  assets: Addresses
  run?: RunPanelProps
  runs: RunView[]
  setup: SetupProps
  figures: FiguresProps
  queue: QueueProps
  brief: boolean
  said?: string
}

export const LabPage = ({ assets, run, runs, setup, figures, queue, brief, said }: LabPageProps) => {
  const isLive = (run !== undefined && !isFinal(run.run.state)) || queue.waiting.length > 0
  return (
    <Shell
      title={pageTitle(run?.run)}
      assets={assets}
      figures={figures}
      // A reload would empty a form that is being filled in.
      refreshAfterSec={isLive && !setup.asked ? 2 : undefined}
      quiet={run === undefined}
    >
      <header class="main-head">
        <div>
          <h1>Load lab</h1>
          <p>Put a real crowd in front of this server and see whether the sale stays fair.</p>
        </div>
        <ResetSale keyNeeded={setup.keyNeeded} />
      </header>
      {said === undefined ? null : (
        <p class="notice notice-good" role="status">
          {said}
        </p>
      )}
      <p id="announce" class="unseen" role="status" />
      <Queue {...queue} />
      {setup.asked ? <Setup {...setup} /> : null}
      {run === undefined ? null : brief ? <RunBrief run={run.run} /> : <RunPanel {...run} />}
      {setup.asked ? null : <Setup {...setup} />}
      {run === undefined ? <Story /> : null}
      <History runs={runs} shown={run?.run.runId} keyNeeded={setup.keyNeeded} from="front" />
    </Shell>
  )
}

/** Where a key is needed it is asked for on a page of its own. */
const ResetSale = ({ keyNeeded }: { keyNeeded: boolean }) =>
  keyNeeded ? (
    <a class="button" href="/lab/reset">
      Reset sale
    </a>
  ) : (
    <form method="post" action="/lab/reset">
      <button id="reset" class="button" type="submit" title="Opens a fresh demo sale; earlier ones go on as they are">
        Reset sale
      </button>
    </form>
  )

const pageTitle = (run: RunView | undefined) =>
  run === undefined ? "Load lab · Traffic" : `${stateWord[run.state]} · ${title(run.scenario)} · Traffic`

export const PageTitle = ({ run }: { run: RunView }) => <title>{pageTitle(run)}</title>

const Story = () => (
  <section class="card" aria-labelledby="story-title">
    <h2 id="story-title">How a run goes</h2>
    <ol class="story">
      <li>
        <b>People</b> Everybody gets an account and an address of their own. They join, wait, poll, choose seats and
        pay, through the real API.
      </li>
      <li>
        <b>Truth</b> k6 writes down what each of them was told. The server shows its own figures beside it, on one
        clock.
      </li>
      <li>
        <b>Audit</b> Afterwards every position, admission, hold, order and ticket in the stores is compared with what
        people were told.
      </li>
      <li>
        <b>Verdict</b> PASS when everything held. FAIL with the first case that broke. INCONCLUSIVE when the machine was
        the limit, so that a busy laptop never looks like a slow server.
      </li>
    </ol>
  </section>
)
