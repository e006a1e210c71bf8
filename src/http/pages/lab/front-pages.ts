import { Estimate } from "../../../../views/lab/estimate.tsx"
import { Figures } from "../../../../views/lab/figures.tsx"
import { K6Note } from "../../../../views/lab/setup.tsx"
import { sentence } from "../../../../views/shared/words.ts"
import { faults, isFault, type Fault } from "../../../fault.ts"
import type { Run } from "../../../lab/model/run.ts"
import { parseRunSettings } from "../../../lab/scenarios/run-settings.ts"
import { requireDemo } from "../../core/credentials.ts"
import { readForm } from "../../core/form.ts"
import { fragment, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { typedOf } from "./form-views.ts"
import { emptyForm, formIn, queueParts, showLab, type Form } from "./lab-page.ts"
import { findRun, labPage, labPart, lookupRun, type LabParts } from "./parts.ts"
import { errorsOf, estimateFrom, estimateView, requestFrom, unreadWarnings } from "./run-form.ts"
import { saidOf } from "./said.ts"

export const frontPages = (parts: LabParts): PageRoute[] => [
  labPage(parts, "GET /lab", show),
  labPart(parts, "GET /lab/figures", figures),
  labPart(parts, "GET /lab/estimate", estimate),
  labPage(parts, "GET /lab/runs", () => seeOther("/lab")),
  labPage(parts, "POST /lab/runs", start),
]

const show = async (parts: LabParts, { query }: PageAsked) =>
  showLab(parts, await runInView(parts), await formAsked(parts, query), { said: saidOf(query["said"]) })

const formAsked = async (parts: LabParts, { preset, again, new: isNew }: PageAsked["query"]): Promise<Form> => {
  if (preset !== undefined) {
    const settings = parseRunSettings({ preset }, parts.lab.limits, 0)
    const { seed: _, ...typed } = typedOf(settings)
    return { typed, scenario: settings.scenario, preset, errors: {}, asked: true }
  }
  if (again !== undefined) {
    const run = await findRun(parts, again)
    return { typed: typedOf(run.settings), scenario: run.scenario, preset: run.preset, errors: {}, asked: true }
  }
  return isNew === undefined ? emptyForm : { ...emptyForm, asked: true }
}

const runInView = async ({ lab }: LabParts): Promise<Run | undefined> => {
  const [latest] = lab.active() === undefined ? await lab.list(1) : []
  const run = lab.active() ?? (latest && (await lab.find(latest.runId)))
  return run && { ...run }
}

/** On the front page with what else has changed; on the others the figures alone. */
const figures = async (parts: LabParts, { query: { run, queue, form: asked } }: PageAsked) => {
  const { side } = parts
  const shown = run === undefined ? undefined : await lookupRun(parts, run)
  if (asked === undefined) return fragment(Figures(await side.figures(shown, "none")))
  const form = formIn(asked)
  const ahead = await side.ahead()
  return fragment(
    Figures(await side.figures(shown, form, ahead.mark)),
    ...(form === "open" ? [K6Note({ missing: await side.k6Missing(), swapped: true })] : []),
    ...(ahead.mark === queue ? [] : await queueParts(parts, ahead, shown, form)),
  )
}

const estimate = ({ lab }: LabParts, { query }: PageAsked) =>
  fragment(Estimate({ estimate: estimateView(estimateFrom(lab, query)) }))

/** Starts the run or queues it. Nothing is started over a wrong field or over a warning that the sender has not seen. */
const start = async (parts: LabParts, { request }: PageAsked) => {
  const { lab } = parts
  const fields = await readForm(request)
  const { scenario, demo_key: key, preset, accepted: _, ...typed } = fields
  const errors = { ...errorsOf(lab, fields), ...keyError(parts, key ?? request.headers.get("x-demo-key")) }
  const refuse = async (notice: string, status: number) =>
    showLab(parts, await runInView(parts), { typed, scenario, preset, errors, notice }, { status })
  if (Object.keys(errors).length > 0) return refuse("The run was not started: see below.", 400)
  if (unreadWarnings(estimateFrom(lab, fields), fields).length > 0) return refuse(unread, 422)
  try {
    const run = await lab.start(requestFrom(fields))
    return seeOther(`/lab/runs/${run.runId}`)
  } catch (error) {
    if (!isFault(error)) throw error
    return refuse(sentenceOf(error), error.status)
  }
}

const unread =
  "The run was not started yet: read below what stands against it. Start it once more to do it all the same."

const keyError = ({ config }: LabParts, key: string | null) => {
  try {
    requireDemo(config, key)
    return {}
  } catch (error) {
    if (!isFault(error, "forbidden")) throw error
    return { demo_key: "This is not the demo key of this server." }
  }
}

const sentenceOf = (fault: Fault) => sentence(`${faults[fault.code].title}: ${fault.message}`)
