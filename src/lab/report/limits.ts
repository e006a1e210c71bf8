import { bearable } from "../model/conditions.ts"
import { boundOf, holds, isUpper, parseThreshold, type Threshold } from "../model/threshold.ts"
import type { RunBody } from "./wire.ts"

export type Limit = {
  line: string
  name: string
  value: number
  breaks: (value: number) => boolean
  isSteadyOnly?: boolean
  isPace?: boolean
  /** Judged over the whole run because no line shows it each second, such as a p90 or one region's answers. */
  isWhole?: boolean
}

/** Only upper bounds of latency and of failures can be drawn over time. */
export const limitsOf = (run: Pick<RunBody, "checks" | "thresholds">) => {
  const told = run.checks.flatMap(({ name, expected }) =>
    name.startsWith("k6 ") ? (parseThreshold(name.slice("k6 ".length), expected) ?? []) : [],
  )
  // A check knows its phase, so it takes precedence.
  const all = [...told, ...(run.thresholds ?? []).map(boundOf)]
    .filter(isUpper)
    .filter((each, index, list) => list.findIndex((other) => isSame(other, each)) === index)
  return {
    latency: (step: string | undefined): Limit[] =>
      all
        .filter(({ metric, tags }) => metric === "http_req_duration" && tags["step"] === step)
        .map((each) => {
          const name = `${each.stat === "med" ? "p50" : each.stat} under`
          const among = amongOf(each)
          return among === undefined && followed.includes(each.stat)
            ? limitOf(each.stat, name, each)
            : { ...limitOf("p99", among === undefined ? name : `${among}: ${name}`, each), isWhole: true }
        }),
    failed: (): Limit[] =>
      all
        .filter((each) => each.metric === "http_req_failed" && !each.tags["step"] && amongOf(each) === undefined)
        .map((each) => limitOf("Failed", "failed under", each)),
  }
}

const isSame = (a: Threshold, b: Threshold) =>
  a.metric === b.metric && a.tags["step"] === b.tags["step"] && a.stat === b.stat && a.limit === b.limit

const limitOf = (line: string, name: string, { limit, sign, tags }: Threshold): Limit => ({
  line,
  name,
  value: limit,
  breaks: (seen) => !holds({ sign, limit }, seen),
  isSteadyOnly: tags["phase"] === "steady",
})

const amongOf = ({ tags }: Threshold) =>
  Object.entries(tags)
    .filter(([name]) => name !== "step" && name !== "phase")
    .map((each) => each.join(" "))
    .join(", ") || undefined

const followed = ["p95", "p99"]

export const machineLimits: Limit[] = [
  {
    line: "k6",
    name: "k6 at most",
    value: bearable.k6Cpu,
    breaks: (seen) => seen > bearable.k6Cpu,
    isSteadyOnly: true,
  },
  {
    line: "Stolen by neighbours",
    name: "stolen at most",
    value: bearable.stolen,
    breaks: (seen) => seen > bearable.stolen,
    isSteadyOnly: true,
  },
]
