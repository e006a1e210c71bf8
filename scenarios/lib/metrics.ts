import { Counter, Trend } from "k6/metrics"
import { settings } from "./settings.ts"

/** How much later than planned a person came: large when the generator, not the server, is the limit. */
export const arrivalLag = new Trend("arrival_lag", true)
export const pollLag = new Trend("poll_lag", true)
export const arrivals = new Counter("arrivals")
export const done = new Counter("done")
export const positionsCompared = new Counter("positions_compared")
export const positionChanges = new Counter("position_changes")
/** Time that messages of people who are far away were under way, in ms. */
export const onTheWay = new Counter("on_the_way_ms")
/** Answers that tell a person to come later or elsewhere, by tag `why`. */
export const refusals = new Counter("refusals")

export type Step =
  | "join"
  | "status"
  | "stream"
  | "admission"
  | "seats"
  | "hold"
  | "checkout"
  | "events"
  | "event"
  | "sale"
  | "board"
  | "tickets"
  | "grab"
  | "hoard"
  | "pay"

export const wholeVisit: Step[] = ["join", "status", "admission", "seats", "hold", "checkout"]

/** Each named step has to happen at least once, for a threshold without samples passes. */
export const thresholdsFor = (steps: Step[]): Record<string, string[]> => ({
  "http_req_duration{step:join}": ["p(99)<500"],
  "http_req_duration{step:status,phase:steady}": ["p(99)<200"],
  http_req_failed: ["rate<0.01"],
  position_changes: ["count<1"],
  positions_compared: ["count>0"],
  arrivals: ["count>0"],
  ...Object.fromEntries(steps.map((step) => [`done{step:${step}}`, ["count>0"]])),
})

/** One VU is one person who comes once. `more`: thresholds of this scenario alone. */
export const oneVuEach = (steps: Step[], more: Record<string, string[]> = {}) => ({
  discardResponseBodies: true,
  noCookiesReset: true,
  scenarios: {
    people: {
      executor: "per-vu-iterations" as const,
      vus: settings.share?.count ?? settings.people,
      iterations: 1,
      maxDuration: `${Math.ceil((settings.ramp_ms + settings.steady_ms + settings.down_ms) / 1000) + 10}s`,
      gracefulStop: "5s",
    },
  },
  thresholds: { ...thresholdsFor(steps), ...more },
})
