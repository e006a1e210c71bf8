import { Figures } from "../../../../views/lab/figures.tsx"
import { PageTitle } from "../../../../views/lab/lab-page.tsx"
import { Replay } from "../../../../views/lab/replay.tsx"
import { Charts } from "../../../../views/lab/run-charts.tsx"
import { Announcement, RunActions, RunLive } from "../../../../views/lab/run-panel.tsx"
import { Fault } from "../../../fault.ts"
import { isFinal } from "../../../lab/model/run.ts"
import { fragment } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { emptyForm, formIn, panelOf, queueParts, showLab, viewInQueue } from "./lab-page.ts"
import { labPage, labPart, runOf, type LabParts } from "./parts.ts"

export const runPages = (parts: LabParts): PageRoute[] => [
  labPage(parts, "GET /lab/runs/:run_id", show),
  labPart(parts, "GET /lab/runs/:run_id/live", live),
  labPart(parts, "GET /lab/runs/:run_id/replay", replay),
]

const show = async (parts: LabParts, asked: PageAsked) =>
  showLab(parts, await runOf(parts, asked), emptyForm, { own: true, second: secondIn(asked) })

/** What changes every second; what changes with the state or the queue only when it is another than the page has seen. */
const live = async (parts: LabParts, asked: PageAsked) => {
  const { seen, queue, form: state } = asked.query
  const run = await runOf(parts, asked)
  const ahead = await parts.side.ahead()
  const form = formIn(state)
  const panel = await panelOf(parts, run, ahead, form)
  const hasChanged = run.state !== seen
  const hasEnded = hasChanged && isFinal(run.state)
  return fragment(
    PageTitle({ run: panel.run }),
    RunLive(panel),
    Figures({ ...(await parts.side.figures(run, form, ahead.mark)), swapped: true }),
    ...(hasChanged ? [Announcement({ run: panel.run })] : []),
    ...(hasEnded ? [RunActions({ ...panel, swapped: true })] : []),
    ...(ahead.mark !== queue || hasEnded ? await queueParts(parts, ahead, run, form) : []),
  )
}

const replay = async (parts: LabParts, asked: PageAsked) => {
  const run = viewInQueue(await runOf(parts, asked), await parts.side.ahead())
  const second = secondIn(asked) ?? 0
  const panel = Replay({ run, second, playing: true })
  if (panel === null) throw new Fault("not_found", "Nothing was measured of this run")
  return fragment(panel, Charts({ run, mark: second, swapped: true }))
}

const secondIn = ({ query }: PageAsked) =>
  /^\d{1,6}$/.test(query["second"] ?? "") ? Number(query["second"]) : undefined
