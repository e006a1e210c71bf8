import { faults, type FaultCode } from "../../../fault.ts"
import type { Log } from "../../../log.ts"
import { openLoopLag } from "../../../loop-lag.ts"
import { openLoop } from "../../../loop.ts"
import type { Metrics } from "../../../metrics.ts"
import { seconds } from "../../../units.ts"

/** How this process did over the last seconds, counted from its own metrics. Requests are those of fans and operators: /v1 but /v1/demo. */
export type Beat = {
  requestsPerSecond: number
  errorRatePct: number
  lastLatencyMs: number
  /** Of the whole window, within the width of a bucket of the histogram; undefined when nothing was answered. */
  p95Ms?: number
  loopLagMs: number
}

/** Answers of the last seconds. Refused: by rule, to whoever asked too often, too early or for what is gone. */
export type Answers = { p50Ms?: number; p95Ms?: number; p99Ms?: number; refusedPerSecond: number }

export type Counts = {
  atMs: number
  requests: number
  sumSeconds: number
  failures: number
  refused?: number
  buckets: { le: number; count: number }[]
  loopLagMs: number
}
export type Pulse = {
  beat(): Beat
  answers(): Answers
  take(counts: Counts): void
  tick(): Promise<void>
  start(): void
  stop(): Promise<void>
}

const window = seconds(10)
const every = seconds(1)

export const openPulse = (metrics: Metrics, log: Log): Pulse => {
  const kept: Counts[] = []
  let lastLatencyMs = 0
  const lag = openLoopLag()

  const take = (counts: Counts) => {
    const before = kept.at(-1)
    if (before && counts.requests > before.requests)
      lastLatencyMs = ((counts.sumSeconds - before.sumSeconds) / (counts.requests - before.requests)) * 1000
    kept.push(counts)
    while (kept.length > 1 && counts.atMs - kept[0]!.atMs > window) kept.shift()
  }

  const tick = async () => {
    const loopLagMs = lag.take()
    take({ ...(await read(metrics)), atMs: performance.now(), loopLagMs })
  }
  const loop = openLoop({ name: "pulse", every, work: tick, log })

  return {
    take,
    tick,
    beat: () => {
      const first = kept[0]
      const last = kept.at(-1)
      if (first === undefined || last === undefined || first === last)
        return { requestsPerSecond: 0, errorRatePct: 0, lastLatencyMs, loopLagMs: last?.loopLagMs ?? 0 }
      const requests = last.requests - first.requests
      const failures = last.failures - first.failures
      const p95Ms = percentile(0.95, first, last)
      return {
        requestsPerSecond: round((requests * 1000) / (last.atMs - first.atMs)),
        errorRatePct: failures === 0 ? 0 : round(Math.min(100, (failures * 100) / Math.max(requests, failures))),
        lastLatencyMs: round(lastLatencyMs),
        ...(p95Ms === undefined ? {} : { p95Ms: round(p95Ms) }),
        loopLagMs: round(last.loopLagMs),
      }
    },
    answers: () => {
      const first = kept[0]
      const last = kept.at(-1)
      if (first === undefined || last === undefined || first === last) return { refusedPerSecond: 0 }
      const at = (share: number) => {
        const found = percentile(share, first, last)
        return found === undefined ? undefined : round(found)
      }
      const refused = (last.refused ?? 0) - (first.refused ?? 0)
      return {
        p50Ms: at(0.5),
        p95Ms: at(0.95),
        p99Ms: at(0.99),
        refusedPerSecond: round((refused * 1000) / (last.atMs - first.atMs)),
      }
    },
    start: () => {
      lag.start()
      loop.start()
    },
    stop: () => {
      lag.stop()
      return loop.stop()
    },
  }
}

const pulses = new WeakMap<Metrics, Pulse>()
export const pulseOf = ({ metrics, log }: { metrics: Metrics; log: Log }): Pulse => {
  const found = pulses.get(metrics)
  if (found) return found
  const made = openPulse(metrics, log)
  made.start()
  pulses.set(metrics, made)
  return made
}

const read = async (metrics: Metrics): Promise<Omit<Counts, "atMs" | "loopLagMs">> => {
  const [routes, refusals, errors] = await Promise.all([
    metrics.registry.getSingleMetric(routesName)?.get(),
    metrics.refusals.get(),
    metrics.errors.get(),
  ])
  const buckets = new Map<number, number>()
  let requests = 0
  let sumSeconds = 0
  for (const { value, labels, ...rest } of routes?.values ?? []) {
    const name = "metricName" in rest ? rest.metricName : ""
    if (!isCounted(String(labels["route"]))) continue
    if (name === `${routesName}_count`) requests += value
    else if (name === `${routesName}_sum`) sumSeconds += value
    else {
      const le = labels["le"] === "+Inf" ? Infinity : Number(labels["le"])
      buckets.set(le, (buckets.get(le) ?? 0) + value)
    }
  }
  const sum = (values: typeof refusals.values) => values.reduce((total, each) => total + each.value, 0)
  const refused = sum(refusals.values.filter(({ labels }) => isServerFault(labels.code)))
  const broken = errors.values.reduce((sum, each) => sum + each.value, 0)
  return {
    requests,
    sumSeconds,
    failures: refused + broken,
    refused: sum(refusals.values),
    buckets: [...buckets].map(([le, count]) => ({ le, count })).sort((a, b) => a.le - b.le),
  }
}

const routesName = "traffic_http_request_seconds"
const isCounted = (route: string) => route.startsWith("/v1/") && !route.startsWith("/v1/demo")
const isServerFault = (code: unknown) =>
  typeof code === "string" && code in faults && faults[code as FaultCode].status >= 500

/** The buckets are cumulative; within one the answers are taken to be spread evenly. */
const percentile = (share: number, from: Counts, to: Counts): number | undefined => {
  const total = to.requests - from.requests
  if (total <= 0) return undefined
  const before = new Map(from.buckets.map(({ le, count }) => [le, count]))
  let low = 0
  let below = 0
  for (const { le, count } of to.buckets) {
    const within = count - (before.get(le) ?? 0)
    if (within >= total * share) {
      const reached = le === Infinity ? low : low + (le - low) * ((total * share - below) / Math.max(1, within - below))
      return reached * 1000
    }
    low = le
    below = within
  }
  return low * 1000
}

const round = (value: number) => Math.round(value * 100) / 100
