import type { Addresses } from "../shared/document.tsx"
import type { FiguresProps } from "./figures.tsx"
import { RunTable } from "./history.tsx"
import type { RunView } from "./run-view.ts"
import { Shell } from "./shell.tsx"
import { title } from "../shared/words.ts"

export type FilterView = { scenario?: string; verdict?: string; preset?: string; before?: string }
export type HistoryPageProps = {
  assets: Addresses
  figures: FiguresProps
  runs: RunView[]
  filter: FilterView
  scenarios: string[]
  presets: string[]
  next?: string
  keyNeeded: boolean
  said?: string
}

const verdicts = ["PASS", "FAIL", "INCONCLUSIVE"]

export const HistoryPage = ({ assets, figures, runs, filter, scenarios, presets, next, ...more }: HistoryPageProps) => {
  const { keyNeeded, said } = more
  const isFiltered = [filter.scenario, filter.verdict, filter.preset].some((each) => each !== undefined)
  return (
    <Shell title="Runs · Traffic" assets={assets} figures={figures}>
      <header class="main-head">
        <div>
          <h1>Runs</h1>
          <p>Newest first. Choose two to compare them; a star makes a run the baseline of its scenario.</p>
        </div>
        <a class="button" href="/lab?new=true#setup">
          New run
        </a>
      </header>
      {said === undefined ? null : (
        <p class="notice notice-good" role="status">
          {said}
        </p>
      )}
      <section class="card history" aria-label="Runs">
        <form class="filter" method="get" action="/lab/history">
          <Choice name="scenario" label="Scenario" all="All scenarios" values={scenarios} chosen={filter.scenario} />
          <Choice name="verdict" label="Verdict" all="All verdicts" values={verdicts} chosen={filter.verdict} />
          <Choice name="preset" label="Preset" all="All presets" values={presets} chosen={filter.preset} />
          <button class="button" type="submit">
            Filter
          </button>
          {isFiltered ? <a href="/lab/history">Show all</a> : null}
        </form>
        {runs.length === 0 ? (
          <p class="hint">
            {isFiltered || filter.before !== undefined
              ? "No run is like that."
              : "None yet. A new run appears here as soon as it is started."}
          </p>
        ) : (
          <RunTable runs={runs} keyNeeded={keyNeeded} from="history" />
        )}
        {next === undefined && filter.before === undefined ? null : (
          <nav class="pages" aria-label="Pages of runs">
            {filter.before === undefined ? null : <a href={addressOf({ ...filter, before: undefined })}>Newest runs</a>}
            {next === undefined ? null : (
              <a rel="next" href={next}>
                Older runs
              </a>
            )}
          </nav>
        )}
      </section>
    </Shell>
  )
}

export const addressOf = (filter: FilterView) => {
  const query = new URLSearchParams(
    Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  return query.size === 0 ? "/lab/history" : `/lab/history?${query}`
}

const Choice = ({
  name,
  label,
  all,
  values,
  chosen,
}: {
  name: string
  label: string
  all: string
  values: string[]
  chosen?: string
}) => (
  <div class="field">
    <label for={`filter-${name}`}>{label}</label>
    <select id={`filter-${name}`} name={name}>
      <option value="">{all}</option>
      {values.map((each) => (
        <option value={each} selected={each === chosen}>
          {name === "scenario" ? title(each) : each}
        </option>
      ))}
    </select>
  </div>
)
