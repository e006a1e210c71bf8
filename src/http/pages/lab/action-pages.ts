import { ConfirmPage } from "../../../../views/lab/confirm-page.tsx"
import { moment, title } from "../../../../views/shared/words.ts"
import type { Run } from "../../../lab/model/run.ts"
import { addresses } from "../../core/assets.ts"
import { page, seeOther } from "../../core/page.ts"
import type { PageAsked, PageRoute } from "../../core/route.ts"
import { allowedForm, labPage, runOf, type LabParts } from "./parts.ts"

/** What can be done to a run: each is asked first where there is no script, or where a demo key is needed. */
export const actionPages = (parts: LabParts): PageRoute[] => [
  labPage(parts, "GET /lab/runs/:run_id/stop", (_, asked) => ask(parts, asked, "stop")),
  labPage(parts, "POST /lab/runs/:run_id/stop", stop),
  labPage(parts, "GET /lab/runs/:run_id/star", (_, asked) => ask(parts, asked, "star")),
  labPage(parts, "POST /lab/runs/:run_id/star", star),
  labPage(parts, "GET /lab/runs/:run_id/delete", (_, asked) => ask(parts, asked, "delete")),
  labPage(parts, "POST /lab/runs/:run_id/delete", forget),
]

type RunAction = "stop" | "star" | "delete"

const ask = async (parts: LabParts, asked: PageAsked, action: RunAction) => {
  const run = await runOf(parts, asked)
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
      keyNeeded: parts.keyNeeded,
      fields: action === "star" ? { starred: run.starred ? "false" : "true" } : {},
    }),
  )
}

const stop = async (parts: LabParts, asked: PageAsked) => {
  const { from } = await allowedForm(parts, asked.request)
  return seeOther(backTo(from, await parts.lab.stop((await runOf(parts, asked)).runId)))
}

const star = async (parts: LabParts, asked: PageAsked) => {
  const { from, starred } = await allowedForm(parts, asked.request)
  return seeOther(backTo(from, await parts.lab.star((await runOf(parts, asked)).runId, starred !== "false")))
}

const forget = async (parts: LabParts, asked: PageAsked) => {
  await allowedForm(parts, asked.request)
  await parts.lab.forget((await runOf(parts, asked)).runId)
  return seeOther("/lab/history?said=deleted")
}

const backTo = (from: string | undefined, { runId }: Run) =>
  ({ front: "/lab", history: `/lab/history#run-${runId}` })[from ?? ""] ?? `/lab/runs/${runId}`

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
