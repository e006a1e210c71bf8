import { expect, test } from "bun:test"
import type { LogFields } from "../../log.ts"
import { openMetrics } from "../../metrics.ts"
import { nameOf, routesOnNothing } from "../../testing/routes.ts"
import { busyPage } from "../pages/fan/notice.ts"
import { openBusyShare } from "./busy-share.ts"
import { openOverloaded } from "./overloaded.ts"
import { everyMs, openPressure, pressureMax } from "./pressure.ts"
import { openShedding } from "./shedding.ts"
import { workOf } from "./route.ts"
import { works, type Work } from "./work.ts"

/** A loop that is as late as it is told, without any time passing. */
const openSlowed = ({ isOn = true } = {}) => {
  let at = 0
  let busy = 1
  const lines: { fields: LogFields; message: string }[] = []
  const write = (fields: LogFields, message: string) => void lines.push({ fields, message })
  const metrics = openMetrics()
  const pressure = openPressure({ now: () => at, busyShare: () => busy })
  const log = { debug: write, info: write, warn: write, error: write }
  const shedding = openShedding({ config: { isShedding: isOn }, metrics, log, pressure })
  return {
    shedding,
    pressure,
    metrics,
    lines,
    /** Looks that come so late each, for so long. */
    late: (lagMs: number, forMs: number, busyShare = 1) => {
      busy = busyShare
      for (const until = at + forMs; at < until; shedding.look()) at += everyMs + lagMs
    },
  }
}

/** Of 1,000 who come one after the other, how many are let in. */
const letIn = ({ shedding }: ReturnType<typeof openSlowed>, work: Work) => {
  const desk = shedding.desk(work)
  let some = 0
  for (let nth = 0; nth < 1000; nth++) {
    if (!desk.enter()) continue
    some++
    desk.leave()
  }
  return some
}
const letInOfAll = (slowed: ReturnType<typeof openSlowed>) =>
  Object.fromEntries(works.map((work) => [work, letIn(slowed, work)]))

test("nobody is refused while the loop is on time", () => {
  const slowed = openSlowed()
  slowed.late(3, 5000)
  expect(new Set(Object.values(letInOfAll(slowed)))).toEqual(new Set([1000]))
  expect(slowed.lines).toEqual([])
})

test("under pressure the least is refused first, shoppers and operators never, and nobody altogether", () => {
  const slowed = openSlowed()
  const order: Work[] = ["rest", "pages", "polls", "joins"]
  for (const [index, work] of order.entries()) {
    while (letIn(slowed, work) === 1000 && slowed.pressure.level() < pressureMax) slowed.late(40, 100)
    expect(letIn(slowed, work)).toBeLessThan(1000)
    for (const kept of order.slice(index + 1)) expect([work, kept, letIn(slowed, kept)]).toEqual([work, kept, 1000])
  }
  slowed.late(40, 5000)
  const all = letInOfAll(slowed)
  expect([all["shoppers"], all["operators"], all["health"]]).toEqual([1000, 1000, 1000])
  for (const work of order) {
    expect(all[work]).toBeGreaterThan(20)
    expect(all[work]).toBeLessThan(100)
  }
})

test("it takes a while of lag to begin, and less than 30 s without to end", () => {
  const slowed = openSlowed()
  slowed.late(60, 350)
  slowed.late(0, 200)
  expect(letIn(slowed, "rest")).toBe(1000)
  slowed.late(100, 5000)
  expect(letIn(slowed, "joins")).toBeLessThan(100)
  slowed.late(0, 5000)
  expect(letIn(slowed, "rest")).toBeLessThan(100)
  slowed.late(0, 24_000)
  expect(new Set(Object.values(letInOfAll(slowed)))).toEqual(new Set([1000]))
})

test("a loop that others keep from running is not overloaded", () => {
  const slowed = openSlowed()
  slowed.late(200, 10_000, 0.3)
  expect(letIn(slowed, "rest")).toBe(1000)
})

test("switched off, nobody is refused, however late the loop is and however many are in work", () => {
  const slowed = openSlowed({ isOn: false })
  slowed.late(100, 5000)
  for (const work of works) for (let nth = 0; nth < 10_000; nth++) expect(slowed.shedding.desk(work).enter()).toBe(true)
  expect(slowed.lines).toEqual([])
})

test("one long pause among short ones is not overload", () => {
  const slowed = openSlowed()
  for (let nth = 0; nth < 50; nth++) {
    slowed.late(600, 1)
    slowed.late(0, 90)
  }
  expect(letIn(slowed, "rest")).toBe(1000)
})

test("what is in work at one time is bounded for each class, and whoever leaves makes room", () => {
  for (const work of works) {
    const { shedding } = openSlowed()
    const desk = shedding.desk(work)
    let most = 0
    while (desk.enter()) expect(++most).toBeLessThan(10_000)
    expect(most).toBeGreaterThan(100)
    expect(desk.enter()).toBe(false)
    desk.leave()
    expect(desk.enter()).toBe(true)
  }
})

test("an operator reads one line when it begins and one when it ends, with counts, and sees both in metrics", async () => {
  const slowed = openSlowed()
  slowed.late(100, 5000)
  letIn(slowed, "pages")
  slowed.late(100, 100)
  letIn(slowed, "joins")
  slowed.late(100, 1000)
  expect(slowed.lines.map((each) => each.message)).toEqual(["more is asked than can be done: load is shed"])
  slowed.late(0, 30_000)
  expect(slowed.lines.map((each) => each.message).slice(1)).toEqual(["load is shed no more"])
  expect(slowed.lines[1]!.fields.detail).toBe("joins 949, pages 949")
  expect(slowed.lines[1]!.fields.count).toBe(1898)
  const text = await slowed.metrics.text()
  expect(text).toContain('traffic_shed_total{class="pages"} 949')
  expect(text).toContain('traffic_http_in_flight{class="pages"} 0')
  expect(text).toContain('traffic_http_in_flight_limit{class="pages"} 512')
})

test("each address has the class that its row says, the crowd's and the shop's above all", () => {
  const named = Object.fromEntries(routesOnNothing().map((route) => [nameOf(route), workOf(route)]))
  expect(named).toMatchObject({
    "GET /health/ready": "health",
    "GET /v1/sales/:id/seats": "shoppers",
    "POST /v1/sales/:id/holds": "shoppers",
    "POST /v1/sales/:id/checkout": "shoppers",
    "DELETE /v1/sales/:id/admission": "shoppers",
    "POST /sales/:id/checkout/:hold": "shoppers",
    "POST /v1/sales/:id/waiting-room/join": "joins",
    "POST /sales/:id/join": "joins",
    "GET /assets/:name": "joins",
    "GET /v1/sales/:id/waiting-room/status": "polls",
    "GET /v1/sales/:id/waiting-room/board": "polls",
    "GET /sales/:id/place.json": "polls",
    "GET /v1/events": "pages",
    "GET /v1/me/tickets": "pages",
    "GET /events/:id": "pages",
    "POST /v1/auth/register": "rest",
    "POST /signin": "rest",
    "GET /metrics": "health",
    "POST /v1/admin/sales/:id/pause": "operators",
    "POST /console/sales/:id/pause": "operators",
    "GET /console/sales/:id/queue.csv": "rest",
    "GET /v1/admin/sales/:id/queue-entries": "rest",
  })
  const asks = routesOnNothing().filter((route) => workOf(route) === "shoppers")
  for (const route of asks) expect([nameOf(route), /admission|shopper/.test(route.who)]).toEqual([nameOf(route), true])
})

test("a refusal is a problem document for programs and a page for people, and spreads when they come back", async () => {
  const overloaded = openOverloaded({ metrics: openMetrics(), pageOf: busyPage })
  const waits = new Set<string | null>()
  for (let nth = 0; nth < 200; nth++) {
    const answer = overloaded(new Request("http://localhost/v1/events?q=a", { method: "POST", body: "{" }))
    waits.add(answer.headers.get("retry-after"))
    expect([answer.status, answer.headers.get("content-type")]).toEqual([503, "application/problem+json"])
    expect(await answer.json()).toMatchObject({ code: "overloaded", instance: "/v1/events", status: 503 })
  }
  expect(waits.size).toBeGreaterThan(5)
  for (let nth = 0; nth < 3; nth++) {
    const page = overloaded(new Request("http://localhost/events", { headers: { accept: "text/html" } }))
    expect([page.status, Number(page.headers.get("retry-after")) >= 2]).toEqual([503, true])
    expect(await page.text()).toContain("Many people are here at this moment")
  }
})

test("time on a core and time in line for one count as busy; where nobody tells, the loop is taken for busy", () => {
  let text: string | undefined = "1000000 2000000 3"
  const share = openBusyShare(() => text)
  text = "31000000 62000000 4"
  expect(share(100)).toBeCloseTo(0.9)
  expect(share(100)).toBe(0)
  expect(openBusyShare(() => undefined)(100)).toBe(1)
})
