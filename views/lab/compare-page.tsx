import type { Addresses } from "../shared/document.tsx"
import type { FiguresProps } from "./figures.tsx"
import { Result } from "./history.tsx"
import type { RunView } from "./run-view.ts"
import { Shell } from "./shell.tsx"
import { moment, sentence, title, whole } from "../shared/words.ts"

export type FindingView = "worse" | "better" | "no_difference" | "cannot_tell"
export type ComparedRow = {
  name: string
  a: string
  b: string
  difference: string
  /** What chance allows to be said; absent where nothing is judged. */
  finding?: { word: FindingView; why: string }
}
export type ComparePageProps = {
  assets: Addresses
  figures: FiguresProps
  a: RunView
  b: RunView
  reasons: string[]
  outcome?: FindingView
  sureness?: string
  notes: string[]
  judged: ComparedRow[]
  others: ComparedRow[]
}

export const ComparePage = (props: ComparePageProps) => {
  const { assets, figures, a, b, judged, others } = props
  return (
    <Shell title="Two runs compared · Traffic" assets={assets} figures={figures}>
      <header class="main-head">
        <div>
          <h1>Two runs compared</h1>
          <p>B is held against A.</p>
        </div>
        <a class="button" href={`/lab/compare?a=${b.runId}&b=${a.runId}`}>
          Swap them
        </a>
      </header>
      <section class="card compared" aria-labelledby="compared-title">
        <div class="sides-compared">
          <Side letter="A" run={a} />
          <Side letter="B" run={b} />
        </div>
        <h2 id="compared-title" class="unseen">
          What differs
        </h2>
        <Outcome {...props} />
        {judged.length === 0 ? null : <ComparedTable caption="Judged" rows={judged} />}
        {others.length === 0 ? null : <ComparedTable caption="Figures" rows={others} />}
      </section>
    </Shell>
  )
}

const Side = ({ letter, run }: { letter: string; run: RunView }) => (
  <div class="side-compared">
    <span class="side-letter">{letter}</span>
    <div>
      <a href={`/lab/runs/${run.runId}`}>{title(run.scenario)}</a> <Result run={run} />
      {run.starred ? <span class="star-mark">Baseline</span> : null}
      <p class="hint">
        {moment(run.createdAt)} UTC · {whole(run.settings.vusMax)} people · Traffic {run.trafficVersion}
      </p>
    </div>
  </div>
)

const outcomes: Record<FindingView, { kind: string; text: string }> = {
  worse: { kind: "fail", text: "B is worse than A." },
  better: { kind: "pass", text: "B is better than A." },
  no_difference: { kind: "none", text: "No difference that chance would not make." },
  cannot_tell: { kind: "unsure", text: "These two runs cannot tell." },
}

const Outcome = ({ reasons, outcome, sureness, notes }: ComparePageProps) => {
  const { kind, text } =
    outcome === undefined ? { kind: "none", text: "They cannot be held against each other." } : outcomes[outcome]
  return (
    <div id="outcome" class={`verdict verdict-${kind}`}>
      <p class="verdict-sentence">
        <b>{text}</b> {sureness === undefined ? null : sentence(sureness)}
      </p>
      {reasons.length + notes.length === 0 ? null : (
        <ul class="verdict-reasons">
          {[...reasons, ...notes].map((each) => (
            <li>{sentence(each)}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

const words: Record<FindingView, { kind: string; text: string }> = {
  worse: { kind: "fail", text: "Worse" },
  better: { kind: "pass", text: "Better" },
  no_difference: { kind: "none", text: "Within chance" },
  cannot_tell: { kind: "unsure", text: "Cannot tell" },
}

const ComparedTable = ({ caption, rows }: { caption: string; rows: ComparedRow[] }) => {
  const isJudged = rows.some((each) => each.finding !== undefined)
  return (
    <div>
      <h3>{caption}</h3>
      <table class="stacked compared-table">
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" class="number">
              A
            </th>
            <th scope="col" class="number">
              B
            </th>
            <th scope="col" class="number">
              Difference
            </th>
            {isJudged ? <th scope="col">Says</th> : null}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, a, b, difference, finding }) => (
            <tr>
              <th scope="row">{name}</th>
              <td data-label="A" class="number">
                {a}
              </td>
              <td data-label="B" class="number">
                {b}
              </td>
              <td data-label="Difference" class="number">
                {difference}
              </td>
              {finding === undefined ? null : (
                <td data-label="Says">
                  <span>
                    <span class={`result result-${words[finding.word].kind}`}>{words[finding.word].text}</span>{" "}
                    <span class="hint">{finding.why}</span>
                  </span>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
