import { STATUS_CODES } from "node:http"
import { toOpenAPISchema } from "@elysiajs/openapi"
import type { AnyElysia } from "elysia"
import { version } from "../version.ts"
import { Problem } from "./core/schemas.ts"

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type Node = { [name: string]: Json }
type Response = { description: string; headers?: Node; content?: Record<string, { schema: Node }> }
type Operation = {
  summary?: string
  tags?: string[]
  security?: Record<string, never[]>[]
  parameters?: { name: string; in: string; schema: Node }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Node }> }
  responses?: Record<string, Response>
}
export type OpenApi = {
  openapi: string
  info: Node
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Node>; securitySchemes: Record<string, Node> }
}

/** The document at /openapi.json. The framework lists the routes and their schemas; what it guesses wrong is put right here. */
export const describeApi = (app: AnyElysia): OpenApi => {
  const { paths } = copy(toOpenAPISchema(app, { staticFile: false })) as unknown as Pick<OpenApi, "paths">
  const bodies = new Map(
    app.routes.map((each) => [
      `${each.method.toLowerCase()} ${each.path.replace(/:(\w+)/g, "{$1}")}`,
      each.hooks?.body as object | undefined,
    ]),
  )
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations))
      operations[method] = corrected(operation, `${method} ${path}`, bodies.get(`${method} ${path}`))
  return {
    openapi: "3.1.2",
    info: { title: "Traffic", version, description: "Sells seats that far more people want than can have, fairly." },
    paths,
    components: { schemas: { Problem: plain(copy(Problem)) as Node }, securitySchemes },
  }
}

const securitySchemes: Record<string, Node> = {
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
/** Who may ask, by the tag of a route, and what it is refused with. */
const callers: Record<string, { security: Record<string, never[]>[]; refuses: number[] }> = {
  "waiting room": { security: [{ account: [] }], refuses: [401, 429, 503] },
  shop: { security: [{ admission: [] }], refuses: [401, 403] },
  tickets: { security: [{ account: [] }], refuses: [401] },
  operator: { security: [{ operator: [] }], refuses: [403] },
  demo: { security: [{}, { demo: [] }], refuses: [403] },
}
const open = new Set(["get /v1/sales/{id}/waiting-room/board", "post /v1/tickets/transfer"])

const corrected = ({ responses = {}, ...operation }: Operation, name: string, body: object | undefined): Operation => {
  const caller = open.has(name) ? undefined : callers[operation.tags?.[0] ?? ""]
  const requestBody =
    body === undefined
      ? operation.requestBody
      : { required: !(optional in body), content: { "application/json": { schema: copy(body) as Node } } }
  const refusals = new Set([
    421,
    500,
    ...(caller?.refuses ?? []),
    ...(operation.parameters || requestBody ? [400] : []),
    ...(requestBody ? [413, 415] : []),
  ])
  for (const status of Object.keys(responses)) if (Number(status) >= 400) refusals.add(Number(status))
  const done = Object.entries(responses).filter(([status]) => Number(status) < 400)
  return plain({
    ...operation,
    ...(caller ? { security: caller.security } : {}),
    ...(requestBody ? { requestBody } : {}),
    responses: {
      ...Object.fromEntries(
        done.map(([status, { content, ...response }]) => [
          status,
          status === "204" ? { description: "done" } : { ...response, description: "done", content },
        ]),
      ),
      ...Object.fromEntries([...refusals].map((status) => [status, refusal(status)])),
    },
  } as unknown as Json) as unknown as Operation
}

/** Of TypeBox: marks what may be left out. */
const optional = Symbol.for("TypeBox.Optional")

const refusal = (status: number): Response => ({
  description: STATUS_CODES[status] ?? "refused",
  ...(status === 429 || status === 503
    ? { headers: { "Retry-After": { description: "seconds", schema: { type: "integer", minimum: 1 } } } }
    : {}),
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
})

const copy = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

/** The framework reads a number from a text too and says so in the schema of every number; on the wire it is a number. */
const plain = (node: Json): Json => {
  if (Array.isArray(node)) return node.map(plain)
  if (node === null || typeof node !== "object") return node
  const { $id: _id, nullable: _nullable, anyOf, ...rest } = node
  const number =
    Array.isArray(anyOf) && anyOf.some(isNumberAsText) ? anyOf.find((each) => !isNumberAsText(each)) : undefined
  const merged: Node =
    number === undefined ? { ...rest, ...(anyOf === undefined ? {} : { anyOf }) } : { ...rest, ...(number as Node) }
  if (merged["type"] === "number" && merged["multipleOf"] === 1) {
    merged["type"] = "integer"
    delete merged["multipleOf"]
  }
  return Object.fromEntries(Object.entries(merged).map(([name, value]) => [name, plain(value)]))
}

const isNumberAsText = (each: Json) =>
  each !== null &&
  typeof each === "object" &&
  !Array.isArray(each) &&
  each["type"] === "string" &&
  (each["format"] === "numeric" || each["format"] === "integer")
