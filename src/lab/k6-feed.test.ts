import { expect, test } from "bun:test"
import { epochMs } from "../units.ts"
import { openFeed, serverSentEvents } from "./k6-feed.ts"
import { openLiveSeries } from "./live-series.ts"
import { parseMachineTicks, parseProcessTicks, sharesBetween } from "./machine.ts"
import type { LivePoint } from "./run.ts"

test("rows of a snapshot belong to all names seen so far, sorted", () => {
  const feed = openFeed()
  feed.take("param", JSON.stringify({ aggregates: { counter: ["count", "rate"], gauge: ["value"], rate: ["rate"], trend: ["avg", "p(95)", "p(99)"] } }))
  feed.take("metric", JSON.stringify({ time: { type: "gauge" }, vus: { type: "gauge" } }))
  expect(feed.take("snapshot", "[[1000],[5]]")).toEqual({ at: epochMs(1000), people: 5, requestsPerSecond: 0, failedShare: 0 })
  feed.take("metric", JSON.stringify({ http_reqs: { type: "counter" }, http_req_duration: { type: "trend" }, http_req_failed: { type: "rate" } }))
  const point = feed.take("snapshot", "[[1,2,3],[0.25],[40,20],[2000],[6]]")
  expect(point).toEqual({ at: epochMs(2000), people: 6, requestsPerSecond: 20, failedShare: 0.25, p95Ms: 2, p99Ms: 3 })
  expect(feed.take("stop", "")).toBe("over")
})

test("events are read across chunks", async () => {
  const chunks = ["id: 1\ndata: {\"a\"", ":1}\nevent: param\n\nid: 2\nda", "ta: x\nevent: stop\n\nid: 3"]
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
  expect(await Array.fromAsync(serverSentEvents(body))).toEqual([
    { event: "param", data: '{"a":1}' },
    { event: "stop", data: "x" },
  ])
})

test("a series stays within its bound and keeps the whole span", () => {
  const points: LivePoint[] = []
  const add = openLiveSeries(points, 8)
  for (let second = 0; second < 100; second++) add({ at: epochMs(second), people: 0, requestsPerSecond: 0, failedShare: 0 })
  expect(points.length).toBeLessThanOrEqual(8)
  expect(points[0]!.at).toBe(epochMs(0))
  expect(points.at(-1)!.at).toBeGreaterThan(75)
  expect(points.map((each) => Number(each.at))).toEqual(points.map((each) => Number(each.at)).toSorted((a, b) => a - b))
})

test("steal and a process's share come out of /proc", () => {
  const from = { machine: parseMachineTicks("cpu  100 0 50 800 10 0 5 35 0 0\ncpu0 1\n"), process: parseProcessTicks("12 (a b) c) S 1 1 1 0 -1 4 0 0 0 0 70 30 0 0 20 0") }
  expect(from).toEqual({ machine: { total: 1000, stolen: 35 }, process: 100 })
  const to = { machine: { total: 1200, stolen: 65 }, process: 140 }
  expect(sharesBetween(from, to)).toEqual({ stolen: 0.15, process: 0.2 })
  expect(sharesBetween(from, from)).toEqual({})
  expect(sharesBetween(from, { ...to, process: undefined })).toEqual({ stolen: 0.15 })
})
