import { Fault } from "../../../fault.ts"
import { isId, trustedId, type RunId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import { presets } from "../../../lab/scenarios/presets.ts"
import type { Run } from "../../../lab/model/run.ts"
import { defaultSettings } from "../../../lab/model/settings.ts"
import type { RunFilter } from "../../../lab/runs/runs.ts"
import type { Verdict } from "../../../lab/model/verdict.ts"
import { ComparePage } from "../../../../views/lab/compare-page.tsx"
import { ConfirmPage } from "../../../../views/lab/confirm-page.tsx"
import { addressOf, HistoryPage } from "../../../../views/lab/history-page.tsx"
import { moment, title } from "../../../../views/shared/words.ts"
import { addresses } from "../../core/assets.ts"
import { comparedOf } from "./compare.ts"
import type { LabSide } from "./side.ts"
import { runView } from "./run-views.ts"
import { requireDemo } from "../../core/credentials.ts"
import { readForm } from "../../core/form.ts"
import { page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"

const runsListed = 25
/** Of a demo sale that nobody has set up. */
const admitPerMinute = 600

export type Query = Record<string, string | undefined>

/** What was done just now, by its name in an address. */
export const saidOf = (name: string | undefined): string | undefined =>
  ({ reset: "A fresh sale is open. Earlier sales go on as they are.", deleted: "The run is deleted." })[name ?? ""]

/** All runs: found again, compared, starred, stopped, deleted; and the demo sale that is made anew. */
export const openHistoryPages = (parts: Parts, lab: Lab, side: LabSide) => {
  const { config, demo } = parts
  const keyNeeded = config.demoKey !== undefined
  const findRun = (text: string) => lab.find(text.slice(0, 64) as RunId)

  /** The fields of a form that may change something. */
  const allowedForm = async (request: Request) => {
    const fields = await readForm(request)
    requireDemo(config, fields["demo_key"] ?? request.headers.get("x-demo-key"))
    return fields
  }

  return {
    history: async (query: Query) => {
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
    },

    /** `a` and `b`, or two `run-ID` of a form, of which the older one is A. */
    compare: async (request: Request) => {
      const asked = new URL(request.url).searchParams
      const [a, b] = [asked.get("a"), asked.get("b")]
      if (a === null || b === null) {
        const chosen = [...asked.keys()].flatMap((each) => /^run-(\w+)$/.exec(each)?.[1] ?? []).toSorted()
        if (chosen.length !== 2) throw new Fault("invalid_input", "Choose two runs to compare, no more and no fewer")
        return seeOther(`/lab/compare?${new URLSearchParams({ a: chosen[0]!, b: chosen[1]! })}`)
      }
      const [before, after] = await Promise.all([findRun(a), findRun(b)])
      return page(
        ComparePage({
          assets: addresses,
          figures: await side.figures(undefined, "none"),
          a: runView(before),
          b: runView(after),
          ...comparedOf(before, after),
        }),
      )
    },

    /** The question before a run is stopped, starred or deleted; with a demo key, the way to do it. */
    ask: async (action: RunAction, runId: string) => {
      const run = await findRun(runId)
      const { heading, text, label, danger } = questions[action](run)
      return page(
        ConfirmPage({
          assets: addresses,
          heading,
          text: `${title(run.scenario)}, ${moment(run.createdAt)} UTC. ${text}`,
          action: `/lab/runs/${run.runId}/${action}`,
          label,
          danger,
          back: `/lab/runs/${run.runId}`,
          keyNeeded,
          fields: action === "star" ? { starred: run.starred ? "false" : "true" } : {},
        }),
      )
    },

    stop: async (runId: string, request: Request) => {
      const { from } = await allowedForm(request)
      const run = await lab.stop((await findRun(runId)).runId)
      return seeOther(placeOf(from, run))
    },

    star: async (runId: string, request: Request) => {
      const { from, starred } = await allowedForm(request)
      const run = await lab.star((await findRun(runId)).runId, starred !== "false")
      return seeOther(placeOf(from, run))
    },

    forget: async (runId: string, request: Request) => {
      await allowedForm(request)
      await lab.forget((await findRun(runId)).runId)
      return seeOther("/lab/history?said=deleted")
    },

    askReset: () =>
      page(
        ConfirmPage({
          assets: addresses,
          heading: "Open a fresh demo sale?",
          text: "Earlier sales go on as they are.",
          action: "/lab/reset",
          label: "Reset sale",
          danger: false,
          back: "/lab",
          keyNeeded,
        }),
      ),

    reset: async (request: Request) => {
      await allowedForm(request)
      await demo.prepare({
        admitPerMinute,
        waitingRoomCap: defaultSettings.waiting_room_cap,
        totalSeats: defaultSettings.total_seats,
      })
      side.forgetSale()
      return seeOther("/lab?said=reset")
    },
  }
}

export type RunAction = "stop" | "star" | "delete"
type Question = { heading: string; text: string; label: string; danger: boolean }

const questions: Record<RunAction, (run: Run) => Question> = {
  stop: () => ({
    heading: "Stop this run?",
    text: "It ends without a verdict.",
    label: "Stop the run",
    danger: true,
  }),
  star: ({ starred }) =>
    starred
      ? {
          heading: "No longer the baseline?",
          text: "It stays in the list.",
          label: "Take the star away",
          danger: false,
        }
      : {
          heading: "Make it the baseline?",
          text: "It takes the star of an earlier run of its scenario.",
          label: "Make it the baseline",
          danger: false,
        },
  delete: () => ({
    heading: "Delete this run?",
    text: "Its figures, its seconds and what k6 recorded are gone for good.",
    label: "Delete for good",
    danger: true,
  }),
}

/** Where a form came from; anything else leads to the run. */
const placeOf = (from: string | undefined, { runId }: Run) =>
  ({ front: "/lab", history: `/lab/history#run-${runId}` })[from ?? ""] ?? `/lab/runs/${runId}`

const verdicts: readonly Verdict[] = ["PASS", "FAIL", "INCONCLUSIVE"]

/** Empty fields filter nothing. @throws Fault invalid_input */
const parseFilter = (query: Query): RunFilter => {
  const given = (name: string) => (query[name] === "" ? undefined : query[name]?.slice(0, 64))
  const [scenario, preset, before] = ["scenario", "preset", "before"].map(given)
  const asked = given("verdict")
  const verdict = verdicts.find((each) => each === asked)
  if (asked !== undefined && verdict === undefined)
    throw new Fault("invalid_input", `verdict: choose one of ${verdicts.join(", ")}`)
  if (before !== undefined && !isId(before)) throw new Fault("invalid_input", "before: write the id of a run")
  return {
    ...(scenario === undefined ? {} : { scenario }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(preset === undefined ? {} : { preset }),
    ...(before === undefined ? {} : { before: trustedId<RunId>(before) }),
  }
}
