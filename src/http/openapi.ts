import { STATUS_CODES } from "node:http"
import { t } from "elysia"
import { version } from "../version.ts"
import { jsonSchema, type Json } from "./core/json-schema.ts"
import { apiRoute, isMedia, type Answers, type ApiRoute, type CrowdRoute, type Route, type Who } from "./core/route.ts"
import { Problem } from "./core/schemas.ts"

type Operation = {
  summary: string
  tags: string[]
  security?: Record<string, never[]>[]
  parameters?: { name: string; in: "path" | "query"; required: boolean; schema: Json }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Json }> }
  operationId: string
  responses: Record<string, { description: string; headers?: Json; content?: Record<string, { schema: Json }> }>
}
export type OpenApi = {
  openapi: string
  info: Json
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json>; securitySchemes: Record<string, Json> }
}

export const openapiRoute = (routes: () => Route[]) => {
  let text: string | undefined
  return apiRoute({
    method: "GET",
    path: "/openapi.json",
    who: "anybody",
    limit: "none",
    summary: "This document",
    tag: "operation",
    body: "none",
    answers: { 200: t.Object({}, { additionalProperties: true }) },
    refuses: [],
    handler: () => {
      text ??= JSON.stringify(describeApi(routes()))
      return new Response(text, { headers: { "content-type": "application/json" } })
    },
  })
}

export const describeApi = (routes: Route[]): OpenApi => {
  const paths: OpenApi["paths"] = {}
  for (const route of routes)
    if (route.kind !== "page")
      (paths[route.path.replace(/:(\w+)/g, "{$1}")] ??= {})[route.method.toLowerCase()] = operationOf(route)
  return {
    openapi: "3.1.2",
    info: { title: "Traffic", version, description: "Sells seats that far more people want than can have, fairly." },
    paths,
    components: { schemas: { Problem: jsonSchema(Problem) }, securitySchemes },
  }
}

const securitySchemes: Record<string, Json> = {
  account: { type: "http", scheme: "bearer", description: "the token of register or login" },
  admission: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "`Admission <admission_token>`, from the waiting room's status once the turn has come",
  },
  operator: { type: "apiKey", in: "header", name: "X-Admin-Key" },
  demo: { type: "apiKey", in: "header", name: "X-Demo-Key", description: "only where the operator has set a demo key" },
}

const callers: Partial<Record<Who, { security: Record<string, never[]>[]; refuses: number[] }>> = {
  account: { security: [{ account: [] }], refuses: [401] },
  admission: { security: [{ admission: [] }], refuses: [401, 403] },
  admin: { security: [{ operator: [] }], refuses: [403] },
  demo: { security: [{}, { demo: [] }], refuses: [403] },
}

const operationOf = (route: ApiRoute | CrowdRoute): Operation => {
  const { body } = route
  const parameters = [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query")]
  return {
    summary: route.summary,
    tags: [route.tag],
    security: callers[route.who]?.security,
    parameters: parameters.length === 0 ? undefined : parameters,
    requestBody:
      body === "none"
        ? undefined
        : { required: !(optional in body), content: { "application/json": { schema: jsonSchema(body) } } },
    operationId: idOf(route),
    responses: responsesOf(route, parameters.length > 0),
  }
}

/** Of TypeBox: marks what may be left out. */
const optional = Symbol.for("TypeBox.Optional")

const parametersOf = (schema: Route["params"], where: "path" | "query") =>
  Object.entries((schema?.["properties"] ?? {}) as Record<string, object>).map(([name, each]) => ({
    name,
    in: where,
    required: !(optional in each),
    schema: jsonSchema(each),
  }))

const idOf = ({ method, path }: ApiRoute | CrowdRoute) =>
  method.toLowerCase() +
  path
    .split("/")
    .map((part) => (part.startsWith(":") ? `By${capitalized(part.slice(1))}` : capitalized(part)))
    .join("")

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

const responsesOf = ({ answers, refuses, who, limit, body }: ApiRoute | CrowdRoute, hasParameters: boolean) => {
  const done = Object.entries(answers).filter(([status]) => Number(status) < 400)
  const refusals = new Set([
    421,
    500,
    ...Object.keys(answers)
      .map(Number)
      .filter((status) => status >= 400),
    ...refuses,
    ...(callers[who]?.refuses ?? []),
    ...(limit === "none" ? [] : [429]),
    ...(hasParameters || body !== "none" ? [400] : []),
    ...(body === "none" ? [] : [413, 415]),
  ])
  return {
    ...Object.fromEntries(
      done.map(([status, answer]) => [status, { description: "done", content: contentOf(status, answer) }]),
    ),
    ...Object.fromEntries([...refusals].map((status) => [status, refusal(status)])),
  }
}

const contentOf = (status: string, answer: Answers[number]) => {
  if (status === "204") return undefined
  return isMedia(answer)
    ? { [answer.media]: { schema: jsonSchema(answer.schema) } }
    : { "application/json": { schema: jsonSchema(answer) } }
}

const refusal = (status: number) => ({
  description: STATUS_CODES[status] ?? "refused",
  headers:
    status === 429 || status === 503
      ? { "Retry-After": { description: "seconds", schema: { type: "integer", minimum: 1 } } }
      : undefined,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
})
