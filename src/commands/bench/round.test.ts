import { expect, test } from "bun:test"
import { lookupFlaw, median, pairOf, repeat, type Measured } from "./round.ts"

const quiet: Measured = {
  requests: 1000,
  perSecond: 500,
  p99Ms: 1,
  refused: 0,
  broken: 0,
  stolen: 0,
  others: 0,
  serverUs: 10,
  storesUs: 0,
}

test("only answers that are what was asked for count as speed", () => {
  expect(pairOf(quiet, { ...quiet, perSecond: 1000 }, 0.5).ratio).toBe(0.25)
})

for (const [what, pair] of [
  ["a neighbour", pairOf({ ...quiet, stolen: 0.06 }, quiet, 1)],
  ["a neighbour of the bare server", pairOf(quiet, { ...quiet, stolen: 0.06 }, 1)],
  ["another program", pairOf(quiet, { ...quiet, others: 0.11 }, 1)],
  ["more than one refusal in a hundred", pairOf(quiet, quiet, 0.98)],
  ["a bare server that fails", pairOf(quiet, { ...quiet, broken: 1 }, 1)],
] as const)
  test(`a round with ${what} says nothing`, () => {
    expect(lookupFlaw(pair)).toBeString()
    expect(lookupFlaw(pairOf(quiet, quiet, 0.995))).toBeUndefined()
  })

test("flawed rounds are measured again, three times as many at most", async () => {
  let round = 0
  const every = (n: number) => async () => pairOf(++round % n === 0 ? quiet : { ...quiet, stolen: 1 }, quiet, 1)
  const flaws: (string | undefined)[] = []
  expect(await repeat(2, every(2), (_, flaw) => flaws.push(flaw))).toHaveLength(2)
  expect(flaws.map((each) => each === undefined)).toEqual([false, true, false, true])
  round = 0
  expect(await repeat(2, every(10), () => {})).toHaveLength(0)
  expect(round).toBe(6)
})

test("the median of an odd and an even number of values", () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})
