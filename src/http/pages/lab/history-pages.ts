import { addressOf, HistoryPage } from "../../../../views/lab/history-page.tsx"
import { Fault } from "../../../fault.ts"
import { isId, trustedId, type RunId } from "../../../ids.ts"
import type { Verdict } from "../../../lab/model/verdict.ts"
import type { RunFilter } from "../../../lab/runs/runs.ts"
import { presets } from "../../../lab/scenarios/presets.ts"
import { addresses } from "../../core/assets.ts"
import { page } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { labPage, type LabParts } from "./parts.ts"
import { runView } from "./run-views.ts"
import { saidOf } from "./said.ts"

export const historyPages = (parts: LabParts): PageRoute[] => [labPage(parts, "GET /lab/history", history)]

const history = async ({ lab, side, keyNeeded }: LabParts, { query }: PageAsked) => {
  const filter = parseFilter(query)
  const [found, figures] = await Promise.all([lab.list(runsListed + 1, filter), side.figures(undefined, "none")])
  const runs = found.slice(0, runsListed)
  const last = found.length > runsListed ? runs.at(-1) : undefined
  return page(
    HistoryPage({
      assets: addresses,
      figures,
      runs: runs.map(runView),
      filter,
      scenarios: lab.catalog.map((each) => each.name),
      presets: presets.map((each) => each.name),
      next: last && addressOf({ ...filter, before: last.runId }),
      keyNeeded,
      said: saidOf(query["said"]),
    }),
  )
}

const runsListed = 25

const verdicts: readonly Verdict[] = ["PASS", "FAIL", "INCONCLUSIVE"]

const parseFilter = (query: PageAsked["query"]): RunFilter => {
  const given = (name: string) => (query[name] === "" ? undefined : query[name]?.slice(0, 64))
  const before = given("before")
  const asked = given("verdict")
  const verdict = verdicts.find((each) => each === asked)
  if (asked !== undefined && verdict === undefined)
    throw new Fault("invalid_input", `verdict: choose one of ${verdicts.join(", ")}`)
  if (before !== undefined && !isId(before)) throw new Fault("invalid_input", "before: write the id of a run")
  return {
    scenario: given("scenario"),
    verdict,
    preset: given("preset"),
    before: before === undefined ? undefined : trustedId<RunId>(before),
  }
}
