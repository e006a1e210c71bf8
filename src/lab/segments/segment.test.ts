import { expect, test } from "bun:test"
import fc from "fast-check"
import { personOf } from "../../../scenarios/lib/share.ts"
import { rushing, timetableOf } from "../../../scenarios/lib/timetable.ts"
import { addressesOf, lookupSegment, shareOf } from "./segment.ts"

const sharesOf = (people: number, of: number) =>
  Array.from({ length: of }, (_, index) => shareOf(people, { index: index + 1, of }))

/** As the script numbers them. */
const numbersOf = (people: number, of: number) =>
  sharesOf(people, of).map((share) => Array.from({ length: share.count }, (_, vu) => personOf(vu + 1, share)))

test("the segments together are the whole test: everybody once, nobody else", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 100 }), (people, of) => {
      const everybody = numbersOf(people, of)
        .flat()
        .toSorted((a, b) => a - b)
      expect(everybody).toEqual(Array.from({ length: people }, (_, index) => index + 1))
    }),
  )
})

test("no segment has more than one person more than another", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 100 }), (people, of) => {
      const counts = sharesOf(people, of).map((each) => each.count)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    }),
  )
})

test("everybody comes and leaves at the moment of the whole test", () => {
  const settings = { people: 500, ramp_ms: 2000, steady_ms: 4000, down_ms: 2000, seed: 7 }
  const whole = Array.from({ length: 500 }, (_, index) => timetableOf(index + 1, settings, rushing))
  const shared = numbersOf(500, 3).flatMap((numbers) =>
    numbers.map((id) => ({ id, at: timetableOf(id, settings, rushing) })),
  )
  expect(shared.toSorted((a, b) => a.id - b.id).map((each) => each.at)).toEqual(whole)
})

test("each segment plays the whole curve, thinner", () => {
  const settings = { people: 900, ramp_ms: 9000, steady_ms: 1000, down_ms: 0, seed: 1 }
  for (const numbers of numbersOf(900, 3)) {
    const early = numbers.filter((id) => timetableOf(id, settings, rushing).arrivesAfter < 3000).length
    const everybodyEarly = Array.from({ length: 900 }, (_, index) => index + 1).filter(
      (id) => timetableOf(id, settings, rushing).arrivesAfter < 3000,
    ).length
    expect(Math.abs(early - everybodyEarly / 3)).toBeLessThanOrEqual(2)
  }
})

const addressesIn = (text: string): string[] =>
  text.split(",").flatMap((range) => {
    const [from = 0, to = 0] = range.split("-").map((each) => {
      const [, , third = 0, fourth = 0] = each.split(".").map(Number)
      return third * 256 + fourth
    })
    return Array.from({ length: to - from + 1 }, (_, index) => `127.1.${(from + index) >> 8}.${(from + index) & 255}`)
  })

test("people of different segments have different addresses, and all of them are those of the whole test", () => {
  for (const [people, of] of [
    [20, 2],
    [1000, 7],
    [65_534, 3],
  ] as const) {
    const shared = sharesOf(people, of).flatMap((each) => addressesIn(addressesOf(each)))
    expect(shared.toSorted()).toEqual(addressesIn(addressesOf(shareOf(people, { index: 1, of: 1 }))).toSorted())
    expect(new Set(shared).size).toBe(people)
  }
})

test("more people than addresses begin again with the first", () => {
  expect(sharesOf(100_000, 4).map(addressesOf)).toEqual([
    "127.1.0.1-127.1.97.168",
    "127.1.97.169-127.1.195.80",
    "127.1.195.81-127.1.255.254,127.1.0.1-127.1.36.250",
    "127.1.36.251-127.1.134.162",
  ])
})

test("a segment is written as which one of how many", () => {
  expect(lookupSegment("2/3")).toEqual({ index: 2, of: 3 })
  for (const text of ["0/3", "4/3", "2", "2/", "a/b", "1/101", "2/3/4", "-1/3", "1.5/3", ""])
    expect([text, lookupSegment(text)]).toEqual([text, undefined])
})
