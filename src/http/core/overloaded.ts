import { Fault } from "../../fault.ts"
import type { Metrics } from "../../metrics.ts"
import { problem } from "./problem.ts"

type Used = { metrics: Pick<Metrics, "refusals">; pageOf: (fault: Fault) => Response }

/** The refusal of whoever cannot be served now: made in advance, and with another time to come back for each. */
export const openOverloaded = ({ metrics, pageOf }: Used) => {
  const faults = Array.from({ length: retryAfterMax - retryAfterMin + 1 }, (_, index) => faultOf(retryAfterMin + index))
  const headers = faults.map((fault) => problem(fault, "/").headers)
  let pages: Response[] | undefined
  return (request: Request): Response => {
    metrics.refusals.inc({ code: "overloaded" })
    const nth = Math.floor(Math.random() * faults.length)
    const isRead = request.method === "GET" && (request.headers.get("accept") ?? "").includes("text/html")
    if (isRead) return (pages ??= faults.map(pageOf))[nth]!.clone()
    return new Response(start + JSON.stringify(pathIn(request.url)) + "}", { status: 503, headers: headers[nth]! })
  }
}

/** Seconds. */
const retryAfterMin = 2
const retryAfterMax = 10

const faultOf = (seconds: number) => new Fault("overloaded", detail, { headers: { "retry-after": String(seconds) } })
const detail = "More is asked at this moment than can be done; nothing is lost. Come back as Retry-After says"

/** A problem document up to its `instance`, which alone differs. */
const start = `${JSON.stringify({
  type: "/problems/overloaded",
  title: "The server sheds load at this moment",
  status: 503,
  detail,
  code: "overloaded",
}).slice(0, -1)},"instance":`

const pathIn = (address: string) => {
  const from = address.indexOf("/", address.indexOf("//") + 2)
  const until = address.indexOf("?", from)
  return from === -1 ? "/" : address.slice(from, until === -1 ? undefined : until)
}
