import { epochMs } from "../../src/units.ts"
import type { Report, StepRow } from "../../src/lab/report/report.ts"
import type { RunBody } from "../../src/lab/report/wire.ts"
import { Chart } from "../shared/chart.tsx"
import { isFinal } from "../../src/lab/model/run.ts"
import { CheckTable, Metrics, VerdictBanner, type Ended } from "../lab/verdict.tsx"
import { figure, milliseconds, moment, percent, sentence, span, title, whole } from "../shared/words.ts"

export type ReportProps = {
  run: RunBody
  report: Report
  command: string
  policy: string
}

/** A run on one page that needs nothing else: read in a browser without network, printed, sent by mail. */
export const ReportPage = ({ run, report, command, policy }: ReportProps) => {
  const name = title(run.scenario)
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <link rel="icon" href="data:," />
        <title>{`${run.verdict ?? title(run.status)}: ${name}, ${utc(run.created_at)}`}</title>
        <style />
      </head>
      <body>
        <header>
          <p class="kind">Traffic · report of a run</p>
          <h1>{name}</h1>
          <p class="facts">{factsOf(run).join(" · ")}</p>
        </header>
        <main>
          <Ending run={run} />
          <Limited run={run} />
          <Charts report={report} />
          <Steps rows={report.steps} metrics={run.metrics} />
          <section aria-labelledby="checks-title">
            <h2 id="checks-title">Checks</h2>
            {run.checks.length === 0 ? (
              <p>Nothing was checked: the run did not come to its audit.</p>
            ) : (
              <CheckTable checks={checksOf(run)} />
            )}
          </section>
          <Settings run={run} command={command} />
        </main>
        <footer>
          <p>
            Run <code>{run.run_id}</code> of sale <code>{run.sale_id}</code>. All times in UTC.
          </p>
        </footer>
      </body>
    </html>
  )
}

const utc = (time: string) => (Number.isNaN(Date.parse(time)) ? time : `${moment(Date.parse(time))} UTC`)

const factsOf = (run: RunBody): string[] => {
  const { settings } = run
  const count = (field: string, words: string) =>
    typeof settings[field] === "number" ? [`${whole(settings[field])} ${words}`] : []
  return [
    utc(run.started_at ?? run.created_at),
    ...count("vus_max", "people"),
    ...count("total_seats", "seats"),
    ...count("admit_per_minute", "admissions a minute"),
    span(run.length_ms),
    `seed ${run.seed}`,
  ]
}

const Ending = ({ run }: { run: RunBody }) => {
  const ended = endedOf(run)
  return (
    <section aria-labelledby="verdict-title">
      <h2 id="verdict-title" class="unseen">
        Verdict
      </h2>
      {isFinal(run.status) ? (
        <VerdictBanner run={ended} />
      ) : (
        <div class="verdict verdict-none">
          <p class="verdict-word">UNDER WAY</p>
          <p class="verdict-sentence">
            This report was made while the run was {run.status}. Make it again when the run is over.
          </p>
        </div>
      )}
    </section>
  )
}

const Limited = ({ run }: { run: RunBody }) => (
  <section aria-labelledby="limit-title">
    <h2 id="limit-title">What limited the run</h2>
    <p>{run.limited_by ? sentence(run.limited_by) : "What limited this run was not recorded."}</p>
    {run.capacity ? (
      <p>
        Capacity: <b>{figure(run.capacity.per_second)} per second</b>. What gave way: {run.capacity.cause}.{" "}
        {sentence(run.capacity.why)}
      </p>
    ) : null}
  </section>
)

const Charts = ({ report }: { report: Report }) => {
  const { charts, ...shared } = report
  const drawn = charts.filter((each) => each.lines.length > 0)
  const missing = charts.filter((each) => each.lines.length === 0)
  return (
    <section aria-labelledby="charts-title">
      <h2 id="charts-title">Second by second</h2>
      {report.times.length === 0 ? (
        <p>No second of this run was recorded.</p>
      ) : (
        <>
          <p class="note">
            Times count from the moment everybody was released.
            {report.steady === undefined
              ? ""
              : ` The steady phase, ${figure(report.steady.from)} s to ${figure(report.steady.to)} s, is shaded.`}{" "}
            A limit is drawn as a line, and the moment it was crossed is marked. The checks below judge whole phases, so
            a single second over a limit is no failure by itself.
          </p>
          <div class="charts">
            {drawn.map((chart, index) => (
              <Chart {...shared} chart={chart} id={`chart-${index}`} />
            ))}
          </div>
          {missing.length === 0 ? null : (
            <>
              <h3>Not in this run</h3>
              <ul class="missing">
                {missing.map((each) => (
                  <li>
                    <b>{each.title}</b>: {each.missing}
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </section>
  )
}

type FigureProps = { label: string; value: number | undefined; words: (value: number) => string }

const Figure = ({ label, value, words }: FigureProps) =>
  value === undefined ? <td class="unknown">–</td> : <td data-label={label}>{words(value)}</td>

const Steps = ({ rows, metrics }: { rows: StepRow[]; metrics: Record<string, number> }) => (
  <section aria-labelledby="steps-title">
    <h2 id="steps-title">Steps</h2>
    {rows.length === 0 ? (
      <p>No step was counted.</p>
    ) : (
      <>
        <table class="stacked numbers">
          <thead>
            <tr>
              {["Step", "Count", "Per second", "p50", "p95", "p99", "Slowest", "Failed"].map((each) => (
                <th scope="col">{each}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ step, count, perSecond, p50Ms, p95Ms, p99Ms, maxMs, failedRate }) => (
              <tr>
                <th scope="row">{step === "all" ? "All requests" : title(step)}</th>
                <Figure label="Count" value={count} words={whole} />
                <Figure label="Per second" value={perSecond} words={figure} />
                <Figure label="p50" value={p50Ms} words={milliseconds} />
                <Figure label="p95" value={p95Ms} words={milliseconds} />
                <Figure label="p99" value={p99Ms} words={milliseconds} />
                <Figure label="Slowest" value={maxMs} words={milliseconds} />
                <Figure label="Failed" value={failedRate} words={percent} />
              </tr>
            ))}
          </tbody>
        </table>
        <p class="note">Over the whole run, every answer counted. A dash: not measured.</p>
      </>
    )}
    <Metrics metrics={metrics} />
  </section>
)

const settingNames: Record<string, string> = {
  vus_max: "People",
  ramp_up: "They arrive within",
  steady: "They stay for",
  ramp_down: "They leave within",
  admit_per_minute: "Let in per minute",
  waiting_room_cap: "Waiting room holds",
  total_seats: "Seats",
  seed: "Seed",
  sale_id: "Sale that was named",
}

const Settings = ({ run, command }: { run: RunBody; command: string }) => {
  const rows: [string, string][] = [
    ["Scenario", run.scenario],
    ...(run.preset ? [["Preset", run.preset] as [string, string]] : []),
    ...Object.entries(run.settings).flatMap(([name, value]): [string, string][] =>
      name === "scenario" ? [] : [[settingNames[name] ?? title(name), valueText(value, name)]],
    ),
    ...(run.segment
      ? [["Share of a larger test", `${run.segment.index} of ${run.segment.of}`] as [string, string]]
      : []),
    ["Created", utc(run.created_at)],
    ["Released", run.started_at === null ? "never" : utc(run.started_at)],
    ["Ended", run.ended_at === null ? "not yet" : utc(run.ended_at)],
    ["Traffic", run.traffic_version],
    ["k6", run.k6_version],
    ["Machine", run.machine || "not recorded"],
    ["Script (SHA-256)", run.script_hash || "not recorded"],
  ]
  return (
    <section aria-labelledby="settings-title">
      <h2 id="settings-title">Settings and versions</h2>
      <dl class="settings">
        {rows.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>The same run from a shell</h3>
      <pre tabIndex={0} role="region" aria-label="Command line of this run">
        <code>{command}</code>
      </pre>
    </section>
  )
}

const valueText = (value: unknown, name: string): string => {
  if (typeof value === "number") return name === "seed" ? String(value) : whole(value)
  return typeof value === "string" ? value : JSON.stringify(value)
}

const endedOf = (run: RunBody): Ended => {
  const at = (text: string | null) => (text === null ? undefined : epochMs(Date.parse(text)))
  return {
    state: run.status,
    failures: run.failures,
    checks: checksOf(run),
    metrics: run.metrics,
    settings: { vusMax: Number(run.settings["vus_max"]) },
    startedAt: at(run.started_at),
    endedAt: at(run.ended_at),
  }
}

const checksOf = ({ checks }: RunBody) =>
  checks.map(({ counter_example, ...each }) => ({ ...each, counterExample: counter_example }))
