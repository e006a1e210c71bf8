import type { Config } from "../../config.ts"
import { Fault } from "../../fault.ts"
import type { Metrics } from "../../metrics.ts"
import type { HostCheck } from "./host-check.ts"
import type { Lookup } from "./lookup.ts"
import { lookupPathname } from "./problem.ts"
import type { Shedding } from "./shedding.ts"

type Used = {
  config: Pick<Config, "mode">
  metrics: Pick<Metrics, "route">
  lookup: Pick<Lookup, "row">
  shedding: Pick<Shedding, "desk">
  overloaded: (request: Request) => Response
  checkHost: HostCheck
  answer: (request: Request) => Response | Promise<Response>
  answerError: (error: unknown, request: Request) => Response
}

export const openEnvelope = (parts: Used) => {
  const { config, metrics, lookup, shedding, overloaded } = parts
  return async (request: Request): Promise<Response> => {
    const began = performance.now()
    const path = lookupPathname(request.url)
    const row = path === undefined ? undefined : lookup.row(request.method, path)
    const desk = shedding.desk(row?.work ?? "pages")
    if (!desk.enter()) return overloaded(request)
    const response = await checked(parts, request, path).finally(desk.leave)
    metrics.route(row?.path ?? "unknown").observe((performance.now() - began) / 1000)
    if (!response.headers.has("x-content-type-options")) response.headers.set("x-content-type-options", "nosniff")
    // Its cookies travel by TLS alone, so nobody has a use for plain HTTP; a browser heeds this only where TLS is.
    if (config.mode === "production") response.headers.set("strict-transport-security", "max-age=15552000")
    return response
  }
}

const checked = async ({ checkHost, answer, answerError }: Used, request: Request, path: string | undefined) => {
  try {
    checkHost(request)
    if (path === undefined) throw new Fault("misdirected", "The address of the request is no URL")
    checkQuery(request.url)
  } catch (error) {
    return answerError(error, request)
  }
  return answer(request)
}

/** A name given twice has no one meaning, and no store takes NUL in a text. @throws Fault invalid_input */
const checkQuery = (address: string) => {
  const from = address.indexOf("?")
  if (from === -1) return
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(address.slice(from))) {
    if (seen.has(name)) throw new Fault("invalid_input", `/query/${name.slice(0, 64)}: is given twice`)
    if (value.includes("\0")) throw new Fault("invalid_input", `/query/${name.slice(0, 64)}: must not contain NUL`)
    seen.add(name)
  }
}
