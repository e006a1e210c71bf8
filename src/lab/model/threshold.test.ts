import { expect, test } from "bun:test"
import { parseBound } from "./threshold.ts"

test.each([
  [
    "http_req_duration{step:join}",
    "p(99)<500",
    { metric: "http_req_duration", step: "join", stat: "p99", limit: 500, unit: "ms" },
  ],
  [
    "http_req_duration{phase:steady,step:status}",
    "med<=20.5",
    { metric: "http_req_duration", step: "status", stat: "med", limit: 20.5, unit: "ms" },
  ],
  ["http_req_failed", "rate<0.01", { metric: "http_req_failed", stat: "rate", limit: 0.01, unit: "share" }],
  ["ways_in", "count<1", { metric: "ways_in", stat: "count", limit: 1, unit: "count" }],
  ["arrivals", "count>0", undefined],
] as const)("%s with %s is the line %p", (metric, expression, bound) => {
  expect(parseBound(metric, expression)).toEqual(bound)
})
