import { expect, test } from "bun:test"
import { render } from "preact-render-to-string"
import { shownRun } from "../../src/testing/lab/shown-run.ts"
import { ComparePage } from "./compare-page.tsx"
import { LabPage } from "./lab-page.tsx"
import type { FiguresProps } from "./figures.tsx"
import { HistoryPage } from "./history-page.tsx"
import { Queue } from "./queue.tsx"
import { RunActions } from "./run-panel.tsx"
import type { RunView } from "./run-view.ts"
import type { SetupProps } from "./setup.tsx"

const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
const assets = { style: "/s", htmx: "/h", connection: "/c", icon: "/i" }
const figures: FiguresProps = {
  server: { ready: true, away: [], version: "1", k6: { ready: false, why: evil } },
  running: false,
}
const run = (more: Partial<RunView> = {}): RunView =>
  shownRun({ state: "passed", verdict: "PASS", metrics: { http_reqs: 10 }, startedAt: undefined, ...more })
const setup: SetupProps = {
  scenarios: [{ name: evil, title: evil, story: evil, holds: evil }],
  chosen: evil,
  fields: (
    [
      "vus_max",
      "ramp_up",
      "steady",
      "ramp_down",
      "admit_per_minute",
      "waiting_room_cap",
      "total_seats",
      "seed",
    ] as const
  ).map((name) => ({
    name,
    label: evil,
    hint: evil,
    range: evil,
    value: evil,
    placeholder: evil,
    kind: "text",
    error: evil,
  })),
  notice: evil,
  asked: true,
  keyNeeded: true,
  keyError: evil,
  presets: [{ name: evil, says: evil, scenario: evil, facts: evil }],
  preset: evil,
  estimate: {
    state: "known",
    lengthMs: 1,
    wholeMs: 1,
    memoryMb: 1,
    openFiles: 1,
    warnings: [{ code: evil, text: evil }],
    notes: [evil],
  },
  before: 2,
  folded: false,
  k6Missing: evil,
}

test("whatever is typed or stored is shown as text on every page", () => {
  const told = run({ scenario: evil, preset: evil, trafficVersion: evil, state: "queued", verdict: undefined })
  const row = { name: evil, a: evil, b: evil, difference: evil, finding: { word: "worse" as const, why: evil } }
  const pages = [
    <LabPage
      assets={assets}
      run={{ run: told, now: 0 }}
      runs={[told]}
      setup={setup}
      figures={figures}
      queue={{ active: told, waiting: [told], keyNeeded: false }}
      brief={false}
      said={evil}
    />,
    <HistoryPage
      assets={assets}
      figures={figures}
      runs={[told]}
      filter={{ scenario: evil, verdict: evil, preset: evil, before: evil }}
      scenarios={[evil]}
      presets={[evil]}
      next={`/lab/history?${new URLSearchParams({ preset: evil })}`}
      keyNeeded={false}
    />,
    <ComparePage
      assets={assets}
      figures={figures}
      a={told}
      b={told}
      reasons={[evil]}
      outcome="worse"
      sureness={evil}
      notes={[evil]}
      judged={[row]}
      others={[row]}
    />,
  ]
  for (const each of pages) {
    const html = render(each)
    expect(html).toContain("&lt;script>")
    expect(html).not.toContain("<script>")
    expect(html).not.toContain("<img")
  }
})

test("where a key is needed, what changes something asks for it on a page of its own", () => {
  const page = (keyNeeded: boolean) =>
    render(
      <>
        <Queue waiting={[run({ state: "queued" })]} keyNeeded={keyNeeded} />
        <RunActions run={run({ state: "running" })} keyNeeded={keyNeeded} />
        <HistoryPage
          assets={assets}
          figures={figures}
          runs={[run()]}
          filter={{}}
          scenarios={[]}
          presets={[]}
          keyNeeded={keyNeeded}
        />
      </>,
    )
  expect(page(false).match(/method="post"/g)?.length).toBe(3)
  expect(page(true)).not.toContain('method="post"')
  for (const action of ["star", "stop"]) expect(page(true)).toContain(`href="/lab/runs/${run().runId}/${action}"`)
})

test("a run that has no figures cannot be chosen for a comparison, one without a verdict not be starred", () => {
  const page = (more: Partial<RunView>) =>
    render(
      <HistoryPage
        assets={assets}
        figures={figures}
        runs={[run(more)]}
        filter={{}}
        scenarios={[]}
        presets={[]}
        keyNeeded={false}
      />,
    )
  expect(page({})).toContain('type="checkbox"')
  expect(page({})).toContain("Star")
  const stopped = page({ state: "cancelled", verdict: undefined, metrics: {} })
  expect(stopped).not.toContain('type="checkbox"')
  expect(stopped).not.toContain('class="star"')
  expect(stopped).toContain("Stopped")
})
