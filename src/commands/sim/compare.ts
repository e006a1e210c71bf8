import { exitCodes, Refusal, type ExitCode } from "../../exit.ts"
import { compareRuns, incomparable, type Comparison } from "../../lab/compare/compare.ts"
import { comparisonBody, comparisonText } from "../../lab/compare/text.ts"
import type { RunRecord } from "../../lab/report/record.ts"
import type { Output } from "./output.ts"
import { readRuns } from "./stored.ts"
import type { Targeting } from "./target/target.ts"

export const simCompare = async (
  sides: [string, string],
  { target, json }: { target?: string; json?: boolean },
  { targeting, out }: { targeting: Targeting } & Pick<Output, "out">,
): Promise<ExitCode> => {
  const place = { targeting, target }
  // A star is looked up for the scenario of the other side, so that side comes first.
  const [first, second] = sides[0] === "starred" ? [1, 0] : [0, 1]
  const one = await readRuns(sides[first]!, place)
  const other = await readRuns(sides[second]!, { ...place, scenario: one[0]!.scenario })
  const { body, text, code } = first === 0 ? compareSides(one, other) : compareSides(other, one)
  out(json ? JSON.stringify(body) : text)
  return code
}

export type Compared = { text: string; body: ReturnType<typeof comparisonBody>; code: ExitCode }

export const compareSides = (a: RunRecord[], b: RunRecord[]): Compared => {
  const reasons = incomparable(a, b)
  if (reasons.length > 0) throw new Refusal("usage", ["the runs are not comparable", ...reasons])
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
