import type { RunId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import { isFinal, type Run } from "../../../lab/model/run.ts"
import { parseRunSettings } from "../../../lab/scenarios/run-settings.ts"
import { Fault, faults, isFault } from "../../../fault.ts"
import { LabPage, PageTitle } from "../../../../views/lab/lab-page.tsx"
import { Estimate } from "../../../../views/lab/estimate.tsx"
import { Figures } from "../../../../views/lab/figures.tsx"
import { History } from "../../../../views/lab/history.tsx"
import { Queue, type QueueProps } from "../../../../views/lab/queue.tsx"
import { Replay } from "../../../../views/lab/replay.tsx"
import { Charts } from "../../../../views/lab/run-charts.tsx"
import { Announcement, RunActions, RunLive, type RunPanelProps } from "../../../../views/lab/run-panel.tsx"
import type { RunView } from "../../../../views/lab/run-view.ts"
import { K6Note, StartButton, type SetupProps } from "../../../../views/lab/setup.tsx"
import { sentence } from "../../../../views/shared/words.ts"
import { addresses } from "../../core/assets.ts"
import { errorsOf, estimateFrom, estimateView, requestFrom, unreadWarnings } from "./run-form.ts"
import { saidOf, type Query } from "./history-pages.ts"
import type { LabSide, FormState, RunsAhead } from "./side.ts"
import { fieldViews, presetViews, runView, scenarioView, typedOf, type Typed } from "./run-views.ts"
import { requireDemo } from "../../core/credentials.ts"
import { readForm } from "../../core/form.ts"
import { fragment, page, seeOther } from "../../core/page.ts"
import type { Parts } from "../../core/parts.ts"

const runsListed = 10
const baselinesSought = 100

type Form = {
  typed: Typed
  scenario?: string
  preset?: string
  asked?: boolean
  errors: Partial<Record<string, string>>
  notice?: string
}
const emptyForm: Form = { typed: {}, errors: {} }

/** The front page of the lab and the pages of its runs: the form, the run in view, the latest runs. */
export const openRunPages = (parts: Parts, lab: Lab, side: LabSide) => {
  const { clock, config } = parts
  const keyNeeded = config.demoKey !== undefined
  /** As it is at this moment: a run goes on while a page is made of it. */
  const findRun = async (text: string): Promise<Run> => ({ ...(await lab.find(text.slice(0, 64) as RunId)) })
  /** Somebody may have deleted it while the page was open. */
  const lookupRun = (text: string) =>
    findRun(text).catch((error: unknown) => {
      if (isFault(error, "run_not_found")) return undefined
      throw error
    })
  const presets = presetViews(lab)

  const viewOf = (run: Run, ahead: RunsAhead): RunView => {
    const place = ahead.waiting.findIndex((each) => each.runId === run.runId) + 1
    return {
      ...runView(run),
      ...(place === 0 ? {} : { place }),
    }
  }
  const queueOf = ({ active, waiting }: RunsAhead, shown: string | undefined): QueueProps => ({
    active: active && runView(active),
    waiting: waiting.map((each, index) => ({ ...runView(each), place: index + 1 })),
    shown,
    keyNeeded,
  })

  const setupOf = async (form: Form, ahead: RunsAhead, folded: boolean): Promise<SetupProps> => {
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
      before: beforeOf(ahead),
      folded,
      k6Missing: await side.k6Missing(),
    }
  }

  /** The starred run of the scenario, for a run that has figures to hold against it. */
  const baselineOf = async ({ state, scenario, metrics }: Run): Promise<string | undefined> => {
    if (!isFinal(state) || Object.keys(metrics).length === 0) return undefined
    return (await lab.list(baselinesSought, { scenario })).find((each) => each.starred)?.runId
  }

  const panelOf = async (run: Run, ahead: RunsAhead, form: FormState, second?: number): Promise<RunPanelProps> => ({
    run: viewOf(run, ahead),
    now: clock(),
    keyNeeded,
    poll: `/lab/runs/${run.runId}/live?${new URLSearchParams({ seen: run.state, queue: ahead.mark, form })}`,
    second,
    baseline: await baselineOf(run),
  })

  const historyOf = async (shown: Run | undefined) => ({
    runs: (await lab.list(runsListed)).map(runView),
    shown: shown?.runId as string | undefined,
    keyNeeded,
    from: "front" as const,
  })

  /** `own`: the page is about this run, on its own page or while it is under way. */
  type Whole = { status?: number; own?: boolean; second?: number; said?: string }
  const whole = async (shown: Run | undefined, form: Form, { status = 200, own, second, said }: Whole = {}) => {
    const ahead = await side.ahead()
    const isAsked = form.asked ?? form.notice !== undefined
    const isOver = shown !== undefined && isFinal(shown.state)
    const folded = !isAsked && shown !== undefined && (own === true || !isOver)
    const formState = folded ? "folded" : "open"
    const [history, figures, setup, run] = await Promise.all([
      historyOf(shown),
      side.figures(shown, formState, ahead.mark),
      setupOf(form, ahead, folded),
      shown && panelOf(shown, ahead, formState, second),
    ])
    return page(
      LabPage({
        assets: addresses,
        run,
        runs: history.runs,
        setup,
        figures,
        queue: queueOf(ahead, shown?.runId),
        brief: isOver && own !== true,
        said,
      }),
      { status },
    )
  }

  const newest = async (): Promise<Run | undefined> => {
    const [latest] = await lab.list(1)
    return latest && lab.find(latest.runId)
  }
  const shownFirst = async (): Promise<Run | undefined> => {
    const first = lab.active() ?? (await newest())
    return first && { ...first }
  }

  /** What changes with the queue alone. */
  const queueParts = async (ahead: RunsAhead, shown: Run | undefined, form: FormState) => [
    Queue({ ...queueOf(ahead, shown?.runId), swapped: true }),
    History({ ...(await historyOf(shown)), swapped: true }),
    ...(form === "open" ? [StartButton({ before: beforeOf(ahead), swapped: true })] : []),
  ]

  return {
    /** The run under way, else the latest one; the form as a preset has it, or as it was used before, when it is asked for. */
    front: async (query: Query) => {
      const { again, preset, new: isNew, said } = query
      const shown = await shownFirst()
      const more = { said: saidOf(said) }
      if (preset !== undefined) {
        const settings = parseRunSettings({ preset }, lab.limits, 0)
        const { seed: _, ...typed } = typedOf(settings)
        const { scenario } = settings
        return whole(shown, { typed, scenario, preset, errors: {}, asked: true }, more)
      }
      if (again !== undefined) {
        const run = await findRun(again)
        const typed = typedOf(run.settings)
        return whole(shown, { typed, scenario: run.scenario, preset: run.preset, errors: {}, asked: true }, more)
      }
      return whole(shown, isNew === undefined ? emptyForm : { ...emptyForm, asked: true }, more)
    },

    /** `second`: the second of the run that is looked at. */
    show: async (runId: string, query: Query) =>
      whole(await findRun(runId), emptyForm, { own: true, second: secondIn(query["second"]) }),

    replay: async (runId: string, query: Query) => {
      const run = viewOf(await findRun(runId), await side.ahead())
      const second = secondIn(query["second"]) ?? 0
      const panel = Replay({ run, second, playing: true })
      if (panel === null) throw new Fault("not_found", "Nothing was measured of this run")
      return fragment(panel, Charts({ run, mark: second, swapped: true }))
    },

    /** What changes every second; what changes with the state or the queue only when it is another than the page has seen. */
    live: async (runId: string, { seen, queue, form: asked }: Query) => {
      const run = await findRun(runId)
      const ahead = await side.ahead()
      const isOver = isFinal(run.state)
      const form = formIn(asked)
      const panel = await panelOf(run, ahead, form)
      const parts = [
        PageTitle({ run: panel.run }),
        RunLive(panel),
        Figures({ ...(await side.figures(run, form, ahead.mark)), swapped: true }),
      ]
      if (run.state !== seen) parts.push(Announcement({ run: panel.run }))
      if (run.state !== seen && isOver) parts.push(RunActions({ ...panel, swapped: true }))
      if (ahead.mark !== queue || (run.state !== seen && isOver)) parts.push(...(await queueParts(ahead, run, form)))
      return fragment(...parts)
    },

    /** On the front page with what else has changed; on the others the figures alone. */
    figures: async ({ run, queue, form: asked }: Query) => {
      const shown = run === undefined ? undefined : await lookupRun(run)
      if (asked === undefined) return fragment(Figures(await side.figures(shown, "none")))
      const form = formIn(asked)
      const ahead = await side.ahead()
      return fragment(
        Figures(await side.figures(shown, form, ahead.mark)),
        ...(form === "open" ? [K6Note({ missing: await side.k6Missing(), swapped: true })] : []),
        ...(ahead.mark === queue ? [] : await queueParts(ahead, shown, form)),
      )
    },

    estimate: (query: Query) => fragment(Estimate({ estimate: estimateView(estimateFrom(lab, query)) })),

    /** Starts the run or queues it. Nothing is started over a wrong field or over a warning that the sender has not seen. */
    start: async (request: Request) => {
      const fields = await readForm(request)
      const { scenario, demo_key: key, preset, accepted: _, ...typed } = fields
      const form: Form = { typed, scenario, preset, errors: errorsOf(lab, fields) }
      const refuse = async (notice: string, status: number) =>
        whole(await shownFirst(), { ...form, notice }, { status })
      try {
        requireDemo(config, key ?? request.headers.get("x-demo-key"))
      } catch (error) {
        if (!isFault(error, "forbidden")) throw error
        form.errors["demo_key"] = "This is not the demo key of this server."
      }
      if (Object.keys(form.errors).length > 0) return refuse("The run was not started: see below.", 400)
      if (unreadWarnings(estimateFrom(lab, fields), fields).length > 0)
        return refuse(
          "The run was not started yet: read below what stands against it. Start it once more to do it all the same.",
          422,
        )
      try {
        const run = await lab.start(requestFrom(fields))
        return seeOther(`/lab/runs/${run.runId}`)
      } catch (error) {
        if (!isFault(error)) throw error
        return refuse(sentenceOf(error), error.status)
      }
    },
  }
}

const beforeOf = ({ active, waiting }: RunsAhead) => waiting.length + (active === undefined ? 0 : 1)
const formIn = (text: string | undefined): FormState => (text === "folded" ? "folded" : "open")
const secondIn = (text: string | undefined) => (/^\d{1,6}$/.test(text ?? "") ? Number(text) : undefined)
const sentenceOf = (fault: Fault) => sentence(`${faults[fault.code].title}: ${fault.message}`)
