import { seconds } from "../units.ts"
import { isFinal, type RunBody } from "../lab/run.ts"
import type { Complaint, Shower, SimDeps } from "./sim.ts"

/** Runs on a server that is up already, through its demo API. */
export const followTarget = async (
  target: string,
  request: Record<string, unknown>,
  deps: SimDeps & { show: Shower },
): Promise<RunBody | Complaint> => {
  const base = parseTarget(target)
  if (base === undefined)
    return { complaint: `--target ${target}: name a server on this machine, such as http://127.0.0.1:8080`, code: 64 }
  const call = callerOf(base, deps.demoKey)
  const begun = await call("POST", "/v1/demo/loadtest", request)
  if ("complaint" in begun) return begun
  const path = `/v1/demo/loadtest/${String(begun.answer["run_id"])}`
  const unlisten = deps.onInterrupt(() => void call("DELETE", path))
  try {
    for (let missed = 0; missed < patience;) {
      await Bun.sleep(seconds(1))
      const asked = await call("GET", path)
      if ("complaint" in asked) {
        missed++
        continue
      }
      missed = 0
      const run = asked.answer as RunBody
      deps.show(run)
      if (!isFinal(run.status)) continue
      deps.show.done()
      return run
    }
    return { complaint: `${base.origin} did not answer any more`, code: 1 }
  } finally {
    unlisten()
  }
}

/** Answers missed in a row before the server counts as gone; a scenario may restart it. */
const patience = 60

/** Only this machine: load on somebody else's server is an attack. */
const parseTarget = (text: string): URL | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  return isLoopback && (url.protocol === "http:" || url.protocol === "https:") ? url : undefined
}

const callerOf =
  (base: URL, demoKey: string | undefined) =>
  async (method: string, path: string, body?: unknown): Promise<{ answer: Record<string, unknown> } | Complaint> => {
    try {
      const headers = {
        "content-type": "application/json",
        ...(demoKey === undefined ? {} : { "x-demo-key": demoKey }),
      }
      const sent = {
        method,
        headers,
        signal: AbortSignal.timeout(30_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }
      const response = await fetch(new URL(path, base), sent)
      const answer = (await response.json()) as Record<string, unknown>
      if (response.ok) return { answer }
      return {
        complaint: `${base.origin} answered ${response.status}: ${String(answer["detail"] ?? answer["title"])}`,
        code: response.status === 400 ? 64 : response.status === 503 ? 69 : 1,
      }
    } catch (error) {
      return {
        complaint: `${base.origin} does not answer: ${error instanceof Error ? error.message : String(error)}`,
        code: 69,
      }
    }
  }
