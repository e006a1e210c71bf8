import type { LoadSecond, StepSecond } from "../model/figures.ts"
import { epochMs } from "../../units.ts"
import { isUpper, parseThreshold, stepOf, type Threshold } from "../model/threshold.ts"

type Kind = "counter" | "gauge" | "rate" | "trend"

/**
 * Understands the events of k6's own dashboard: row i of a snapshot belongs to the i-th of all metric names seen so far, sorted.
 * @returns the upper bounds of the script once at the beginning, a point for a snapshot, "over" at the end, undefined otherwise.
 */
export const openFeed = () => {
  const kinds = new Map<string, Kind>()
  let people = 0
  let aggregates: Record<Kind, string[]> = { counter: [], gauge: [], rate: [], trend: [] }
  const pointOf = (rows: number[][]): LoadSecond | undefined => {
    const names = [...kinds.keys()].sort()
    const read = (name: string, field: string) => {
      const kind = kinds.get(name)
      return kind === undefined ? undefined : rows[names.indexOf(name)]?.[aggregates[kind].indexOf(field)]
    }
    const at = read("time", "value")
    if (at === undefined) return undefined
    // A busy k6 leaves a second out; nobody has gone because of that.
    people = read("vus", "value") ?? people
    return {
      at: epochMs(at),
      people,
      requestsPerSecond: read("http_reqs", "rate") ?? 0,
      failedRate: read("http_req_failed", "rate") ?? 0,
      p50Ms: read("http_req_duration", "med"),
      p95Ms: read("http_req_duration", "p(95)"),
      p99Ms: read("http_req_duration", "p(99)"),
      steps: stepsOf(names, read),
    }
  }
  return {
    take: (event: string, data: string): LoadSecond | Threshold[] | "over" | undefined => {
      switch (event) {
        case "param": {
          const params = JSON.parse(data) as { aggregates: typeof aggregates; thresholds?: Record<string, string[]> }
          aggregates = params.aggregates
          return Object.entries(params.thresholds ?? {}).flatMap(([metric, expressions]) =>
            expressions.flatMap((each) => parseThreshold(metric, each) ?? []).filter(isUpper),
          )
        }
        case "metric":
          for (const [name, { type }] of Object.entries(JSON.parse(data) as Record<string, { type: Kind }>))
            kinds.set(name, type)
          return undefined
        case "snapshot":
          return pointOf(JSON.parse(data) as number[][])
        case "stop":
          return "over"
        default:
          return undefined
      }
    },
  }
}

/** The dashboard is told to split every metric by the tag `step`. A step without an answer in that second has no times. */
const stepsOf = (names: string[], read: (name: string, field: string) => number | undefined): LoadSecond["steps"] => {
  const steps = names
    .flatMap((name) => stepOf(name, "http_reqs") ?? [])
    .slice(0, stepsMax)
    .map((step): [string, StepSecond] => [
      step,
      {
        perSecond: read(`http_reqs{step:${step}}`, "rate") ?? 0,
        p95Ms: read(`http_req_duration{step:${step}}`, "p(95)"),
        p99Ms: read(`http_req_duration{step:${step}}`, "p(99)"),
      },
    ])
  return steps.length === 0 ? undefined : Object.fromEntries(steps)
}
const stepsMax = 40

/** Follows the dashboard until the run is over. Ends quietly whatever happens: the feed is for the eye, the verdict needs none of it. */
export const followFeed = async (
  url: string,
  {
    onPoint,
    onThresholds = () => {},
  }: { onPoint: (point: LoadSecond) => void; onThresholds?: (all: Threshold[]) => void },
  signal: AbortSignal,
): Promise<void> => {
  const feed = openFeed()
  try {
    const response = await fetch(url, { signal })
    if (response.body === null) return
    for await (const { event, data } of serverSentEvents(response.body)) {
      const said = feed.take(event, data)
      if (said === "over") return
      if (Array.isArray(said)) onThresholds(said)
      else if (said !== undefined) onPoint(said)
    }
  } catch {}
}

const mostUnread = 4_000_000

/** Splits a body into events; a block over 4 MB ends the stream. */
export const serverSentEvents = async function* (
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ event: string; data: string }> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > mostUnread) return
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n")
      text = text.slice(end + 2)
      const field = (name: string) =>
        lines
          .filter((each) => each.startsWith(`${name}: `))
          .map((each) => each.slice(name.length + 2))
          .join("\n")
      yield { event: field("event"), data: field("data") }
    }
  }
}
