import { expect, test } from "bun:test"
import { boundsOf, breachOf, nextRate, type Step } from "./capacity.ts"

/** What a server that bears `most` requests per second makes of a rate. */
const held = (rate: number, most: number): Step => ({
  rate,
  answeredPerSecond: Math.min(rate, most),
  failedShare: 0,
  p95Ms: rate > most ? 900 : 15,
  lateP95Ms: 1,
  from: 0,
  until: 2000,
})

const searchOf = (answer: (rate: number, nth: number) => Step, most = 100_000) => {
  const steps: Step[] = []
  for (let rate = nextRate(steps, most); rate !== undefined; rate = nextRate(steps, most)) {
    steps.push(answer(rate, steps.length))
    if (steps.length > 50) throw new Error("the search has no end")
  }
  return steps
}

test.each([150, 333, 2100, 9999, 64_000])("a server that bears %p a second is found to within 12 %%", (most) => {
  const steps = searchOf((rate) => held(rate, most))
  const { held: best, broke } = boundsOf(steps)
  expect(best!.rate).toBeLessThanOrEqual(most)
  expect(best!.rate).toBeGreaterThan(most / 1.13)
  expect(broke!.rate).toBeGreaterThan(most)
  expect(steps.length).toBeLessThan(20)
})

test("one hiccup while the rate doubles is tried again, and does not count", () => {
  const steps = searchOf((rate, nth) => (nth === 1 ? { ...held(rate, 3000), p95Ms: 800 } : held(rate, 3000)))
  expect(steps.slice(0, 4).map((each) => each.rate)).toEqual([400, 800, 800, 1600])
  expect(boundsOf(steps).held!.rate).toBeGreaterThan(2600)
})

test("a server that bears next to nothing is looked for below the first rate, and not for ever", () => {
  const { held: best } = boundsOf(searchOf((rate) => held(rate, 30)))
  expect(best!.rate).toBeGreaterThan(25)
  expect(best!.rate).toBeLessThanOrEqual(30)
  expect(boundsOf(searchOf((rate) => held(rate, 0))).held).toBeUndefined()
})

test("nobody is asked for more than the people of the run can ask", () => {
  const steps = searchOf((rate) => held(rate, 100_000), 1000)
  expect(steps.map((each) => each.rate)).toEqual([400, 800, 1000])
  expect(boundsOf(steps)).toMatchObject({ held: { rate: 1000 } })
  expect(boundsOf(steps).broke).toBeUndefined()
})

test.each([
  [{ failedShare: 0.02 }, "2 % of the requests failed"],
  [{ p95Ms: 201 }, "the p95 was 201 ms"],
  [{ answeredPerSecond: 890 }, "only 890 of 1000 requests per second were answered"],
  [{ p95Ms: 200, failedShare: 0.01, answeredPerSecond: 900 }, undefined],
])("a step with %p breaks by %p", (figures, why) => {
  expect(breachOf({ ...held(1000, 2000), ...figures })).toBe(why!)
})
