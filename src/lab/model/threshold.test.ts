import { expect, test } from "bun:test"
import { boundBody, boundOf, holds, parseThreshold, valueName, type Sign } from "./threshold.ts"

test.each([
  [
    "http_req_duration{step:join}",
    "p(99)<500",
    { metric: "http_req_duration", tags: { step: "join" }, stat: "p99", sign: "<", limit: 500 },
  ],
  [
    "http_req_duration{phase:steady,step:status}",
    "med <= 20.5",
    { metric: "http_req_duration", tags: { phase: "steady", step: "status" }, stat: "med", sign: "<=", limit: 20.5 },
  ],
  ["http_req_failed", "rate<.01", { metric: "http_req_failed", tags: {}, stat: "rate", sign: "<", limit: 0.01 }],
  ["arrivals", "count>0", { metric: "arrivals", tags: {}, stat: "count", sign: ">", limit: 0 }],
  ["arrivals", "count===3", { metric: "arrivals", tags: {}, stat: "count", sign: "==", limit: 3 }],
  ["arrivals", "no sample", undefined],
  ["network arrivals", "count>0", undefined],
] as const)("%s with %s is %p", (metric, expression, threshold) => {
  expect(parseThreshold(metric, expression)).toEqual(threshold)
})

test("a value of k6 is found by the stat of a threshold", () => {
  expect(["p99", "p99.9", "med", "rate"].map(valueName)).toEqual(["p(99)", "p(99.9)", "med", "rate"])
})

test.each([
  ["<", [true, false, false]],
  ["<=", [true, true, false]],
  [">", [false, false, true]],
  [">=", [false, true, true]],
  ["==", [false, true, false]],
  ["!=", [true, false, true]],
] as [Sign, boolean[]][])("%s holds for less, the same and more: %p", (sign, expected) => {
  expect([1, 2, 3].map((seen) => holds({ sign, limit: 2 }, seen))).toEqual(expected)
})

test("a bound survives the wire, also one of an earlier run", () => {
  const bound = parseThreshold("http_req_duration{step:join}", "p(99)<500")!
  const body = { metric: "http_req_duration", step: "join", stat: "p99", limit: 500, unit: "ms" as const }
  expect(boundBody(bound)).toEqual(body)
  expect([boundOf(body), boundOf({ ...body, stat: "p(99)" }), boundOf(bound)]).toEqual([bound, bound, bound])
})
