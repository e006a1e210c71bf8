import { Fault } from "../../fault.ts"
import { lookupDuration } from "../model/duration.ts"
import { secondOf, type SecondBody } from "./second-body.ts"
import type { RunBody } from "./wire.ts"

export type RunRecord = {
  name: string
  runId: string
  scenario: string
  status: string
  verdict?: string
  settings: Record<string, unknown>
  metrics: Record<string, number>
  trafficVersion: string
  k6Version: string
  /** Milliseconds since 1970. */
  createdAt?: number
  scriptHash?: string
  machine?: string
  /** Such as "2 of 3", when the run is one segment of a test. */
  segment?: string
}

/**
 * Accepts one run as `--json` or `--report-json` writes it, or an object with several in `runs`.
 * @throws Fault invalid_input with a sentence that begins with the name.
 */
export const parseRunRecords = (text: string, name: string): RunRecord[] => {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw refusal(name, "it is not JSON")
  }
  if (!isObject(content)) throw refusal(name, "it holds no run")
  if (!Array.isArray(content["runs"])) return [recordOf(content, name)]
  if (content["runs"].length === 0) throw refusal(name, "it holds no run")
  return content["runs"].map((each, index) => recordOf(isObject(each) ? each : {}, `${name} (run ${index + 1})`))
}

export const recordOf = (content: Record<string, unknown>, name: string): RunRecord => {
  const run = isObject(content["run"]) ? content["run"] : content
  const { run_id: runId, scenario, settings, metrics, segment } = run
  if (typeof runId !== "string" || typeof scenario !== "string" || !isObject(settings) || !isObject(metrics))
    throw refusal(name, "it is no run: run_id, scenario, settings and metrics are missing")
  const text = (field: string) => (typeof run[field] === "string" ? run[field] : undefined)
  const created = Date.parse(text("created_at") ?? "")
  const optional = {
    verdict: text("verdict"),
    createdAt: Number.isNaN(created) ? undefined : created,
    scriptHash: text("script_hash"),
    machine: text("machine"),
    segment: isObject(segment) ? `${String(segment["index"])} of ${String(segment["of"])}` : undefined,
  }
  return {
    name,
    runId,
    scenario,
    status: text("status") ?? "unknown",
    settings,
    metrics: withCosts(
      {
        settings,
        machine: optional.machine ?? null,
        started_at: text("started_at") ?? null,
        metrics: {
          ...Object.fromEntries(
            Object.entries(metrics).filter((each): each is [string, number] => Number.isFinite(each[1])),
          ),
          ...(isObject(run["capacity"]) ? { capacity_per_second: Number(run["capacity"]["per_second"]) } : {}),
        },
      },
      Array.isArray(content["series"])
        ? content["series"].filter((each) => isObject(each)).map((each) => each as SecondBody)
        : [],
    ),
    trafficVersion: text("traffic_version") ?? "unknown",
    k6Version: text("k6_version") ?? "unknown",
    ...Object.fromEntries(Object.entries(optional).filter((each) => each[1] !== undefined)),
  }
}

const refusal = (name: string, why: string) =>
  new Fault("invalid_input", `${name}: ${why}; give a file that --report-json or --json of \`traffic sim\` wrote`)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const withCosts = (
  { settings, machine, started_at, metrics }: Pick<RunBody, "settings" | "machine" | "started_at" | "metrics">,
  points: SecondBody[],
): Record<string, number> => {
  if (Object.keys(metrics).length === 0) return metrics
  const [ramp, steady] = ["ramp_up", "steady"].map((field) => lookupDuration(String(settings[field])))
  const from = Date.parse(started_at ?? "") + (ramp ?? 0)
  const seconds = points.map(secondOf)
  const judged = seconds.filter(({ at }) => at >= from && at < from + (steady ?? 0))
  const busy = judged.flatMap(({ cpuServer, requestsPerSecond }) =>
    cpuServer === undefined || requestsPerSecond === undefined ? [] : [{ share: cpuServer, rate: requestsPerSecond }],
  )
  const requests = busy.reduce((sum, each) => sum + each.rate, 0)
  const cores = Number(/^(\d+) x /.exec(machine ?? "")?.[1] ?? NaN)
  const spent = (busy.reduce((sum, each) => sum + each.share, 0) * cores * 1000) / requests
  const memory = seconds.flatMap(({ memoryServerMb }) => memoryServerMb ?? [])
  const stalls = seconds.flatMap(({ fsyncMs }) => fsyncMs ?? [])
  return {
    ...(requests > 0 && Number.isFinite(spent) ? { server_cpu_ms_per_request: Math.round(spent * 1000) / 1000 } : {}),
    ...(memory.length > 0 ? { server_memory_max_mb: Math.round(Math.max(...memory) * 10) / 10 } : {}),
    ...(stalls.length > 0 ? { fsync_max_ms: Math.max(...stalls) } : {}),
    ...metrics,
  }
}
