import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import type { LoadSecond } from "../model/figures.ts"
import { mergeLive } from "./merge-live.ts"

const point = (at: number, people: number, rest: Partial<LoadSecond> = {}): LoadSecond => ({
  at: epochMs(at),
  people,
  requestsPerSecond: 10,
  failedRate: 0,
  ...rest,
})
const seconds = (from: number, people: number[]) => people.map((each, index) => point(from + index * 1000, each))

test("people and requests of machines that count their seconds apart add up without holes", () => {
  const merged = mergeLive([
    { points: seconds(0, [1, 2, 3, 4]), offsetMs: 0 },
    { points: seconds(400, [10, 20, 30, 40]), offsetMs: 0 },
  ])
  expect(merged.map((each) => each.people)).toEqual([1, 12, 23, 34])
  expect(merged.slice(1, 4).map((each) => each.requestsPerSecond)).toEqual([20, 20, 20])
})

test("every machine is put on the clock of the server", () => {
  const merged = mergeLive([
    { points: seconds(5000, [1, 1]), offsetMs: 0 },
    { points: seconds(2000, [2, 2]), offsetMs: 3000 },
  ])
  expect(merged.map(({ at, people }) => [at as number, people])).toEqual([
    [5000, 3],
    [6000, 3],
  ])
})

test("a machine that has fallen silent counts no more", () => {
  const merged = mergeLive([
    { points: seconds(0, [1]), offsetMs: 0 },
    { points: seconds(0, [5, 5, 5]), offsetMs: 0 },
  ])
  expect(merged.map((each) => each.people)).toEqual([6, 6, 5])
})

test("failures are weighed by requests, and of percentiles the highest stays", () => {
  const [merged] = mergeLive([
    {
      points: [point(0, 1, { requestsPerSecond: 90, p99Ms: 10, steps: { join: { perSecond: 5, p99Ms: 7 } } })],
      offsetMs: 0,
    },
    {
      points: [point(0, 1, { failedRate: 0.5, p99Ms: 80, steps: { join: { perSecond: 6 }, hold: { perSecond: 1 } } })],
      offsetMs: 0,
    },
  ])
  expect(merged).toMatchObject({ failedRate: 0.05, p99Ms: 80 })
  expect(merged!.steps).toEqual({ join: { perSecond: 11, p99Ms: 7 }, hold: { perSecond: 1 } })
})

test("series that were thinned out stay whole", () => {
  const thin = Array.from({ length: 5 }, (_, index) => point(index * 4000, 2))
  expect(
    mergeLive([
      { points: thin, offsetMs: 0 },
      { points: thin, offsetMs: 100 },
    ]).map((each) => each.people),
  ).toEqual([2, 4, 4, 4, 4])
})

test("no series is no series", () => {
  expect(mergeLive([{ points: [], offsetMs: 0 }])).toEqual([])
})
