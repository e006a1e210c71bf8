import { Elysia, t } from "elysia"
import type { RunId } from "../../../ids.ts"
import { checksCsv, seriesCsv } from "../../../lab/report/csv.ts"
import type { SecondBody } from "../../../lab/report/second-body.ts"
import { reportJson } from "../../../lab/report/report.ts"
import { runBody, type RunBody } from "../../../lab/report/wire.ts"
import { secondBody } from "../../../lab/report/second-body.ts"
import type { Caller } from "../../core/caller.ts"
import type { Parts } from "../../core/parts.ts"
import { reportHtml, reportPolicy } from "../../pages/lab/report-html.ts"
import { Id } from "../../core/schemas.ts"

type Format = {
  file: string
  summary: string
  type: string
  /** What the file is called on the reader's disk, behind the name of the run. */
  ending: string
  policy: string
  text: (run: RunBody, points: SecondBody[]) => string
}

const nothing = "default-src 'none'; frame-ancestors 'none'"
const formats: Format[] = [
  {
    file: "report.html",
    summary: "The report of a run: one page that needs no network and no script",
    type: "text/html",
    ending: ".html",
    policy: `${reportPolicy}; frame-ancestors 'none'`,
    text: reportHtml,
  },
  {
    file: "report.json",
    summary: "Everything of a run: its settings, checks, figures, series and limits",
    type: "application/json",
    ending: ".json",
    policy: nothing,
    text: reportJson,
  },
  {
    file: "series.csv",
    summary: "A run second by second, RFC 4180",
    type: "text/csv",
    ending: "-series.csv",
    policy: nothing,
    text: seriesCsv,
  },
  {
    file: "checks.csv",
    summary: "The checks of a run, RFC 4180",
    type: "text/csv",
    ending: "-checks.csv",
    policy: nothing,
    text: checksCsv,
  },
]

const query = t.Object({
  download: t.Optional(
    t.Union([t.Literal("true"), t.Literal("false")], { description: "true: to be saved as a file" }),
  ),
})
const refusals = Object.fromEntries([400, 403, 404, 503].map((status) => [status, { description: "refused" }]))

/**
 * Reports of runs. Under /v1/demo they ask for the demo key as its other routes do;
 * beside the pages of the lab, which show the same to everybody, they do not.
 */
export const reportRoutes = ({ lab, config }: Parts, caller: Caller) => {
  const routes = new Elysia({ name: "reports" })
  if (lab === undefined) return routes
  const answer = async (format: Format, runId: string, download: string | undefined) => {
    const run = await lab.find(runId as RunId)
    return answerOf(format, runBody(run), run.live.map(secondBody), download === "true")
  }
  for (const format of formats) {
    const { file, summary, type } = format
    routes.get(
      `/v1/demo/loadtest/:run_id/${file}`,
      ({ params, query: asked, request }) => {
        caller.demo(request)
        return answer(format, params.run_id, asked.download)
      },
      {
        params: t.Object({ run_id: Id }),
        query,
        detail: {
          summary,
          tags: ["demo"],
          responses: {
            200: {
              description: "done",
              content: { [type]: { schema: { type: type === "application/json" ? "object" : "string" } } },
            },
            ...refusals,
          },
        },
      },
    )
    if (config.mode !== "production")
      routes.get(
        `/lab/runs/:run_id/${file}`,
        ({ params, query: asked }) => answer(format, params.run_id, asked.download),
        { params: t.Object({ run_id: Id }), query, detail: { hide: true } },
      )
  }
  return routes
}

const answerOf = ({ type, ending, policy, text }: Format, run: RunBody, points: SecondBody[], isSaved: boolean) =>
  new Response(text(run, points), {
    headers: {
      "content-type":
        type === "application/json" ? type : `${type}; charset=utf-8${type === "text/csv" ? "; header=present" : ""}`,
      "content-security-policy": policy,
      "content-disposition": isSaved ? `attachment; filename="${fileName(run)}${ending}"` : "inline",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  })

/** Nothing in it can leave the header or the folder. */
const fileName = ({ scenario, run_id }: RunBody) => `traffic-${scenario.replace(/[^\w-]+/g, "_")}-${run_id}`
