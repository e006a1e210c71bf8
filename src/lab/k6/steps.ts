import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { stepOf } from "../model/threshold.ts"

/**
 * How each step did over a whole run, as figures step_join_count, step_join_per_second, step_join_p50_ms, p95, p99,
 * max and step_join_failed_rate. Read from what k6's dashboard recorded; a run without a record has none.
 */
export const stepMetrics = async (folder: string): Promise<Record<string, number>> =>
  stepMetricsOf(await readFile(join(folder, "record.ndjson"), "utf8").catch(() => ""))

type Kind = "counter" | "gauge" | "rate" | "trend"
type Event =
  | { event: "param"; data: { aggregates: Record<Kind, string[]> } }
  | { event: "metric"; data: Record<string, { type: Kind }> }
  | { event: "cumulative"; data: number[][] }
  | { event: "start" | "snapshot" | "threshold" | "stop" | "config" }

const stepsMax = 40
const figures = [
  ["http_reqs", "count", "count"],
  ["http_reqs", "rate", "per_second"],
  ["http_req_duration", "med", "p50_ms"],
  ["http_req_duration", "p(95)", "p95_ms"],
  ["http_req_duration", "p(99)", "p99_ms"],
  ["http_req_duration", "max", "max_ms"],
  ["http_req_failed", "rate", "failed_rate"],
] as const

/** The last cumulative event counts; its row i belongs to the i-th of all metric names seen until then, sorted. */
export const stepMetricsOf = (record: string): Record<string, number> => {
  const kinds = new Map<string, Kind>()
  let aggregates: Record<Kind, string[]> | undefined
  let last: { rows: number[][]; names: string[] } | undefined
  for (const line of record.split("\n")) {
    const said = eventOf(line)
    if (said?.event === "param") aggregates = said.data.aggregates
    if (said?.event === "metric") for (const [name, { type }] of Object.entries(said.data)) kinds.set(name, type)
    if (said?.event === "cumulative") last = { rows: said.data, names: [...kinds.keys()].sort() }
  }
  if (aggregates === undefined || last === undefined) return {}
  const { rows, names } = last
  const of = aggregates
  const read = (metric: string, field: string) => {
    const kind = kinds.get(metric)
    return kind === undefined ? undefined : rows[names.indexOf(metric)]?.[of[kind].indexOf(field)]
  }
  const steps = names.flatMap((name) => stepOf(name, "http_reqs") ?? []).slice(0, stepsMax)
  return Object.fromEntries(
    steps.flatMap((step) =>
      figures.flatMap(([metric, field, name]) => {
        const value = read(`${metric}{step:${step}}`, field)
        return value === undefined ? [] : [[`step_${step}_${name}`, Math.round(value * 10_000) / 10_000]]
      }),
    ),
  )
}

const eventOf = (line: string): Event | undefined => {
  try {
    return JSON.parse(line) as Event
  } catch {
    return undefined
  }
}
