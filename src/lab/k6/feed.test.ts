import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import { openFeed, serverSentEvents } from "./feed.ts"
import { openLiveSeries } from "./live-series.ts"
import { parseMachineTicks, parseProcess, sharesBetween, ticksOfTest } from "../probe/machine.ts"
import type { Second } from "../model/figures.ts"

test("rows of a snapshot belong to all names seen so far, sorted", () => {
  const feed = openFeed()
  feed.take(
    "param",
    JSON.stringify({
      aggregates: {
        counter: ["count", "rate"],
        gauge: ["value"],
        rate: ["rate"],
        trend: ["avg", "med", "p(95)", "p(99)"],
      },
    }),
  )
  feed.take("metric", JSON.stringify({ time: { type: "gauge" }, vus: { type: "gauge" } }))
  expect(feed.take("snapshot", "[[1000],[5]]")).toEqual({
    at: epochMs(1000),
    people: 5,
    requestsPerSecond: 0,
    failedRate: 0,
  })
  feed.take(
    "metric",
    JSON.stringify({
      http_reqs: { type: "counter" },
      http_req_duration: { type: "trend" },
      http_req_failed: { type: "rate" },
    }),
  )
  const point = feed.take("snapshot", "[[3,1,2,3],[0.25],[40,20],[2000],[6]]")
  expect(point).toEqual({
    at: epochMs(2000),
    people: 6,
    requestsPerSecond: 20,
    failedRate: 0.25,
    p50Ms: 1,
    p95Ms: 2,
    p99Ms: 3,
  })
  expect(feed.take("snapshot", "[[],[],[],[3000],[]]")).toMatchObject({
    at: epochMs(3000),
    people: 6,
    requestsPerSecond: 0,
  })
  expect(feed.take("stop", "")).toBe("over")
})

test("a feed begins with the upper bounds of the script, the lines of its charts", () => {
  const params = {
    aggregates: { counter: [], gauge: [], rate: [], trend: [] },
    thresholds: {
      "http_req_duration{step:join}": ["p(99)<500"],
      http_req_failed: ["rate<0.01"],
      arrivals: ["count>0"],
    },
  }
  expect(openFeed().take("param", JSON.stringify(params))).toEqual([
    { metric: "http_req_duration", tags: { step: "join" }, stat: "p99", sign: "<", limit: 500 },
    { metric: "http_req_failed", tags: {}, stat: "rate", sign: "<", limit: 0.01 },
  ])
  expect(openFeed().take("param", JSON.stringify({ aggregates: params.aggregates }))).toEqual([])
})

test("requests and answer times of each step are those of that second", () => {
  const feed = openFeed()
  feed.take(
    "param",
    JSON.stringify({
      aggregates: { counter: ["count", "rate"], gauge: ["value"], rate: ["rate"], trend: ["p(95)", "p(99)"] },
    }),
  )
  const names = [
    "http_req_duration",
    "http_req_duration{step:hold}",
    "http_req_duration{step:join}",
    "http_reqs",
    "http_reqs{step:hold}",
    "http_reqs{step:join}",
    "time",
  ]
  const kinds = (name: string) => (name === "time" ? "gauge" : name.startsWith("http_reqs") ? "counter" : "trend")
  feed.take("metric", JSON.stringify(Object.fromEntries(names.map((name) => [name, { type: kinds(name) }]))))
  const point = feed.take("snapshot", "[[9,9],[],[7,8],[20,20],[],[20,20],[1000]]")
  expect(point).toMatchObject({
    p95Ms: 9,
    requestsPerSecond: 20,
    steps: { join: { perSecond: 20, p95Ms: 7, p99Ms: 8 }, hold: { perSecond: 0 } },
  })
})

test("events are read across chunks", async () => {
  const chunks = ['id: 1\ndata: {"a"', ":1}\nevent: param\n\nid: 2\nda", "ta: x\nevent: stop\n\nid: 3"]
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
  const points: Second[] = []
  const add = openLiveSeries(points, 8)
  for (let second = 0; second < 100; second++)
    add({ at: epochMs(second), people: 0, requestsPerSecond: 0, failedRate: 0 })
  expect(points.length).toBeLessThanOrEqual(8)
  expect(points[0]!.at).toBe(epochMs(0))
  expect(points.at(-1)!.at).toBeGreaterThan(75)
  expect(points.map((each) => Number(each.at))).toEqual(points.map((each) => Number(each.at)).toSorted((a, b) => a - b))
})

test("a peak stays when seconds share a point", () => {
  const points: Second[] = []
  const add = openLiveSeries(points, 6)
  const server = { waiting: 0, nowServing: 0, shoppers: 0, seatsAvailable: 0, seatsHeld: 0, seatsSold: 0, loopLagMs: 2 }
  for (let second = 0; second < 40; second++)
    add({
      at: epochMs(second),
      people: 0,
      requestsPerSecond: 0,
      failedRate: 0,
      p99Ms: second === 3 ? 900 : 5,
      ...server,
      ...(second === 5 && { loopLagMs: 400 }),
      ...(second === 31 && { fsyncMs: 70 }),
    })
  expect(points.length).toBeLessThanOrEqual(6)
  expect(points[0]).toMatchObject({ at: epochMs(0), p99Ms: 900, loopLagMs: 400 })
  expect(points.slice(1).map(({ p99Ms }) => p99Ms)).toEqual(points.slice(1).map(() => 5))
  expect(points.filter((each) => each.fsyncMs === 70).length).toBe(1)
  expect(points.some((each) => "p95Ms" in each)).toBe(false)
})

const machine = (worked: number, idle: number, stolen: number) =>
  parseMachineTicks(`cpu  ${worked} 0 0 ${idle} 0 0 0 ${stolen} 0 0\ncpu0 1\n`)
const line = (pid: number, name: string, parent: number, ticks: number) =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4 0 0 0 0 ${ticks - 3} 3 0 0 20 0`

test("steal, the generator's share and that of other programs come out of /proc", () => {
  expect(machine(150, 800, 50)).toEqual({ total: 1000, worked: 150, stolen: 50 })
  expect(parseProcess(line(12, "a b) c", 7, 100))).toEqual({ pid: 12, parent: 7, name: "a b) c", ticks: 100 })
  const from = {
    machine: machine(150, 800, 50),
    generator: 100,
    ours: new Map([
      [1, 20],
      [2, 100],
      [3, 500],
    ]),
  }
  const to = {
    machine: machine(270, 840, 90),
    generator: 140,
    ours: new Map([
      [1, 40],
      [2, 120],
      [4, 20],
    ]),
  }
  expect(sharesBetween(from, to)).toEqual({ stolen: 0.2, generator: 0.2, others: 0.3 })
  expect(sharesBetween({ machine: from.machine }, to)).toEqual({ stolen: 0.2 })
  expect(sharesBetween(from, from)).toEqual({})
})

test("the test's own programs are ours, their children and the stores; a compiler beside them is not", () => {
  const processes = [
    line(1, "init", 0, 10),
    line(5, "bun", 1, 20),
    line(8, "grandchild", 7, 30),
    line(7, "k6", 5, 40),
    line(9, "postgres", 1, 50),
    line(10, "cc1", 1, 60),
  ]
  expect([...ticksOfTest(processes.map(parseProcess), 5, false).keys()]).toEqual([5, 8, 7, 9])
})

test("where the stores are our own, those of another test are other programs; a worker belongs to what started it", () => {
  const processes = [
    line(4, "traffic", 1, 10),
    line(5, "traffic", 4, 20),
    line(6, "postgres", 4, 30),
    line(7, "k6", 5, 40),
    line(8, "postgres", 1, 50),
    line(9, "k6", 8, 60),
  ]
  expect([...ticksOfTest(processes.map(parseProcess), 5, true).keys()]).toEqual([4, 5, 6, 7])
})
