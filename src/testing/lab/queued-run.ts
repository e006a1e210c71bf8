import { newId, type RunId, type SaleId } from "../../ids.ts"
import type { Run } from "../../lab/model/run.ts"
import { defaultLimits } from "../../lab/model/settings.ts"
import { parseRunSettings } from "../../lab/scenarios/run-settings.ts"
import type { EpochMs } from "../../units.ts"

/** A run that has just been asked for. */
export const queuedRun = (createdAt: EpochMs): Run => ({
  runId: newId<RunId>(createdAt),
  scenario: "launch_spike",
  state: "queued",
  settings: parseRunSettings({ scenario: "launch_spike" }, defaultLimits, 7),
  saleId: newId<SaleId>(createdAt),
  trafficVersion: "1",
  k6Version: "2.2.0",
  failures: [],
  checks: [],
  metrics: {},
  live: [],
  createdAt,
})
