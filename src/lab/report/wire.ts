import { rfc3339 } from "../../units.ts"
import type { Check } from "../model/check.ts"
import type { Capacity, Run } from "../model/run.ts"
import { requestOf, runLength } from "../model/settings.ts"
import { boundBody } from "../model/threshold.ts"
import { secondBody } from "./second-body.ts"

/** Settings are open because another version may have other ones. */
export type RunBody = Omit<ReturnType<typeof runBody>, "settings"> & { settings: Record<string, unknown> }

export const runBody = (run: Run) => {
  const newest = run.live.at(-1)
  return {
    run_id: run.runId as string,
    sale_id: run.saleId as string,
    scenario: run.scenario,
    status: run.state,
    passed: run.verdict === undefined ? null : run.verdict === "PASS",
    verdict: run.verdict ?? null,
    failures: run.failures,
    checks: run.checks.map(checkBody),
    metrics: run.metrics,
    settings: requestOf(run.settings),
    seed: run.settings.seed,
    traffic_version: run.trafficVersion,
    k6_version: run.k6Version,
    created_at: rfc3339(run.createdAt),
    started_at: run.startedAt === undefined ? null : rfc3339(run.startedAt),
    ended_at: run.endedAt === undefined ? null : rfc3339(run.endedAt),
    length_ms: runLength(run.settings) as number,
    limited_by: run.limitedBy ?? null,
    starred: run.starred ?? false,
    script_hash: run.scriptHash ?? null,
    machine: run.machine ?? null,
    preset: run.preset ?? null,
    segment: run.segment ?? null,
    capacity: run.capacity === undefined ? null : capacityBody(run.capacity),
    thresholds: (run.thresholds ?? []).map(boundBody),
    live: newest === undefined ? null : secondBody(newest),
  }
}

type CheckBody = Omit<Check, "counterExample" | "tooFew"> & { counter_example?: string }
const checkBody = ({ counterExample, ...check }: Check): CheckBody => ({ ...check, counter_example: counterExample })

const capacityBody = ({ perSecond, cause, why }: Capacity) => ({ per_second: perSecond, cause, why })
