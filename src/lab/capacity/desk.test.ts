import { afterEach, expect, test } from "bun:test"
import type { StepPlan, StepReport } from "../../../scenarios/lib/desk.ts"
import { epochMs, seconds } from "../../units.ts"
import { openCapacityDesk, type CapacityDesk } from "./desk.ts"

let desk: CapacityDesk
afterEach(() => desk.close())

const start = 1_800_000_000_000
const ask = async (report: Partial<StepReport>): Promise<StepPlan> => {
  const whole: StepReport = { person: 1, step: 0, sent: 0, answered: 0, failed: 0, waits: {}, late: {}, ...report }
  const answer = await fetch(desk.url, { method: "POST", body: JSON.stringify(whole) })
  return (await answer.json()) as StepPlan
}

test("everybody hears the same rate once all have reported, and the search ends at what the server bears", async () => {
  let now = start
  let overs = 0
  desk = openCapacityDesk({ clock: () => epochMs(now), people: 3, length: seconds(60), onOver: () => overs++ })
  const bears = 30
  let plans = await Promise.all([1, 2, 3].map((person) => ask({ person })))
  for (let rounds = 0; rounds < 30; rounds++) {
    const plan = plans[0]!
    if ("over" in plan) break
    const { step, rate, from_ms, until_ms } = plan
    expect(plans).toEqual([plan, plan, plan])
    now = until_ms
    const sent = (rate * (until_ms - from_ms)) / 3000
    // Bucket 40 ends at 33.9 ms, bucket 80 at 1115 ms.
    const waits = { [rate > bears ? 80 : 40]: Math.ceil(sent) }
    plans = await Promise.all([1, 2, 3].map((person) => ask({ person, step, sent, answered: sent, waits })))
  }
  expect(plans).toEqual([{ over: true }, { over: true }, { over: true }])
  expect(overs).toBe(1)
  expect(desk.most).toBe(48)
  expect(desk.steps[0]).toMatchObject({ rate: 48, failedShare: 0, from: start + 201.5 })
  expect(desk.steps[0]!.p95Ms).toBeCloseTo(2 ** (81 / 8) - 1)
  expect(Math.max(...desk.steps.filter(({ p95Ms }) => p95Ms < 200).map(({ rate }) => rate))).toBeGreaterThan(27)
})

test("a search whose time is over ends, and whoever reports an old step hears the present one", async () => {
  let now = start
  desk = openCapacityDesk({ clock: () => epochMs(now), people: 1, length: seconds(10) })
  const first = await ask({})
  expect(first).toMatchObject({ step: 1, from_ms: start + 200.5 })
  expect(await ask({ step: 0 })).toEqual(first)
  now = start + 9500
  expect(await ask({ step: 1, sent: 1, answered: 1, waits: { 1: 1 } })).toEqual({ over: true })
  expect(desk.steps).toHaveLength(1)
})
