import { Brand, Document, type Addresses } from "./document.tsx"
import { Figures, type FiguresProps } from "./figures.tsx"
import { History } from "./history.tsx"
import { RunPanel } from "./run-panel.tsx"
import { isOver, type RunView } from "./run-view.ts"
import { Setup, type SetupProps } from "./setup.tsx"
import { title } from "./words.ts"

export type ControlPageProps = {
  assets: Addresses
  now: number
  run?: RunView
  runs: RunView[]
  setup: SetupProps
  figures: FiguresProps
}

/** The load control center: what to try, how it goes, how it ended. */
export const ControlPage = ({ assets, now, run, runs, setup, figures }: ControlPageProps) => {
  const live = run !== undefined && !isOver(run.state)
  return (
    <Document title={pageTitle(run)} assets={assets} refreshAfterSec={live ? 2 : undefined}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <div class={run === undefined ? "shell shell-idle" : "shell"}>
        <aside class="side" aria-label="Live figures">
          <div class="side-stay">
            <header class="side-head">
              <a href="/" aria-label="Traffic, load control center">
                <Brand />
              </a>
            </header>
            <Figures {...figures} />
            <nav class="side-links" aria-label="Elsewhere">
              <a href="/events">Pages for fans</a>
              <a href="/control/sales">Sales</a>
              <a href="/openapi.json">API</a>
              <a href="/metrics">Metrics</a>
              <span>Version {figures.server.version}</span>
            </nav>
          </div>
        </aside>
        <main id="main" class="main" tabIndex={-1}>
          <header class="main-head">
            <h1>Load control center</h1>
            <p>Put a real crowd in front of this server and see whether the sale stays fair.</p>
          </header>
          <p id="connection" class="notice notice-bad" role="status">
            <span>The server does not answer. Trying again.</span>
          </p>
          <p id="announce" class="unseen" role="status" />
          {setup.asked ? <Setup {...setup} /> : null}
          {run === undefined ? null : <RunPanel run={run} now={now} keyNeeded={setup.keyNeeded} />}
          {setup.asked ? null : <Setup {...setup} />}
          {run === undefined ? <Story /> : null}
          <History runs={runs} shown={run?.runId} />
        </main>
      </div>
    </Document>
  )
}

const pageTitle = (run: RunView | undefined) => {
  if (run === undefined) return "Load control center · Traffic"
  return `${run.verdict ?? title(run.state)} · ${title(run.scenario)} · Traffic`
}

/** Alone in an answer it renames the page that is open. */
export const PageTitle = ({ run }: { run: RunView }) => <title>{pageTitle(run)}</title>

/** Before the first run: what will happen. */
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
