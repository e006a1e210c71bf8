import { History } from "../../../../views/lab/history.tsx"
import { LabPage } from "../../../../views/lab/lab-page.tsx"
import { Queue, type QueueProps } from "../../../../views/lab/queue.tsx"
import type { RunPanelProps } from "../../../../views/lab/run-panel.tsx"
import type { RunView } from "../../../../views/lab/run-view.ts"
import { StartButton, type SetupProps } from "../../../../views/lab/setup.tsx"
import { isFinal, type Run } from "../../../lab/model/run.ts"
import { addresses } from "../../core/assets.ts"
import { page } from "../../core/page.ts"
import { fieldViews, scenarioView, type Typed } from "./form-views.ts"
import type { LabParts } from "./parts.ts"
import { estimateFrom, estimateView } from "./run-form.ts"
import { runView } from "./run-views.ts"
import type { FormState, RunsAhead } from "./side.ts"

export type Form = {
  typed: Typed
  scenario?: string
  preset?: string
  asked?: boolean
  errors: Partial<Record<string, string>>
  notice?: string
}
export const emptyForm: Form = { typed: {}, errors: {} }
export const formIn = (text: string | undefined): FormState => (text === "folded" ? "folded" : "open")

/** `own`: the page is about this run, on its own page or while it is under way. */
type Around = { status?: number; own?: boolean; second?: number; said?: string }

export const showLab = async (
  parts: LabParts,
  shown: Run | undefined,
  form: Form,
  { status = 200, own = false, second, said }: Around = {},
): Promise<Response> => {
  const { side } = parts
  const ahead = await side.ahead()
  const isAsked = form.asked ?? form.notice !== undefined
  const isOver = shown !== undefined && isFinal(shown.state)
  const folded = !isAsked && shown !== undefined && (own || !isOver)
  const state = folded ? "folded" : "open"
  const [history, figures, setup, run] = await Promise.all([
    historyOf(parts, shown),
    side.figures(shown, state, ahead.mark),
    setupOf(parts, form, ahead, folded),
    shown && panelOf(parts, shown, ahead, state, second),
  ])
  return page(
    LabPage({
      assets: addresses,
      run,
      runs: history.runs,
      setup,
      figures,
      queue: queueOf(parts, ahead, shown),
      brief: isOver && !own,
      said,
    }),
    { status },
  )
}

const setupOf = async (parts: LabParts, form: Form, ahead: RunsAhead, folded: boolean): Promise<SetupProps> => {
  const { lab, side, keyNeeded, presets } = parts
  const { typed, errors, notice, preset, asked = notice !== undefined } = form
  const chosen = form.scenario ?? lab.catalog[0]?.name ?? ""
  const fields = fieldViews(lab, typed, errors)
  const values = Object.fromEntries(fields.map((each) => [each.name, each.value]))
  return {
    scenarios: lab.catalog.map(scenarioView),
    chosen,
    fields,
    notice,
    asked,
    scenarioError: errors["scenario"],
    keyNeeded,
    keyError: errors["demo_key"],
    presets,
    preset,
    estimate: estimateView(estimateFrom(lab, { ...values, scenario: chosen, preset })),
    before: runsBefore(ahead),
    folded,
    k6Missing: await side.k6Missing(),
  }
}

export const panelOf = async (
  parts: LabParts,
  run: Run,
  ahead: RunsAhead,
  form: FormState,
  second?: number,
): Promise<RunPanelProps> => ({
  run: viewInQueue(run, ahead),
  now: parts.clock(),
  keyNeeded: parts.keyNeeded,
  poll: `/lab/runs/${run.runId}/live?${new URLSearchParams({ seen: run.state, queue: ahead.mark, form })}`,
  second,
  baseline: await baselineOf(parts, run),
})

export const viewInQueue = (run: Run, { waiting }: RunsAhead): RunView => {
  const place = waiting.findIndex((each) => each.runId === run.runId) + 1
  return { ...runView(run), place: place === 0 ? undefined : place }
}

const baselineOf = async ({ lab }: LabParts, { state, scenario, metrics }: Run): Promise<string | undefined> => {
  if (!isFinal(state) || Object.keys(metrics).length === 0) return undefined
  return (await lab.list(baselinesSought, { scenario })).find((each) => each.starred)?.runId
}

const baselinesSought = 100

export const queueParts = async (parts: LabParts, ahead: RunsAhead, shown: Run | undefined, form: FormState) => [
  Queue({ ...queueOf(parts, ahead, shown), swapped: true }),
  History({ ...(await historyOf(parts, shown)), swapped: true }),
  ...(form === "open" ? [StartButton({ before: runsBefore(ahead), swapped: true })] : []),
]

const queueOf = ({ keyNeeded }: LabParts, { active, waiting }: RunsAhead, shown: Run | undefined): QueueProps => ({
  active: active && runView(active),
  waiting: waiting.map((each, index) => ({ ...runView(each), place: index + 1 })),
  shown: shown?.runId,
  keyNeeded,
})

const historyOf = async ({ lab, keyNeeded }: LabParts, shown: Run | undefined) => ({
  runs: (await lab.list(runsListed)).map(runView),
  shown: shown?.runId as string | undefined,
  keyNeeded,
  from: "front" as const,
})

const runsListed = 10

const runsBefore = ({ active, waiting }: RunsAhead) => waiting.length + (active === undefined ? 0 : 1)
