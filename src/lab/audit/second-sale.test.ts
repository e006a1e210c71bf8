import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import { emptyHistory, type History } from "../model/history.ts"
import { firstSaleWorthNothing, joinsNoSlower, placesGivenAnew } from "./second-sale.ts"

/** One join each: account, sent, received, position. */
const joined = (...joins: [string, number, number, number?][]): History => {
  const history = emptyHistory()
  for (const [account, sent, received, position] of joins)
    history.joins.push({
      account,
      sent: epochMs(sent),
      received: epochMs(received),
      status: position === undefined ? 0 : 201,
      ...(position === undefined ? {} : { position }),
    })
  return history
}
const first = joined(["ada", 0, 5, 1], ["bob", 10, 15, 2], ["cyd", 20, 25, 3])

test("places by arrival at the second sale are right, whatever the first was", () => {
  const second = joined(["cyd", 100, 105, 1], ["dan", 110, 115, 2], ["bob", 120, 125, 3], ["ada", 130, 135, 4])
  expect(placesGivenAnew(first, second)).toMatchObject({
    passed: true,
    seen: "3 people of the first sale and 1 new ones",
  })
})

test("a place brought along from the first sale is named", () => {
  const second = joined(["cyd", 100, 105, 2], ["bob", 120, 125, 3], ["ada", 130, 135, 1])
  expect(placesGivenAnew(first, second)).toMatchObject({
    passed: false,
    counterExample: "cyd had position 3 at the first sale, has 2 at the second and came there as number 1",
  })
})

test("a newcomer who is put behind those of the first sale is named", () => {
  const second = joined(["dan", 100, 105, 3], ["ada", 110, 115, 1], ["bob", 120, 125, 2])
  expect(placesGivenAnew(first, second).counterExample).toBe(
    "dan was not at the first sale, has 3 at the second and came there as number 1",
  )
})

test("joins that were under way together may come out either way, also one without an answer", () => {
  expect(placesGivenAnew(first, joined(["ada", 100, 110, 2], ["bob", 105, 115, 1])).passed).toBe(true)
  expect(placesGivenAnew(first, joined(["ada", 100, 110], ["bob", 120, 125, 2])).passed).toBe(true)
  expect(placesGivenAnew(first, joined(["ada", 100, 110], ["bob", 120, 125, 3])).passed).toBe(false)
})

test("anything of the first sale that opens the second is named", () => {
  const second = emptyHistory()
  const span = { account: "ada", sent: epochMs(1), received: epochMs(2) }
  second.attempts.push({ ...span, kind: "first_sale_admission", route: "seats", status: 401 })
  expect(firstSaleWorthNothing(second)).toMatchObject({ passed: true, seen: "1 attempts" })
  second.attempts.push({ ...span, kind: "first_sale_receipt", route: "join", status: 201 })
  expect(firstSaleWorthNothing(second).counterExample).toBe(
    "ada tried join of the second sale with first sale receipt: 201",
  )
})

test.each([
  [10, 60, true],
  [10, 60.1, false],
  [400, 520, true],
  [400, 521, false],
  [10, undefined, false],
])("joins of %p ms and then of %p ms: %p", (one, two, passed) => {
  expect(joinsNoSlower({ p95Ms: one, count: 40 }, { p95Ms: two, count: 40 }).passed).toBe(passed)
})

test("so few joins that one slow one decides are not judged", () => {
  expect(joinsNoSlower({ p95Ms: 10, count: 39 }, { p95Ms: 400, count: 39 })).toMatchObject({
    judged: false,
    seen: "10 ms at the first sale, 400 ms at the second; 39 joins are too few for a p95",
  })
})
