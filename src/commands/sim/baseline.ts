import { Refusal } from "../../exit.ts"
import { incomparable } from "../../lab/compare/compare.ts"
import { requestOf } from "../../lab/model/settings.ts"
import { recordOf, type RunRecord } from "../../lab/report/record.ts"
import { repeatLine } from "../../lab/report/repeat.ts"
import { lookupScenario } from "../../lab/scenarios/catalog.ts"
import { compareSides, type Compared } from "./compare.ts"
import type { SimOptions } from "./options.ts"
import type { SimParts } from "./parts.ts"
import type { RunRequest } from "./request.ts"
import type { Result } from "./result.ts"
import { readRuns } from "./stored.ts"

export type Baseline = {
  runs: RunRecord[]
  seed?: number
}

export const readBaseline = async (
  scenario: string,
  { baseline, target }: SimOptions,
  { targeting }: SimParts,
): Promise<Baseline | undefined> => {
  if (baseline === undefined) return undefined
  const runs = await readRuns(baseline, { targeting, target, scenario }).catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error
    const reasons = error.reasons.map((each) => `--baseline ${each}`)
    throw new Refusal(error.exit, reasons, { cause: error })
  })
  const { seed } = runs[0]!.settings
  return { runs, seed: typeof seed === "number" ? seed : undefined }
}

/** @throws Refusal with the settings to take, when a run of this request could not be held against the baseline */
export const refuseUnlike = ({ runs }: Baseline, { settings }: RunRequest, baseline: string) => {
  const first = runs[0]!
  const planned = {
    ...first,
    name: "this run",
    runId: "",
    scenario: settings.scenario,
    settings: requestOf(settings),
  }
  const reasons = incomparable(runs, [planned])
  if (reasons.length === 0) return
  const again = `run the baseline's settings: ${repeatLine(first)} --baseline ${baseline}`
  throw new Refusal("usage", [
    `--baseline ${baseline}: ${reasons.join("; ")}`,
    ...(lookupScenario(first.scenario) === undefined ? [] : [again]),
  ])
}

export const compareWithBaseline = ({ runs }: Baseline, results: Result[]): Compared | undefined => {
  const records = results
    .filter(({ body }) => Object.keys(body.metrics).length > 0)
    .map(({ body, points }) => recordOf({ run: { ...body }, series: points }, body.run_id))
  return records.length === 0 ? undefined : compareSides(runs, records)
}
