import { ValidationError } from "elysia"
import { Fault, faults, isFault } from "../../fault.ts"
import type { Log } from "../../log.ts"
import type { Metrics } from "../../metrics.ts"
import { isStoreAway } from "../../stores/postgres.ts"
import { isRedisAway } from "../../stores/redis.ts"

export type Problem = { type: string; title: string; status: number; detail: string; instance: string; code: string }

export const problem = (fault: Fault, instance: string): Response => {
  const { status, title } = faults[fault.code]
  const document = {
    type: `/problems/${fault.code}`,
    title,
    status,
    detail: fault.message,
    instance,
    code: fault.code,
    ...fault.facts,
  }
  const headers = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...refusalHeaders(fault),
  }
  return new Response(JSON.stringify(document), { status, headers })
}

/** Names in lower case, so that none is there twice. A 503 or 429 always says when to come back. */
export const refusalHeaders = ({ status, headers }: Fault): Record<string, string> => ({
  ...(status === 503 || status === 429 ? { "retry-after": "1" } : {}),
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
})

type Used = { log: Log; metrics: Pick<Metrics, "refusals" | "errors">; methodsOf: (path: string) => string[] }

/** Turns whatever was thrown into an answer. What is not a refusal by rule is a bug: logged, counted, and told nothing of. */
export const openProblems =
  ({ log, metrics, methodsOf }: Used) =>
  (error: unknown, request: Request): Response => {
    const instance = lookupPathname(request.url) ?? "/"
    const fault = toFault(error, request.method, instance, methodsOf)
    if (fault) {
      metrics.refusals.inc({ code: fault.code })
      return problem(fault, instance)
    }
    metrics.errors.inc()
    const requestId = crypto.randomUUID()
    log.error({ error, request_id: requestId, method: request.method, path: instance }, "a request failed")
    return broken(instance, requestId)
  }

const broken = (instance: string, requestId: string) => {
  const document: Problem = {
    type: "/problems/internal",
    title: "Something broke on our side",
    status: 500,
    detail: `Tell the operator the request id ${requestId}`,
    instance,
    code: "internal",
  }
  return new Response(JSON.stringify(document), {
    status: 500,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  })
}

/** Undefined where the request named no host, or none that can be one: its address is then no URL. */
export const lookupPathname = (address: string): string | undefined =>
  URL.canParse(address) ? new URL(address).pathname : undefined

const toFault = (
  error: unknown,
  method: string,
  path: string,
  methodsOf: (path: string) => string[],
): Fault | undefined => {
  if (isFault(error)) return error
  if (error instanceof Error && isFault(error.cause)) return error.cause
  if (error instanceof ValidationError) return error.type === "response" ? undefined : invalidInput(error)
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  if (code === "NOT_FOUND") return unknownAddress(method, path, methodsOf)
  if (code === "PARSE" || code === "INVALID_COOKIE_SIGNATURE" || code === "INVALID_FILE_TYPE")
    return new Fault("malformed_json", "Send one JSON object")
  if (isStoreAway(error) || isRedisAway(error))
    return new Fault("store_away", "Try again in a moment; nothing was half done", { cause: error })
  return undefined
}

const unknownAddress = (method: string, path: string, methodsOf: (path: string) => string[]) => {
  const allowed = methodsOf(path)
  return allowed.length === 0
    ? new Fault("not_found", `${path} is not an address of this server; /openapi.json lists them all`)
    : new Fault("method_not_allowed", `${path} does not take ${method}; it takes ${allowed.join(", ")}`, {
        headers: { allow: allowed.join(", ") },
      })
}

const mistakesToldMax = 20

const invalidInput = (error: ValidationError) => {
  // Not by `error.all`: it puts what was sent into sentences, and breaks on a member called toString.
  const errors: { pointer: string; detail: string }[] = []
  for (const { path, message } of "Errors" in error.validator ? error.validator.Errors(error.value) : []) {
    if (errors.push({ pointer: `/${error.type}${path}`, detail: message }) === mistakesToldMax) break
  }
  const first = errors[0]
  return new Fault(
    "invalid_input",
    first ? `${first.pointer}: ${first.detail}` : "The request breaks the schema in /openapi.json",
    { facts: { errors } },
  )
}
