import { t } from "elysia"
import type { RunId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import { secondBody } from "../../../lab/report/second-body.ts"
import { runBody } from "../../../lab/report/wire.ts"
import { apiRoute } from "../../core/route.ts"
import { Id, input } from "../../core/schemas.ts"
import { LiveView, RunInput, RunView, scenarioBody, ScenarioView, Status, Verdict } from "./run-schemas.ts"

const runsListed = 50

export const runRoutes = (lab: Lab) => [
  apiRoute({
    method: "POST",
    path: "/v1/demo/loadtest",
    who: "demo",
    limit: "none",
    summary: "Set a run going; one at a time, and three more wait for their turn",
    tag: "demo",
    body: RunInput,
    answers: { 202: StartedView },
    refuses: [404, 429, 503],
    handler: async ({ body }) => {
      const { runId, saleId, scenario } = await lab.start(body)
      return { run_id: runId, sale_id: saleId, scenario, status: "queued" as const }
    },
  }),
  apiRoute({
    method: "GET",
    path: "/v1/demo/loadtest/:run_id",
    who: "demo",
    limit: "none",
    summary: "How a run does, or how it ended",
    tag: "demo",
    params: RunParams,
    body: "none",
    answers: { 200: RunView },
    refuses: [404, 503],
    handler: async ({ params }) => runBody(await lab.find(params.run_id as RunId)),
  }),
  apiRoute({
    method: "GET",
    path: "/v1/demo/loadtest/:run_id/series",
    who: "demo",
    limit: "none",
    summary: "Every second of a run so far, k6 and the server on one clock",
    tag: "demo",
    params: RunParams,
    body: "none",
    answers: { 200: t.Object({ run_id: Id, points: t.Array(LiveView) }) },
    refuses: [404, 503],
    handler: async ({ params }) => {
      const run = await lab.find(params.run_id as RunId)
      return { run_id: run.runId, points: run.live.map(secondBody) }
    },
  }),
  apiRoute({
    method: "PATCH",
    path: "/v1/demo/loadtest/:run_id",
    who: "demo",
    limit: "none",
    summary: "Make a run the baseline of its scenario, or no longer",
    tag: "demo",
    params: RunParams,
    body: input({
      starred: t.Boolean({ description: "true makes it the baseline of its scenario, instead of an earlier one" }),
    }),
    answers: { 200: RunView },
    refuses: [404, 409, 503],
    handler: async ({ params, body }) => runBody(await lab.star(params.run_id as RunId, body.starred)),
  }),
  apiRoute({
    method: "DELETE",
    path: "/v1/demo/loadtest/:run_id",
    who: "demo",
    limit: "none",
    summary: "Stop a run, or cancel one that waits; with forget, delete one that is over",
    tag: "demo",
    params: RunParams,
    query: Forget,
    body: "none",
    answers: { 200: RunView },
    refuses: [404, 409, 503],
    handler: async ({ params, query }) => {
      const runId = params.run_id as RunId
      return runBody(await (query.forget === "true" ? lab.forget(runId) : lab.stop(runId)))
    },
  }),
  apiRoute({
    method: "GET",
    path: "/v1/demo/loadtests",
    who: "demo",
    limit: "none",
    summary: "Runs, newest first, and the scenarios there are",
    tag: "demo",
    query: Filter,
    body: "none",
    answers: { 200: RunsView },
    refuses: [503],
    handler: async ({ query: { limit = runsListed, before, ...filter } }) => {
      const runs = await lab.list(limit, { ...filter, before: before as RunId | undefined })
      return {
        runs: runs.map(runBody),
        scenarios: lab.catalog.map(scenarioBody),
        next: runs.length < limit ? undefined : runs.at(-1)?.runId,
      }
    },
  }),
]

const RunParams = t.Object({ run_id: Id })
const Filter = t.Object(
  {
    scenario: t.Optional(t.String({ maxLength: 64 })),
    verdict: t.Optional(Verdict),
    state: t.Optional(Status),
    preset: t.Optional(t.String({ maxLength: 64 })),
    before: t.Optional(t.String({ pattern: Id.pattern!, description: "only runs that are older than this one" })),
    limit: t.Optional(t.Numeric({ minimum: 1, maximum: 100, multipleOf: 1, description: `${runsListed} by default` })),
  },
  { additionalProperties: false },
)
const Forget = t.Object(
  {
    forget: t.Optional(
      t.Union([t.Literal("true"), t.Literal("false")], {
        description: "true: delete a run that is over, with all that was recorded; a baseline loses its star first",
      }),
    ),
  },
  { additionalProperties: false },
)
const StartedView = t.Object({ run_id: Id, sale_id: Id, scenario: t.String(), status: t.Literal("queued") })
const RunsView = t.Object({
  runs: t.Array(RunView),
  scenarios: t.Array(ScenarioView),
  next: t.Optional(t.String({ pattern: Id.pattern!, description: "`before` of the next page" })),
})
