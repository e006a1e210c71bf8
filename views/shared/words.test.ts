import { expect, test } from "bun:test"
import {
  checkName,
  figure,
  metric,
  metricGroups,
  milliseconds,
  percent,
  sentence,
  span,
  thresholdText,
  title,
} from "./words.ts"

test("numbers are written as people write them", () => {
  expect([figure(1234), figure(12.34), figure(0), figure(99.96)]).toEqual(["1,234", "12.3", "0", "100"])
  expect([milliseconds(3.14), milliseconds(12_300)]).toEqual(["3.1 ms", "12.3 s"])
  expect([percent(0.0123), percent(0.000_04), percent(1)]).toEqual(["1.23 %", "0.004 %", "100 %"])
  expect([span(0), span(95_000), span(3_600_000), span(59_600)]).toEqual(["0 s", "1 min 35 s", "1 h", "1 min"])
})

test("names of programs become words", () => {
  expect(title("launch_spike")).toBe("Launch spike")
  expect(sentence("k6 is missing")).toBe("k6 is missing.")
  expect(sentence("try again!")).toBe("Try again!")
})

test("a check is told by its mark and its words", () => {
  expect(checkName("I5 joins kept")).toEqual({ mark: "I5", text: "Joins kept" })
  expect(checkName("k6 http_req_duration{step:status,phase:steady}")).toEqual({
    mark: "k6",
    text: "Time to answer a status poll in the steady phase",
  })
  expect(checkName("k6 something_new{a:b}")).toEqual({ mark: "k6", text: "something_new{a:b}" })
})

test("a threshold is told in words, and what is no threshold stays as it is", () => {
  expect(thresholdText("k6 http_req_duration{step:join}", "p(99)<500")).toBe("p99 under 500 ms")
  expect(thresholdText("k6 http_req_duration{step:join}", "p(99) = 31.9")).toBe("p99 31.9 ms")
  expect(thresholdText("k6 http_req_failed", "rate<0.01")).toBe("under 1 %")
  expect(thresholdText("k6 arrivals", "count>0")).toBe("at least one")
  expect(thresholdText("k6 position_changes", "count<1")).toBe("none")
  expect(thresholdText("k6 arrivals", "no sample")).toBe("no sample")
})

test("figures come in one order, and none is dropped", () => {
  const metrics = {
    hold_count: 3,
    brand_new: 1,
    tickets_sold: 2,
    http_req_duration_p99_ms: 5.5,
    join_count: 4,
    arrivals: 9,
    k6_cpu_pct: 12,
  }
  const names = metricGroups(metrics).flatMap((each) => each.names)
  expect(names.toSorted()).toEqual(Object.keys(metrics).toSorted())
  expect(metricGroups(Object.fromEntries(Object.entries(metrics).toReversed()))).toEqual(metricGroups(metrics))
  expect(metric("http_req_duration_p99_ms", 5.5)).toEqual({ name: "All, p99", text: "5.5 ms" })
  expect(metric("brand_new", 1)).toEqual({ name: "Brand new", text: "1" })
  expect(metric("join_p50_ms", 2)).toEqual({ name: "Join, p50", text: "2 ms" })
  expect(metric("server_cpu_ms_per_request", 3.3)).toEqual({ name: "CPU of the server per request", text: "3.3 ms" })
})
