import { expect, test } from "bun:test"
import { evenly, rushing, surging, throughout, timetableOf, type Arrivals } from "../../../scenarios/lib/timetable.ts"

const length = { people: 200, ramp_ms: 4000, steady_ms: 10_000, down_ms: 2000 }
const scheduleOf = (shape: Arrivals, seed: number) =>
  Array.from({ length: length.people }, (_, index) => timetableOf(index + 1, { ...length, seed }, shape))

const shapes: [string, Arrivals, number][] = [
  ["evenly", evenly, 4000],
  ["rushing", rushing, 4000],
  ["surging", surging, 12_000],
  ["throughout", throughout(0.8), 12_000],
]

for (const [name, shape, end] of shapes)
  test(`${name}: the same seed gives the same arrivals, another one others, none outside its time`, () => {
    const schedule = scheduleOf(shape, 7)
    expect(scheduleOf(shape, 7)).toEqual(schedule)
    const other = scheduleOf(shape, 8)
    expect(other.filter((each, index) => each.arrivesAfter === schedule[index]!.arrivesAfter)).toEqual([])
    for (const { arrivesAfter, leavesAfter } of schedule) {
      expect(arrivesAfter).toBeWithin(0, end)
      expect(leavesAfter).toBeWithin(14_000, 16_000)
    }
    expect(schedule.at(-1)!.arrivesAfter).toBeGreaterThan(0.98 * end)
  })

test("throughout brings as many in each second as in any other", () => {
  const perSecond = Map.groupBy(scheduleOf(throughout(0.8), 7), ({ arrivesAfter }) => Math.floor(arrivesAfter / 1000))
  expect(perSecond.size).toBe(12)
  for (const some of perSecond.values()) expect(some.length).toBeWithin(15, 19)
})

test("a person's arrival does not hang on how many others come before", () => {
  const [, second] = scheduleOf(evenly, 7)
  expect(timetableOf(2, { ...length, seed: 7 }, evenly)).toEqual(second!)
})
