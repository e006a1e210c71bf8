import type { Tolerance } from "./noise.ts"
import type { RunRecord } from "../report/record.ts"

export const serverCpu = "server_cpu_ms_per_request"

export type Subject = {
  metric: string
  label: string
  unit: string
  tolerance: Tolerance
  percentile?: number
  step?: string
}

export const subjectsOf = (runs: RunRecord[]): Subject[] => {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))]
  if (names.includes(capacity.metric)) return [capacity]
  const steps = names.flatMap((metric): Subject[] => {
    const [, step = "", percentile = ""] = /^([a-z0-9_]+)_p(50|95|99)_ms$/.exec(metric) ?? []
    // The total of requests hides a slow checkout behind fast polls, and the lag belongs to the generator.
    if (step === "" || step === "http_req_duration" || step === "arrival_lag") return []
    // Steps without a threshold come from k6's record, where the slowest hundredth is only a handful of requests.
    const recorded = /^step_(.+)$/.exec(step)?.[1]
    if (recorded !== undefined && (percentile === "99" || names.includes(`${recorded}_p95_ms`))) return []
    const label = `${(recorded ?? step).replaceAll("_", " ")} p${percentile}`
    return [
      {
        metric,
        label,
        unit: "ms",
        tolerance: percentile === "50" ? middle : tail,
        percentile: Number(percentile),
        step,
      },
    ]
  })
  return [...steps, ...wholeRun.filter(({ metric }) => names.includes(metric))]
}

/**
 * Measured with 220 people on two busy cores: the median of all requests repeats within 10 % from run to run, while
 * the p95 varies from half to four times, whatever the build.
 */
const middle: Tolerance = {
  better: "lower",
  floor: { share: 0.15, amount: 0.3 },
  band: { share: 0.5, amount: 1 },
}
const tail: Tolerance = {
  better: "lower",
  floor: { share: 0.15, amount: 2 },
  band: { share: 2, amount: 150 },
}
const wholeRun: Subject[] = [
  {
    metric: "http_req_failed_rate",
    label: "failed requests",
    unit: "share",
    // A normal run has an error budget of one in a thousand.
    tolerance: { better: "lower", floor: { share: 0.5, amount: 0.001 }, band: { share: 1, amount: 0.005 } },
  },
  {
    metric: "http_reqs_per_second",
    label: "requests per second",
    unit: "/s",
    tolerance: { better: "higher", floor: { share: 0.1, amount: 1 }, band: { share: 0.3, amount: 10 } },
  },
  {
    metric: serverCpu,
    label: "server CPU per request",
    unit: "ms",
    tolerance: { better: "lower", floor: { share: 0.1, amount: 0.05 }, band: { share: 0.4, amount: 0.2 } },
  },
  {
    metric: "server_memory_max_mb",
    label: "server memory, most",
    unit: "MB",
    tolerance: { better: "lower", floor: { share: 0.15, amount: 15 }, band: { share: 0.4, amount: 60 } },
  },
]

/** A search for capacity overloads the server on purpose, so only its result counts. */
const capacity: Subject = {
  metric: "capacity_per_second",
  label: "capacity",
  unit: "/s",
  tolerance: { better: "higher", floor: { share: 0.2, amount: 5 }, band: { share: 0.4, amount: 20 } },
}
