import { Refusal } from "../../../exit.ts"
import { seconds, type Millis } from "../../../units.ts"

export type Client = ReturnType<typeof openClient>

type Keys = { adminKey: string; /** Sent to a server that asks for it. */ demoKey?: string }
type Answer = Record<string, unknown>

/** Requests to the API of another traffic server. What is no success is a Refusal in the server's own words. */
export const openClient = (origin: string, keys: Keys) => {
  const send = async (method: string, path: string, body?: unknown, within: Millis = seconds(30)) => {
    const response = await fetch(new URL(path, origin), {
      method,
      headers: headersFor(path, keys),
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(within),
      redirect: "manual",
    }).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      throw new Refusal("missing", `${origin} does not answer: ${why}`, { cause: error })
    })
    if (!response.ok) throw await refusalOf(response, origin, path)
    return response
  }

  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await send(method, path, body)
    const answer: unknown = await response.json().catch(() => undefined)
    if (typeof answer === "object" && answer !== null) return answer as Answer
    throw new Refusal("missing", `${origin} did not answer with JSON: is it a traffic server?`)
  }

  /** Undefined when the server is away at this moment, or does not tell it. */
  const lookup = (path: string): Promise<Answer | undefined> =>
    call("GET", path).catch((error: unknown) => {
      if (error instanceof Refusal) return undefined
      throw error
    })

  return { send, call, lookup }
}

const headersFor = (path: string, { adminKey, demoKey }: Keys) => ({
  "content-type": "application/json",
  ...(path.startsWith("/v1/admin/") && { "x-admin-key": adminKey }),
  ...(demoKey !== undefined && { "x-demo-key": demoKey }),
})

const refusalOf = async (response: Response, origin: string, path: string): Promise<Refusal> => {
  const { status, headers } = response
  if (status >= 300 && status < 400)
    return new Refusal(
      "usage",
      `${origin} points to ${headers.get("location") ?? "somewhere else"}, and nobody is sent on: name the server itself`,
    )
  if (status === 403 && path.startsWith("/v1/admin/"))
    return new Refusal("usage", `--admin-key: it is not the key of ${origin} (TRAFFIC_ADMIN_KEY there)`)
  const problem = (await response.json().catch(() => ({}))) as Answer
  return new Refusal(
    exits[status] ?? "fail",
    `${origin} answered ${status}: ${String(problem["detail"] ?? problem["title"] ?? path)}`,
  )
}

const exits: Record<number, Refusal["exit"]> = { 400: "usage", 403: "usage", 503: "missing" }
