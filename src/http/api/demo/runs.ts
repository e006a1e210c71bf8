import { Elysia, t } from "elysia"
import type { RunId } from "../../../ids.ts"
import type { Lab } from "../../../lab/lab.ts"
import { secondBody } from "../../../lab/report/second-body.ts"
import { runBody } from "../../../lab/report/wire.ts"
import type { Caller } from "../../core/caller.ts"
import { LiveView, RunInput, RunView, scenarioBody, ScenarioView, Status, Verdict } from "./run-schemas.ts"
import { answers, Id, input } from "../../core/schemas.ts"

const runsListed = 50
const RunParams = t.Object({ run_id: Id })
const tags = ["demo"]

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

/** The runs of the lab: start, watch, stop, star, list, delete. */
export const runRoutes = (lab: Lab, caller: Caller) =>
  new Elysia({ name: "runs" })
    .post(
      "/v1/demo/loadtest",
      async ({ body, request, status }) => {
        caller.demo(request)
        const run = await lab.start(body)
        return status(202, {
          run_id: run.runId as string,
          sale_id: run.saleId as string,
          scenario: run.scenario,
          status: "queued" as const,
        })
      },
      {
        body: RunInput,
        response: answers(
          { 202: t.Object({ run_id: Id, sale_id: Id, scenario: t.String(), status: t.Literal("queued") }) },
          400,
          403,
          404,
          413,
          415,
          429,
          503,
        ),
        detail: { summary: "Set a run going; one at a time, and three more wait for their turn", tags },
      },
    )
    .get(
      "/v1/demo/loadtest/:run_id",
      async ({ params, request }) => {
        caller.demo(request)
        return runBody(await lab.find(params.run_id as RunId))
      },
      {
        params: RunParams,
        response: answers({ 200: RunView }, 400, 403, 404, 503),
        detail: { summary: "How a run does, or how it ended", tags },
      },
    )
    .get(
      "/v1/demo/loadtest/:run_id/series",
      async ({ params, request }) => {
        caller.demo(request)
        const run = await lab.find(params.run_id as RunId)
        return { run_id: run.runId as string, points: run.live.map(secondBody) }
      },
      {
        params: RunParams,
        response: answers({ 200: t.Object({ run_id: Id, points: t.Array(LiveView) }) }, 400, 403, 404, 503),
        detail: { summary: "Every second of a run so far, k6 and the server on one clock", tags },
      },
    )
    .patch(
      "/v1/demo/loadtest/:run_id",
      async ({ params, body, request }) => {
        caller.demo(request)
        return runBody(await lab.star(params.run_id as RunId, body.starred))
      },
      {
        params: RunParams,
        body: input({
          starred: t.Boolean({ description: "true makes it the baseline of its scenario, instead of an earlier one" }),
        }),
        response: answers({ 200: RunView }, 400, 403, 404, 409, 413, 415, 503),
        detail: { summary: "Make a run the baseline of its scenario, or no longer", tags },
      },
    )
    .delete(
      "/v1/demo/loadtest/:run_id",
      async ({ params, query, request }) => {
        caller.demo(request)
        const runId = params.run_id as RunId
        return runBody(await (query.forget === "true" ? lab.forget(runId) : lab.stop(runId)))
      },
      {
        params: RunParams,
        query: Forget,
        parse: "none",
        response: answers({ 200: RunView }, 400, 403, 404, 409, 503),
        detail: { summary: "Stop a run, or cancel one that waits; with forget, delete one that is over", tags },
      },
    )
    .get(
      "/v1/demo/loadtests",
      async ({ query: { limit = runsListed, before, ...filter }, request }) => {
        caller.demo(request)
        const runs = await lab.list(limit, {
          ...filter,
          ...(before === undefined ? {} : { before: before as RunId }),
        })
        const last = runs.length < limit ? undefined : runs.at(-1)
        return {
          runs: runs.map(runBody),
          scenarios: lab.catalog.map(scenarioBody),
          ...(last === undefined ? {} : { next: last.runId as string }),
        }
      },
      {
        query: Filter,
        response: answers(
          {
            200: t.Object({
              runs: t.Array(RunView),
              scenarios: t.Array(ScenarioView),
              next: t.Optional(t.String({ pattern: Id.pattern!, description: "`before` of the next page" })),
            }),
          },
          400,
          403,
          503,
        ),
        detail: { summary: "Runs, newest first, and the scenarios there are", tags },
      },
    )
