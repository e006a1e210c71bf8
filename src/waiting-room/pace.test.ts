import { expect, test } from "bun:test"
import { epochMs } from "../units.ts"
import { openBatch } from "./batch.ts"
import { openPace } from "./pace.ts"
import { openPositions } from "./positions.ts"
import { people } from "../testing/waiting-room.ts"
import { newId, type SaleId } from "../ids.ts"

const run = (advance: (second: number) => number, { length = 600, waiting = 1000 } = {}) => {
  const pace = openPace()
  let advanced = 0
  for (let second = 0; second <= length; second++) {
    advanced += advance(second)
    pace.add({ at: epochMs(second * 1000), advanced, waiting })
  }
  return pace.measure(60)
}

test("the pace is the one that was seen, not the configured one", () => {
  const { measuredPerMinute, waitMsPerPosition } = run(() => 2)
  expect(measuredPerMinute).toBe(120)
  expect(waitMsPerPosition).toEqual({ p50: 500, p90: 500 })
})

test("before anything moved the configured rate stands in", () => {
  expect(run(() => 0)).toEqual({ measuredPerMinute: 0, waitMsPerPosition: { p50: 1000, p90: 1500 } })
})

test("a stretch in which little moved shows in the 90th percentile", () => {
  const { waitMsPerPosition } = run((second) => (second % 50 < 10 ? 0 : 5))
  expect(waitMsPerPosition.p50).toBe(200)
  expect(waitMsPerPosition.p90).toBeGreaterThan(1000)
})

test("a pace that changed counts for the last minute", () => {
  expect(run((second) => (second > 500 ? 1 : 10)).measuredPerMinute).toBe(60)
})

test("what arrives while a call is under way travels together in the next, in order and within the bound", async () => {
  const sent: number[][] = []
  const batch = openBatch<number, string>(4, async (items) => {
    sent.push(items)
    await Bun.sleep(1)
    if (items.includes(7)) throw new Error("seven")
    return items.map((each) => `${each}!`)
  })
  const first = batch.add(0)
  await Promise.resolve()
  const answers = await Promise.allSettled([first, ...[1, 2, 3, 4, 5, 6, 7, 8].map((each) => batch.add(each))])
  expect(sent.flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(Math.max(...sent.map((each) => each.length))).toBeLessThanOrEqual(4)
  expect(sent.length).toBeLessThan(5)
  expect(answers.filter((each) => each.status === "rejected").length).toBe(
    sent.find((each) => each.includes(7))!.length,
  )
  expect(answers[3]).toEqual({ status: "fulfilled", value: "3!" })
  expect(await batch.add(9)).toBe("9!")
})

test("positions are remembered up to the bound, and the oldest are forgotten first", () => {
  const positions = openPositions(10)
  const [one, two] = [newId<SaleId>(epochMs(0)), newId<SaleId>(epochMs(0))]
  const accounts = people(12)
  for (const [index, account] of accounts.entries()) positions.remember(index < 3 ? one : two, account, index + 1)
  expect(positions.count()).toBe(10)
  expect(accounts.slice(0, 3).map((each) => positions.lookup(one, each))).toEqual([undefined, undefined, 3])
  expect(positions.lookup(two, accounts[11]!)).toBe(12)
  positions.forget(two)
  expect(positions.count()).toBe(1)
})
