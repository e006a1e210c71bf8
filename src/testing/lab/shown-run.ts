import type { RunView } from "../../../views/lab/run-view.ts"
import { defaultLimits } from "../../lab/model/settings.ts"
import { trustedId, type RunId, type SaleId } from "../../ids.ts"
import { chartsOf } from "../../lab/report/charts.ts"
import { runBody } from "../../lab/report/wire.ts"
import type { Run } from "../../lab/model/run.ts"
import { parseRunSettings } from "../../lab/scenarios/run-settings.ts"
import { epochMs, seconds } from "../../units.ts"

/** A run of 50 s as the pages have it: 500 people who came within ten seconds, released at `startedAt`. */
export const shownRun = (more: Partial<RunView> = {}): RunView => {
  const run: Run = {
    runId: trustedId<RunId>("01M816Y1DGQ66YRE1W2DPZYB7A"),
    saleId: trustedId<SaleId>("01M816Y1DGQ66YRE1W2DPZYB7B"),
    scenario: "launch_spike",
    state: "running",
    settings: {
      ...parseRunSettings({ scenario: "launch_spike", seed: 7 }, defaultLimits, 7),
      rampUp: seconds(10),
      steady: seconds(30),
      rampDown: seconds(10),
      admitPerMinute: 600,
    },
    failures: [],
    checks: [],
    metrics: {},
    live: [],
    k6Version: "2.2.0",
    trafficVersion: "1",
    createdAt: epochMs(0),
    startedAt: epochMs(0),
    ...more,
  }
  return { command: "./traffic sim launch_spike --seed 7", charts: chartsOf(runBody(run), run.live), ...run }
}
