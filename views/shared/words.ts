import { parseBound, parseMetric, percentileOf, type Sign } from "../../src/lab/model/threshold.ts"

export const whole = (value: number) => Math.round(value).toLocaleString("en-US")

export const counted = (count: number, one: string, many: string) => `${whole(count)} ${count === 1 ? one : many}`

/** One digit after the point below a hundred, none above. */
export const figure = (value: number) =>
  Math.abs(value) >= 100 || Number.isInteger(value)
    ? whole(value)
    : value.toLocaleString("en-US", { maximumFractionDigits: 1 })

export const milliseconds = (value: number) => (value >= 10_000 ? `${figure(value / 1000)} s` : `${figure(value)} ms`)

export const percent = (share: number) =>
  `${(share * 100).toLocaleString("en-US", { maximumFractionDigits: share > 0 && share < 0.001 ? 3 : 2 })} %`

/** 95,000 ms are "1 min 35 s". */
export const span = (ms: number) => {
  const total = Math.max(0, Math.round(ms / 1000))
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const parts = [
    hours > 0 ? `${hours} h` : "",
    minutes > 0 ? `${minutes} min` : "",
    total % 60 > 0 && hours === 0 ? `${total % 60} s` : "",
  ].filter((each) => each !== "")
  return parts.join(" ") || "0 s"
}

export const title = (name: string) => {
  const words = name.replaceAll("_", " ")
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const sentence = (text: string) =>
  `${text.startsWith("k6") ? "k" : text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`

const metricNames: Record<string, string> = {
  arrivals: "Came",
  joined: "Joined",
  admissions: "Let in",
  tickets_sold: "Tickets sold",
  http_reqs: "Requests",
  http_reqs_per_second: "Requests per second",
  http_req_failed_rate: "Failed",
  http_req_duration_p50_ms: "All, p50",
  http_req_duration_p95_ms: "All, p95",
  http_req_duration_p99_ms: "All, p99",
  http_req_duration_max_ms: "All, slowest",
  positions_compared: "Positions compared",
  position_changes: "Positions that changed",
  arrival_lag_p99_ms: "Came late, p99",
  fsync_max_ms: "fsync of Redis, longest",
  server_cpu_ms_per_request: "CPU of the server per request",
  server_memory_max_mb: "Memory of the server, most",
  k6_cpu_pct: "CPU of k6",
  other_programs_cpu_pct: "CPU of other programs",
  steal_pct: "CPU taken by neighbours",
}

const groupOf = (name: string) => {
  if (["arrivals", "joined", "admissions", "tickets_sold"].includes(name)) return "People"
  if (name.startsWith("position")) return "Requests"
  if (["arrival_lag_p99_ms", "fsync_max_ms"].includes(name) || name.startsWith("server_") || name.endsWith("_pct"))
    return "Machine"
  if (name.endsWith("_ms")) return "Time to answer"
  return name.endsWith("_count") ? "Steps done" : "Requests"
}

/** The names of a run's figures, grouped, in an order that does not depend on how they were stored. */
export const metricGroups = (metrics: Record<string, number>): { title: string; names: string[] }[] => {
  const known = Object.keys(metricNames)
  const steps = ["join", "status", "admission", "seats", "hold", "checkout"]
  const times = steps.flatMap((each) => [`${each}_p50_ms`, `${each}_p95_ms`, `${each}_p99_ms`])
  const order = [...known, ...times, ...steps.map((each) => `${each}_count`)]
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  const names = Object.keys(metrics).toSorted((a, b) => place(a) - place(b) || a.localeCompare(b))
  return ["People", "Requests", "Time to answer", "Steps done", "Machine"].flatMap((title) => {
    const own = names.filter((each) => groupOf(each) === title)
    return own.length === 0 ? [] : [{ title, names: own }]
  })
}

/** The name and the value of a run's figure; one that is not known here is shown as it came. */
export const metric = (name: string, value: number): { name: string; text: string } => {
  const known = metricNames[name] ?? unlisted(name)
  if (name.endsWith("_ms")) return { name: known, text: milliseconds(value) }
  if (name.includes("_ms_per_")) return { name: known, text: milliseconds(value) }
  if (name.endsWith("_mb")) return { name: known, text: `${figure(value)} MB` }
  if (name.endsWith("_rate")) return { name: known, text: percent(value) }
  if (name.endsWith("_pct")) return { name: known, text: `${figure(value)} %` }
  return { name: known, text: figure(value) }
}

/** A count or a time of a step, or a name that is not known here. */
const unlisted = (name: string) => {
  const [, step, quantile] = /^([a-z]+)_(?:count|(p\d+)_ms)$/.exec(name) ?? []
  if (step === undefined) return title(name)
  return quantile === undefined ? title(step) : `${title(step)}, ${quantile}`
}

/** "I5 joins kept" has the mark I5; "k6 http_req_failed" the mark k6. */
export const checkName = (name: string): { mark: string; text: string } => {
  const space = name.indexOf(" ")
  const mark = name.slice(0, space)
  const rest = name.slice(space + 1)
  if (mark === "k6") return { mark, text: thresholdName(rest) }
  return /^I\d+$/.test(mark) ? { mark, text: title(rest) } : { mark: "", text: title(name) }
}

const thresholdName = (name: string) => {
  const { metric, tags = {} } = parseMetric(name) ?? {}
  const { step } = tags
  const steady = tags["phase"] === "steady" ? " in the steady phase" : ""
  if (metric === "http_req_duration")
    return `Time to answer${step ? ` a ${step === "status" ? "status poll" : step}` : ""}${steady}`
  if (metric === "http_req_failed") return "Requests that failed"
  if (metric === "done") return `The step “${step ?? Object.values(tags).join(", ")}” happened`
  return (metric && thresholdNames[metric]) ?? name
}

const thresholdNames: Record<string, string> = {
  arrivals: "People came",
  positions_compared: "Positions were compared",
  position_changes: "Positions that changed",
  arrival_lag: "How late people came",
}

/** A threshold of k6 or what was seen of it, in words; other sentences stay as they are. */
export const thresholdText = (metric: string, text: string): string => {
  const isSeen = text.includes(" = ")
  const bound = parseBound(isSeen ? text.replace(" = ", "==") : text)
  if (bound === undefined) return text
  const { stat, sign, limit } = bound
  const isTime = metric.includes("duration") || metric.includes("lag")
  const amount = stat === "rate" ? percent(limit) : isTime && stat !== "count" ? milliseconds(limit) : figure(limit)
  const what = percentileOf(stat) === undefined ? "" : `${stat} `
  if (isSeen) return `${what}${amount}`
  if (stat === "count" && sign === "<" && limit === 1) return "none"
  if (stat === "count" && sign === ">" && limit === 0) return "at least one"
  return `${what}${signWords[sign]} ${amount}`
}

const signWords: Record<Sign, string> = {
  "<": "under",
  "<=": "at most",
  ">": "over",
  ">=": "at least",
  "==": "exactly",
  "!=": "other than",
}

/** "2026-11-22 08:41:07" in UTC. */
export const moment = (at: number) => new Date(at).toISOString().slice(0, 19).replace("T", " ")
