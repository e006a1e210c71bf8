import { Elysia, type TSchema } from "elysia"
import type { SaleId } from "../../ids.ts"
import { readJson } from "./body.ts"
import type { AnswerHeaders, Caller } from "./caller.ts"
import { isBudget } from "./limits.ts"
import { isMedia, type ApiAsked, type ApiRoute, type PageRoute, type Route } from "./route.ts"

type Used = {
  caller: Caller
  answerError: (error: unknown, request: Request) => Response
  nowhere: (request: Request) => Response | undefined
}

export const openFramework = (routes: Route[], { caller, answerError, nowhere }: Used) => {
  const app = new Elysia({ name: "traffic", normalize: false, handler: { standardHostname: false } }).onError(
    ({ error, request, code }) => (code === "NOT_FOUND" ? nowhere(request) : undefined) ?? answerError(error, request),
  )
  for (const route of routes)
    if (route.kind === "api") addApi(app as unknown as Framework, route, caller)
    else if (route.kind === "page") addPage(app as unknown as Framework, route)
  return (request: Request) => app.fetch(request)
}

type Framework = { route(method: string, path: string, handler: unknown, hooks: object): unknown }
type Context = {
  request: Request
  params: unknown
  query: unknown
  body?: unknown
  set: { status?: number; headers: AnswerHeaders }
}

// The framework reads the source of these functions: what is named in their first parameter it prepares, and nothing else.
const addApi = (app: Framework, route: ApiRoute, caller: Caller) => {
  const { method, path, params, query, body } = route
  const response = successOf(route)
  if (body === "none")
    app.route(
      method,
      path,
      async ({ request, params, query, set }: Context) => answer(route, caller, { request, params, query, set }),
      { params, query, response, parse: "none" },
    )
  else
    app.route(
      method,
      path,
      async ({ request, params, query, body, set }: Context) =>
        answer(route, caller, { request, params, query, body, set }),
      { params, query, body, response, parse: ({ request }: Context) => readJson(request) },
    )
}

const addPage = (app: Framework, { method, path, params, query, handler }: PageRoute) =>
  app.route(
    method,
    path,
    async ({ request, params, query }: Parameters<typeof handler>[0]) => handler({ request, params, query }),
    { params, query, parse: "none" },
  )

const answer = async (route: ApiRoute, caller: Caller, { request, params, query, body, set }: Context) => {
  const known = judged(route, caller, request, params)
  if (isBudget(route.limit)) await caller.spend(route.limit, request, known.accountId, set.headers)
  const given = await route.handler({ request, params, query, body, headers: set.headers, ...known })
  set.status = statusOf(route)
  return given
}

const judged = (
  { who, repeatable }: ApiRoute,
  caller: Caller,
  request: Request,
  params: unknown,
): Pick<ApiAsked, "accountId" | "shopper"> => {
  switch (who) {
    case "account":
      return { accountId: caller.account(request) }
    case "admission": {
      const shopper = caller.shopper(request, (params as { id: SaleId }).id, { endedToo: repeatable })
      return { shopper, accountId: shopper.accountId }
    }
    case "admin":
      caller.admin(request)
      return {}
    case "demo":
      caller.demo(request)
      return {}
    default:
      return {}
  }
}

/** The first is that of success; where all is refused the framework is told nothing. */
const statusOf = ({ answers }: ApiRoute) => Number(Object.keys(answers)[0])

const successOf = ({ answers }: ApiRoute): Record<string, TSchema> =>
  Object.fromEntries(
    Object.entries(answers).flatMap(([status, schema]) => (isMedia(schema) ? [] : [[status, schema] as const])),
  )
