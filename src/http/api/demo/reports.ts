import { t } from "elysia"
import type { RunId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import { checksCsv, seriesCsv } from "../../../lab/report/csv.ts"
import { secondBody, type SecondBody } from "../../../lab/report/second-body.ts"
import { reportJson } from "../../../lab/report/report.ts"
import { runBody, type RunBody } from "../../../lab/report/wire.ts"
import { lookupLab } from "../../core/lab.ts"
import type { Parts } from "../../core/parts.ts"
import { apiRoute, media, pageRoute, type Route } from "../../core/route.ts"
import { reportHtml, reportPolicy } from "../../pages/lab/report-html.ts"
import { Id } from "../../core/schemas.ts"

type Format = {
  file: string
  summary: string
  type: string
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

/**
 * Reports of runs. Under /v1/demo they ask for the demo key as its other routes do;
 * beside the pages of the lab, which show the same to everybody, they do not.
 */
export const reportRoutes = (parts: Pick<Parts, "lab" | "config">, lab: Lab): Route[] => [
  ...formats.map((format) => demoReport(format, lab)),
  ...(lookupLab(parts) === undefined ? [] : formats.map((format) => labReport(format, lab))),
]

const demoReport = (format: Format, lab: Lab) =>
  apiRoute({
    method: "GET",
    path: `/v1/demo/loadtest/:run_id/${format.file}`,
    who: "demo",
    limit: "none",
    summary: format.summary,
    tag: "demo",
    params: RunParams,
    query: Download,
    body: "none",
    answers: { 200: media(format.type, { type: format.type === "application/json" ? "object" : "string" }) },
    refuses: [404, 503],
    handler: ({ params, query }) => report(format, lab, params.run_id, query.download),
  })

const labReport = (format: Format, lab: Lab) =>
  pageRoute({
    method: "GET",
    path: `/lab/runs/:run_id/${format.file}`,
    who: "anybody",
    limit: "none",
    params: RunParams,
    query: Download,
    body: "none",
    handler: ({ params, query }) => report(format, lab, params["run_id"]!, query["download"]),
  })

const RunParams = t.Object({ run_id: Id })
const Download = t.Object({
  download: t.Optional(
    t.Union([t.Literal("true"), t.Literal("false")], { description: "true: to be saved as a file" }),
  ),
})

const report = async (format: Format, lab: Lab, runId: string, download: string | undefined) => {
  const run = await lab.find(runId as RunId)
  return answerOf(format, runBody(run), run.live.map(secondBody), download === "true")
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
