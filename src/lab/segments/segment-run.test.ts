import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rushing, timetableOf } from "../../../scenarios/lib/timetable.ts"
import { openClock } from "../../clock.ts"
import { trustedId, type SaleId } from "../../ids.ts"
import { lookupK6 } from "../../testing/lab/k6.ts"
import { later, millis, minutes, seconds } from "../../units.ts"
import { version } from "../../version.ts"
import { parsePart } from "./part.ts"
import type { Plan } from "./plan.ts"
import { runSegment, type SegmentRun } from "./segment-run.ts"

const clock = openClock()
const folder = mkdtempSync(join(tmpdir(), "traffic-share-"))
const visitors: { token: string; address: string }[] = []
let sentOn = 0
const elsewhere = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => (sentOn++, new Response("{}")) })
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, { requestIP }) => {
    const token = request.headers.get("authorization")?.split(" ")[1] ?? ""
    visitors.push({ token, address: requestIP.call(server, request)!.address })
    return new Response(null, { status: 302, headers: { location: `http://127.0.0.1:${elsewhere.port}/join` } })
  },
})
afterAll(async () => {
  await Promise.all([server.stop(true), elsewhere.stop(true)])
  rmSync(folder, { recursive: true, force: true })
})

/** The clock of the server is an hour ahead. */
const ahead = minutes(60)
const settings = {
  scenario: "launch_spike",
  vusMax: 6,
  rampUp: seconds(1),
  steady: seconds(1),
  rampDown: seconds(0),
  admitPerMinute: 60,
  waitingRoomCap: 10,
  totalSeats: 10,
  seed: 3,
  saleId: trustedId<SaleId>("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
}
const planAt = (startIn: number): Plan => ({
  planId: "01ARZ3NDEKTSV4RRFFQ69G5FAW",
  trafficVersion: version,
  scriptHash: "script",
  settings,
  target: `http://127.0.0.1:${server.port}`,
  startsAt: later(later(clock(), ahead), millis(startIn)),
  fans: Array.from({ length: 6 }, (_, index) => ({ user_id: `fan${index + 1}`, token: `token${index + 1}` })),
  hash: "hash",
})

const run = async (plan: Plan, changes: Partial<SegmentRun> = {}) => {
  const k6 = await lookupK6()
  if ("missing" in k6) throw new Error(k6.missing)
  return runSegment({
    plan,
    segment: { index: 2, of: 3 },
    baseUrl: plan.target,
    isLoopback: true,
    k6,
    folder: join(folder, crypto.randomUUID()),
    out: join(folder, "part.ndjson"),
    clock,
    offset: async () => ({ offsetMs: ahead, uncertaintyMs: 1 }),
    announce: () => {},
    stop: new AbortController().signal,
    ...changes,
  })
}

test("a segment plays its own people from its own addresses, at their moments, and is sent nowhere else", async () => {
  const plan = planAt(8000)
  expect(await run(plan)).toMatchObject({ state: "written", people: 2 })
  const part = parsePart(await Bun.file(join(folder, "part.ndjson")).text(), "part.ndjson")

  expect([...new Set(visitors.map((each) => each.token))].toSorted()).toEqual(["token2", "token5"])
  expect([...new Set(visitors.map((each) => each.address))].toSorted()).toEqual(["127.1.0.3", "127.1.0.4"])
  expect(sentOn).toBe(0)
  expect(part.summary.metrics["arrivals"]?.values["count"]).toBe(2)

  const of = { people: 6, ramp_ms: settings.rampUp, steady_ms: settings.steady, down_ms: 0, seed: settings.seed }
  for (const id of [2, 5]) {
    const first = part.history.joins.find((each) => each.account === `fan${id}`)!
    const planned = plan.startsAt - ahead + timetableOf(id, of, rushing).arrivesAfter
    expect(first.sent).toBeGreaterThanOrEqual(Math.floor(planned))
  }
}, 30_000)

test("a start that has passed on the clock of the server is too late, however early it is here", async () => {
  expect(await run(planAt(-1000))).toMatchObject({ state: "late" })
  expect(await run(planAt(500))).toMatchObject({ state: "late" })
})

test("whoever stops a segment that waits leaves no part and no k6", async () => {
  const stopping = new AbortController()
  const out = join(folder, "stopped.ndjson")
  const ending = await run(planAt(60_000), { out, stop: stopping.signal, announce: () => stopping.abort() })
  expect([ending, await Bun.file(out).exists()]).toEqual([{ state: "stopped" }, false])
}, 30_000)
