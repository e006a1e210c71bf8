import { expect, test } from "bun:test"
import { crossingsOf } from "./crossing.ts"

const over = (value: number) => value >= 500
const everySecond = (...values: (number | undefined)[]) => ({ times: values.map((_, second) => second), values })

test("a crossing begins with the first value over the limit and ends with the first back under it", () => {
  expect(crossingsOf(everySecond(100, 499, 500, 900, 700, 499, 100), over)).toEqual([
    { from: 2, to: 5, worst: 900, worstAt: 3 },
  ])
})

test("every crossing is told; one that lasts to the end has no end", () => {
  expect(crossingsOf(everySecond(600, 100, 800, 900), over)).toEqual([
    { from: 0, to: 1, worst: 600, worstAt: 0 },
    { from: 2, worst: 900, worstAt: 3 },
  ])
})

test("a second without a sample neither begins nor ends a crossing", () => {
  expect(crossingsOf(everySecond(undefined, 600, undefined, 700, 100), over)).toEqual([
    { from: 1, to: 4, worst: 700, worstAt: 3 },
  ])
})

test("outside the window nothing counts, and a crossing ends with it", () => {
  const series = everySecond(900, 900, 600, 650, 900, 100)
  expect(crossingsOf(series, over, { from: 2, to: 3.5 })).toEqual([{ from: 2, to: 3.5, worst: 650, worstAt: 3 }])
  expect(crossingsOf(series, over, { from: 5, to: 9 })).toEqual([])
})
