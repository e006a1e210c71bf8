import { compareRuns, incomparable, type Comparison } from "../../lab/compare/compare.ts"
import { comparisonBody, comparisonText } from "../../lab/compare/text.ts"
import { lookupScenario } from "../../lab/scenarios/catalog.ts"
import { recordOf, type RunRecord } from "../../lab/report/record.ts"
import { repeatLine } from "../../lab/report/repeat.ts"
import { requestOf } from "../../lab/model/settings.ts"
import type { SimDeps, SimOptions } from "./sim.ts"
import { exitCodes, type ExitCode } from "../../exit.ts"
import type { Ended } from "./field.ts"
import { complain, type Complaint } from "./output.ts"
import type { Plan } from "./request.ts"
import { readRuns } from "./stored.ts"

type CompareOptions = { target?: string; json?: boolean }
type CompareDeps = Pick<SimDeps, "targeting" | "out" | "progress">

/** `traffic sim compare A B`: 0 no difference or better, 1 worse, 2 cannot tell, 64 not comparable. */
export const simCompare = async (
  sides: [string, string],
  options: CompareOptions,
  deps: CompareDeps,
): Promise<ExitCode> => {
  const place = { targeting: deps.targeting, target: options.target }
  // A star is looked up for the scenario of the other side, so that side comes first.
  const [first, second] = sides[0] === "starred" ? [1, 0] : [0, 1]
  const one = await readRuns(sides[first]!, place)
  if ("complaint" in one) return complain(deps, one.complaint, one.code)
  const other = await readRuns(sides[second]!, { ...place, scenario: one[0]!.scenario })
  if ("complaint" in other) return complain(deps, other.complaint, other.code)
  const compared = compare(first === 0 ? one : other, first === 0 ? other : one)
  if ("complaint" in compared) return complain(deps, compared.complaint, compared.code)
  deps.out(options.json ? JSON.stringify(compared.body) : compared.text)
  return compared.code
}

export type Baseline = {
  runs: RunRecord[]
  /** The same arrivals make for less noise. */
  seed?: number
  /** A sentence when a run of this plan could not be held against the baseline. */
  unlike: (plan: Plan) => string | undefined
}

/** The runs of --baseline, before anything starts; undefined without the flag. */
export const readBaseline = async (
  scenario: string,
  { baseline, target }: SimOptions,
  { targeting }: SimDeps,
): Promise<Baseline | Complaint | undefined> => {
  if (baseline === undefined) return undefined
  const runs = await readRuns(baseline, { targeting, target, scenario })
  if ("complaint" in runs) return { ...runs, complaint: `--baseline ${runs.complaint}` }
  const first = runs[0]!
  const seed = first.settings["seed"]
  return {
    runs,
    ...(typeof seed === "number" ? { seed } : {}),
    unlike: (plan) => {
      const planned = {
        ...first,
        name: "this run",
        runId: "",
        scenario: plan.settings.scenario,
        settings: requestOf(plan.settings),
      }
      const reasons = incomparable(runs, [planned])
      if (reasons.length === 0) return undefined
      const again =
        lookupScenario(first.scenario) === undefined
          ? ""
          : `\nrun the baseline's settings: ${repeatLine(first)} --baseline ${baseline}`
      return `--baseline ${baseline}: ${reasons.join("; ")}${again}`
    },
  }
}

/** Holds runs that have just ended against the baseline; undefined when none of them has figures. */
export const compareWithBaseline = (baseline: RunRecord[], ended: Ended[]): Compared | Complaint | undefined => {
  const runs = ended
    .filter(({ body }) => Object.keys(body.metrics).length > 0)
    .map(({ body, points }) => recordOf({ run: { ...body }, series: points }, body.run_id))
  return runs.length === 0 ? undefined : compare(baseline, runs)
}

type Compared = { text: string; body: ReturnType<typeof comparisonBody>; code: ExitCode }

const compare = (a: RunRecord[], b: RunRecord[]): Compared | Complaint => {
  const reasons = incomparable(a, b)
  if (reasons.length > 0)
    return { complaint: ["the runs are not comparable", ...reasons].join("\n"), code: exitCodes.usage }
  const comparison = compareRuns(a, b)
  return {
    text: comparisonText(comparison, a, b),
    body: comparisonBody(comparison, a, b),
    code: codes[comparison.outcome],
  }
}

const codes: Record<Comparison["outcome"], ExitCode> = {
  worse: exitCodes.fail,
  cannot_tell: exitCodes.inconclusive,
  better: exitCodes.pass,
  no_difference: exitCodes.pass,
}
