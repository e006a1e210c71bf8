import type { Check } from "../../src/lab/model/check.ts"
import { isFinal } from "../../src/lab/model/run.ts"
import type { RunView } from "./run-view.ts"
import { checkName, metric, metricGroups, sentence, span, thresholdText, whole } from "../shared/words.ts"

export type Ended = Pick<RunView, "state" | "failures" | "checks" | "metrics" | "startedAt" | "endedAt"> & {
  settings: Pick<RunView["settings"], "vusMax">
}

export const VerdictBanner = ({ run }: { run: Ended }) => {
  const { word, kind, summary } = endingOf(run)
  const reasons = reasonsOf(run)
  return (
    <div class={`verdict verdict-${kind}`} id="verdict">
      <p class="verdict-word">
        <Mark kind={kind} /> {word}
      </p>
      <p class="verdict-sentence">{summary}</p>
      {reasons.length === 0 ? null : (
        <ul class="verdict-reasons">
          {reasons.slice(0, reasonsShown).map((each) => (
            <li>{sentence(each)}</li>
          ))}
          {reasons.length > reasonsShown ? (
            <li>And {reasons.length - reasonsShown} more, in the table below.</li>
          ) : null}
        </ul>
      )}
    </div>
  )
}

const reasonsShown = 6

/** Broken checks in plain words; whatever else kept a run from a verdict in its own. */
const reasonsOf = ({ checks, failures }: Ended) => {
  const broken = checks.filter((each) => each.judged && !each.passed)
  if (broken.length === 0) return failures.map(metricInWords)
  return broken.map(({ name, expected, seen, counterExample }) => {
    const { mark, text } = checkName(name)
    const said = (words: string) => (mark === "k6" ? thresholdText(name, words) : words)
    const first = counterExample === undefined || mark === "k6" ? "" : `. First case: ${counterExample}`
    return `${text}: expected ${said(expected)}, seen ${said(seen)}${first}`
  })
}

/** "http_req_duration{step:join} has 60 samples" is told as a check would be. */
const metricInWords = (failure: string) =>
  failure.replace(/^http_\w+(\{[^}]*\})?(?= has )/, (name) => checkName(`k6 ${name}`).text)

type Kind = "pass" | "fail" | "unsure" | "none"

const endingOf = (run: Ended): { word: string; kind: Kind; summary: string } => {
  const judged = run.checks.filter((each) => each.judged)
  const broken = judged.filter((each) => !each.passed).length
  const took =
    run.startedAt === undefined || run.endedAt === undefined ? "" : ` in ${span(run.endedAt - run.startedAt)}`
  const asked =
    run.metrics["http_reqs"] === undefined
      ? ""
      : ` ${whole(run.settings.vusMax)} people made ${whole(run.metrics["http_reqs"])} requests${took}.`
  switch (run.state) {
    case "passed":
      return { word: "PASS", kind: "pass", summary: `All ${judged.length} checks held.${asked}` }
    case "failed":
      return { word: "FAIL", kind: "fail", summary: `${broken} of ${judged.length} checks did not hold.${asked}` }
    case "inconclusive":
      return {
        word: "INCONCLUSIVE",
        kind: "unsure",
        summary: `What could be judged held, but this run is no proof.${asked}`,
      }
    case "cancelled":
      return { word: "STOPPED", kind: "none", summary: "Somebody stopped this run, so there is no verdict." }
    case "interrupted":
      return {
        word: "INTERRUPTED",
        kind: "none",
        summary: "The server stopped while the run was under way, so there is no verdict.",
      }
    default:
      return { word: "BROKEN", kind: "fail", summary: "The run itself broke, so there is no verdict." }
  }
}

const Mark = ({ kind }: { kind: Kind }) => (
  <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
    <circle cx="12" cy="12" r="11" />
    <path
      d={
        { pass: "M7 12.5l3.4 3.4L17 9", fail: "M8 8l8 8M16 8l-8 8", unsure: "M7 12h10", none: "M8.5 8.5h7v7h-7z" }[kind]
      }
    />
  </svg>
)

export const Checks = ({ checks }: { checks: Check[] }) =>
  checks.length === 0 ? null : (
    <div class="checks">
      <h3>Checks</h3>
      <CheckTable checks={checks} />
    </div>
  )

/** What did not hold comes first, what could not be judged second. */
export const CheckTable = ({ checks }: { checks: Check[] }) => (
  <table class="stacked">
    <thead>
      <tr>
        <th scope="col">Result</th>
        <th scope="col">Check</th>
        <th scope="col">Expected</th>
        <th scope="col">Seen</th>
      </tr>
    </thead>
    <tbody>
      {checks
        .toSorted((a, b) => rank(a) - rank(b))
        .map((each) => (
          <CheckRow {...each} />
        ))}
    </tbody>
  </table>
)

const rank = ({ judged, passed }: Check) => (judged ? (passed ? 2 : 0) : 1)

const CheckRow = ({ name, passed, judged, expected, seen, counterExample }: Check) => {
  const { mark, text } = checkName(name)
  const said = (words: string) => (mark === "k6" ? thresholdText(name, words) : words)
  const kind = judged ? (passed ? "pass" : "fail") : "none"
  return (
    <>
      <tr class={`check check-${kind}`}>
        <td>
          <span class={`result result-${kind}`}>{judged ? (passed ? "Held" : "Broke") : "Not judged"}</span>
        </td>
        <th scope="row">
          {mark === "" ? null : <span class="check-mark">{mark}</span>} {text}
        </th>
        <td data-label="Expected">{said(expected)}</td>
        <td data-label="Seen">{said(seen)}</td>
      </tr>
      {counterExample === undefined || counterExample.endsWith(` has ${seen}`) ? null : (
        <tr class="check-case">
          <td colSpan={4}>
            <span class="counter-example">
              <b>First case:</b> {counterExample}
            </span>
          </td>
        </tr>
      )}
    </>
  )
}

export const Metrics = ({ metrics }: { metrics: Record<string, number> }) => {
  // The figures of each step fill a table of their own in the report.
  const groups = metricGroups(Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.startsWith("step_"))))
  if (groups.length === 0) return null
  return (
    <div class="metrics">
      <h3>Measured</h3>
      <div class="metric-groups">
        {groups.map(({ title, names }) => (
          <div>
            <h4>{title}</h4>
            <dl>
              {names.map((name) => {
                const { name: label, text } = metric(name, metrics[name]!)
                return (
                  <div class="metric">
                    <dt>{label}</dt>
                    <dd>{text}</dd>
                  </div>
                )
              })}
            </dl>
          </div>
        ))}
      </div>
    </div>
  )
}

export const Reproduce = ({ run }: { run: RunView }) => (
  <div class="reproduce">
    <h3>The same run from a shell</h3>
    <pre tabIndex={0} role="region" aria-label="Command line of this run">
      <code>{run.command}</code>
    </pre>
    <p class="hint">
      Run <code>{run.runId}</code> · k6 {run.k6Version} · Traffic {run.trafficVersion}
    </p>
    {isFinal(run.state) ? <Downloads runId={run.runId} /> : null}
  </div>
)

const downloads = [
  ["report.html?download=true", "Save it"],
  ["series.csv?download=true", "Seconds as CSV"],
  ["checks.csv?download=true", "Checks as CSV"],
  ["report.json?download=true", "All as JSON"],
] as const

const Downloads = ({ runId }: { runId: string }) => (
  <p class="hint">
    <a href={`/lab/runs/${runId}/report.html`}>Report on one page</a>
    {downloads.map(([file, label]) => (
      <>
        {" · "}
        <a href={`/lab/runs/${runId}/${file}`}>{label}</a>
      </>
    ))}
  </p>
)
