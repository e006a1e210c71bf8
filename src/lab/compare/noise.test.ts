import { expect, test } from "bun:test"
import { differenceBetween, mannWhitney, median, type Tolerance } from "./noise.ts"

const milliseconds: Tolerance = {
  better: "lower",
  floor: { share: 0.15, amount: 0.3 },
  band: { share: 0.5, amount: 1 },
}

test("the p of the rank sums is exact", () => {
  // By hand: 2 of 252 and 2 of 20 orders are as extreme as complete separation.
  expect(mannWhitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(2 / 252, 12)
  expect(mannWhitney([6, 7, 8, 9, 10], [1, 2, 3, 4, 5])).toBeCloseTo(2 / 252, 12)
  expect(mannWhitney([1, 2, 3], [4, 5, 6])).toBeCloseTo(2 / 20, 12)
  expect(mannWhitney([1, 2, 4], [3, 5, 6])).toBeCloseTo(4 / 20, 12)
  expect(mannWhitney([1, 4], [2, 3])).toBe(1)
})

test("ties share their middle rank", () => {
  expect(mannWhitney([0, 0, 0, 0, 0], [0, 0, 0, 0, 0])).toBe(1)
  // Rank sums of {1, 2.5, 2.5, 4}: 3.5, 3.5, 5, 5, 6.5, 6.5.
  expect(mannWhitney([1, 2], [2, 3])).toBeCloseTo(4 / 6, 12)
})

test("twenty runs a side are still counted exactly", () => {
  const a = Array.from({ length: 20 }, (_, index) => index)
  const b = a.map((each) => each + 20)
  expect(mannWhitney(a, b)).toBeCloseTo(2 / 137_846_528_820, 20)
})

test("the middle of an even number of values lies between two of them", () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7])
})

for (const [what, a, b, tolerance, found] of [
  ["five slower runs after five are worse", [2, 2.1, 2.2, 2.3, 2.4], [3.1, 3.2, 3.3, 3.4, 3.5], milliseconds, "worse"],
  ["and the other way round better", [3.1, 3.2, 3.3, 3.4, 3.5], [2, 2.1, 2.2, 2.3, 2.4], milliseconds, "better"],
  [
    "one run among the others leaves a doubt at five",
    [2, 2.1, 2.2, 2.3, 3.2],
    [2.9, 3.1, 3.15, 3.3, 3.6],
    milliseconds,
    "no_difference",
  ],
  ["seven runs bear it", [2, 2.1, 2.2, 2.3, 2.4, 2.2, 3.2], [3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 3.7], milliseconds, "worse"],
  [
    "a sure but small difference is none",
    [20, 20.1, 20.2, 20.3, 20.4],
    [21, 21.1, 21.2, 21.3, 21.4],
    milliseconds,
    "no_difference",
  ],
  [
    "nor is a large share of next to nothing",
    [0.1, 0.11, 0.12, 0.13, 0.14],
    [0.2, 0.21, 0.22, 0.23, 0.24],
    milliseconds,
    "no_difference",
  ],
  [
    "more is better where it is said so",
    [200, 201, 202, 203, 204],
    [100, 101, 102, 103, 104],
    { ...milliseconds, better: "higher" },
    "worse",
  ],
  ["two single runs within the band", [2], [2.9], milliseconds, "no_difference"],
  ["half as slow again, but by less than the amount", [1], [1.9], milliseconds, "no_difference"],
  ["two single runs outside it", [2], [4.1], milliseconds, "worse"],
  ["three against three that overlap", [2, 2.1, 4.2], [4.1, 4.3, 4.4], milliseconds, "no_difference"],
  ["three against three apart", [2, 2.1, 2.2], [4.1, 4.3, 4.4], milliseconds, "worse"],
  ["a new run worse than all of a history", [2, 2.1, 2.2, 1.9, 2.5], [4.1], milliseconds, "worse"],
  ["a new run that one of the history reaches", [2, 2.1, 2.2, 1.9, 4.2], [4.1], milliseconds, "no_difference"],
  ["nothing before and nothing after", [0], [0], milliseconds, "no_difference"],
] as [string, number[], number[], Tolerance, string][])
  test(what, () => {
    expect(differenceBetween(a, b, tolerance).found).toBe(found as "worse")
  })
