import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import { measureOffset, onOurClock, spanningOffset } from "./clock-offset.ts"

/** A clock that is `ahead` of ours, asked over a line that takes so long there and back. */
const measured = (ahead: number, trips: [there: number, back: number][]) => {
  let now = 1000
  let trip = 0
  const ask = async () => {
    const [there, back] = trips[trip++ % trips.length]!
    now += there
    const told = epochMs(now + ahead)
    now += back
    return told
  }
  return measureOffset(ask, () => epochMs(now), trips.length)
}

test("the true offset is never further away than the uncertainty says", async () => {
  for (const ahead of [-7_200_000, -3, 0, 5000])
    for (const trips of [
      [[4, 4]],
      [
        [100, 0],
        [0, 90],
        [20, 30],
      ],
      [[0, 50]],
    ] as [number, number][][]) {
      const { offsetMs, uncertaintyMs } = await measured(ahead, trips)
      expect(Math.abs(offsetMs - ahead)).toBeLessThanOrEqual(uncertaintyMs)
    }
})

test("the quickest answer counts", async () => {
  expect(
    await measured(50, [
      [400, 0],
      [3, 3],
      [0, 200],
    ]),
  ).toEqual({ offsetMs: 50, uncertaintyMs: 4 })
})

test("what drifted between two measurements is in doubt", () => {
  const spanning = spanningOffset({ offsetMs: 10, uncertaintyMs: 2 }, { offsetMs: 20, uncertaintyMs: 4 })
  expect(spanning).toEqual({ offsetMs: 16, uncertaintyMs: 8 })
})

test("a moment of the server comes earlier here when its clock is ahead", () => {
  expect(onOurClock(epochMs(5000), { offsetMs: 300, uncertaintyMs: 1 })).toBe(epochMs(4700))
})
