/** Numbers, times and names as people read them. */

export const whole = (value: number) => Math.round(value).toLocaleString("en-US")

/** One digit after the point below a hundred, none above. */
export const figure = (value: number) => (Math.abs(value) >= 100 || Number.isInteger(value) ? whole(value) : value.toLocaleString("en-US", { maximumFractionDigits: 1 }))

export const milliseconds = (value: number) => (value >= 10_000 ? `${figure(value / 1000)} s` : `${figure(value)} ms`)

export const percent = (share: number) => `${(share * 100).toLocaleString("en-US", { maximumFractionDigits: share > 0 && share < 0.001 ? 3 : 2 })} %`

/** 95,000 ms are "1 min 35 s". */
export const span = (ms: number) => {
  const total = Math.max(0, Math.round(ms / 1000))
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const parts = [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : "", total % 60 > 0 && hours === 0 ? `${total % 60} s` : ""].filter((each) => each !== "")
  return parts.join(" ") || "0 s"
}

/** "launch_spike" is "Launch spike". */
export const title = (name: string) => {
  const words = name.replaceAll("_", " ")
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const metricNames: Record<string, string> = {
  http_reqs: "Requests",
  http_reqs_per_second: "Requests per second",
  http_req_failed_rate: "Failed requests",
  http_req_duration_p50_ms: "Answer time, half of all under",
  http_req_duration_p95_ms: "Answer time, p95",
  http_req_duration_p99_ms: "Answer time, p99",
  http_req_duration_max_ms: "Answer time, slowest",
  join_p95_ms: "Join, p95",
  join_p99_ms: "Join, p99",
  status_p95_ms: "Status, p95",
  status_p99_ms: "Status, p99",
  arrivals: "People who came",
  arrival_lag_p99_ms: "Came later than planned, p99",
  positions_compared: "Positions compared",
  position_changes: "Positions that changed",
  steal_pct: "CPU taken by neighbours",
  k6_cpu_pct: "CPU used by k6",
  joined: "People who joined",
  admissions: "Admissions",
  tickets_sold: "Tickets sold",
}

/** The name and the value of a run's figure; one that is not known here is shown as it came. */
export const metric = (name: string, value: number): { name: string; text: string } => {
  const step = /^([a-z]+)_count$/.exec(name)?.[1]
  const known = metricNames[name] ?? (step === undefined ? name.replaceAll("_", " ") : `${title(step)}: done`)
  if (name.endsWith("_ms")) return { name: known, text: milliseconds(value) }
  if (name.endsWith("_rate")) return { name: known, text: percent(value) }
  if (name.endsWith("_pct")) return { name: known, text: `${figure(value)} %` }
  return { name: known, text: figure(value) }
}

/** "I5 joins kept" has the mark I5; "k6 http_req_failed" the mark k6. */
export const checkName = (name: string): { mark: string; text: string } => {
  const space = name.indexOf(" ")
  const mark = name.slice(0, space)
  const rest = name.slice(space + 1)
  if (mark === "k6") return { mark, text: thresholdName(rest) }
  return /^I\d+$/.test(mark) ? { mark, text: title(rest) } : { mark: "", text: title(name) }
}

const thresholdName = (metric: string) => {
  const [, name = metric, tags = ""] = /^(\w+)(?:\{(.*)\})?$/.exec(metric) ?? []
  const step = /step:(\w+)/.exec(tags)?.[1]
  const steady = tags.includes("phase:steady") ? " in the steady phase" : ""
  if (name === "http_req_duration") return `Time to answer${step ? ` a ${step === "status" ? "status poll" : step}` : ""}${steady}`
  if (name === "http_req_failed") return "Requests that failed"
  if (name === "done") return `The step “${step ?? tags}” happened`
  return metricNames[name] ?? metric
}

/** A threshold of k6 or what was seen of it, in words; other sentences stay as they are. */
export const thresholdText = (metric: string, text: string): string => {
  const [, left, sign = "", right = ""] = /^(p\([\d.]+\)|rate|count|avg|max|med|value)\s*(<=|>=|<|>|==|=)\s*([\d.]+)$/.exec(text.trim()) ?? []
  if (left === undefined) return text
  const number = Number(right)
  const isTime = metric.includes("duration") || metric.includes("lag")
  const amount = left === "rate" ? percent(number) : isTime && left !== "count" ? milliseconds(number) : figure(number)
  const what = left.startsWith("p(") ? `p${left.slice(2, -1)} ` : ""
  if (sign === "=") return `${what}${amount}`
  if (left === "count" && sign === "<" && number === 1) return "none"
  if (left === "count" && sign === ">" && number === 0) return "at least one"
  return `${what}${({ "<": "under", "<=": "at most", ">": "over", ">=": "at least", "==": "exactly" } as Record<string, string>)[sign] ?? sign} ${amount}`
}

/** "2026-11-22 08:41:07" in UTC. */
export const moment = (at: number) => new Date(at).toISOString().slice(0, 19).replace("T", " ")
