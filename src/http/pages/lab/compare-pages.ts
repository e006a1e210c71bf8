import { ComparePage } from "../../../../views/lab/compare-page.tsx"
import { Fault } from "../../../fault.ts"
import { addresses } from "../../core/assets.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { comparedOf } from "./compare.ts"
import { findRun, labPage, type LabParts } from "./parts.ts"
import { runView } from "./run-views.ts"

export const comparePages = (parts: LabParts): PageRoute[] => [labPage(parts, "GET /lab/compare", compare)]

/** `a` and `b`, or two `run-ID` of a form, of which the older one is A. */
const compare = async (parts: LabParts, { query }: PageAsked) => {
  const { a, b } = query
  if (a === undefined || b === undefined) {
    const chosen = Object.keys(query)
      .flatMap((each) => /^run-(\w+)$/.exec(each)?.[1] ?? [])
      .toSorted()
    if (chosen.length !== 2) throw new Fault("invalid_input", "Choose two runs to compare, no more and no fewer")
    return seeOther(`/lab/compare?${new URLSearchParams({ a: chosen[0]!, b: chosen[1]! })}`)
  }
  const [before, after] = await Promise.all([findRun(parts, a), findRun(parts, b)])
  return page(
    ComparePage({
      assets: addresses,
      figures: await parts.side.figures(undefined, "none"),
      a: runView(before),
      b: runView(after),
      ...comparedOf(before, after),
    }),
  )
}
