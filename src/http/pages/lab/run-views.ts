import type { RunView } from "../../../../views/lab/run-view.ts"
import type { Run } from "../../../lab/model/run.ts"
import { requestOf, runLength } from "../../../lab/model/settings.ts"
import { chartsOf } from "../../../lab/report/charts.ts"
import { repeatLine } from "../../../lab/report/repeat.ts"
import { runBody } from "../../../lab/report/wire.ts"

export const runView = (run: Run): RunView => ({
  runId: run.runId,
  scenario: run.scenario,
  state: run.state,
  verdict: run.verdict,
  failures: run.failures,
  checks: run.checks,
  metrics: run.metrics,
  limitedBy: run.limitedBy,
  points: run.live,
  charts: chartsOf(runBody(run), run.live),
  people: run.settings.vusMax,
  seats: run.settings.totalSeats,
  admitPerMinute: run.settings.admitPerMinute,
  lengthMs: runLength(run.settings),
  steadyMs: { from: run.settings.rampUp, to: run.settings.rampUp + run.settings.steady },
  command: commandOf(run),
  k6Version: run.k6Version,
  trafficVersion: run.trafficVersion,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  starred: run.starred ?? false,
  preset: run.preset,
})

const commandOf = ({ scenario, settings }: Run) => `./${repeatLine({ scenario, settings: requestOf(settings) })}`
