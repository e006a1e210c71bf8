import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import { groupsInOrder, oneHoldEach, peopleServed } from "./groups.ts"
import { emptyHistory, type History } from "../model/history.ts"

type Guest = { group: string; sent: number; position?: number; buys?: boolean }
const historyOf = (guests: Guest[]): History => {
  const history = emptyHistory()
  for (const [index, { group, sent, position, buys }] of guests.entries()) {
    const span = { account: `fan${index}`, sent: epochMs(sent), received: epochMs(sent + 4) }
    history.came.push({ account: span.account, at: epochMs(sent), group })
    history.joins.push({ ...span, status: 201, ...(position === undefined ? {} : { position }) })
    if (buys) history.orders.push({ ...span, key: "k", holdId: `h${index}`, orderId: `o${index}`, ticketIds: ["t"] })
  }
  return history
}

const regions = ["near", "far"]
const guests = Array.from({ length: 100 }, (_, index) => ({
  group: regions[index % 2]!,
  sent: 10 * index,
  position: index + 1,
}))

test("groups that stand as they came are in order", () => {
  expect(groupsInOrder(historyOf(guests))).toMatchObject({
    passed: true,
    judged: true,
    seen: "2 groups of 100 people (near 0, far 0)",
  })
})

test("joins that cross on the way do not matter", () => {
  const crossed = guests.map((each, index) => ({ ...each, position: index % 4 < 2 ? index + 3 : index - 1 }))
  expect(groupsInOrder(historyOf(crossed))).toMatchObject({ passed: true, judged: true })
})

test("a sale that lets those near it in front is found, with the one who lost most", () => {
  const sorted = [...guests.filter((each) => each.group === "near"), ...guests.filter((each) => each.group === "far")]
  const check = groupsInOrder(historyOf(sorted.map((each, index) => ({ ...each, position: index + 1 }))))
  expect(check).toMatchObject({ passed: false, judged: true })
  expect(check.seen).toContain("2 of 2 groups of 100 people (near -24.5, far +24.5) break it")
  expect(check.counterExample).toBe(
    "near stands 24.5 places ahead of its order of arrival; fan49 has position 50 and came as number 99",
  )
})

test("one group alone, or a handful of people, is not judged", () => {
  expect(groupsInOrder(historyOf(guests.map((each) => ({ ...each, group: "near" })))).judged).toBe(false)
  expect(groupsInOrder(historyOf(guests.slice(0, 8)))).toMatchObject({ judged: false, tooFew: true })
  expect(groupsInOrder(emptyHistory()).judged).toBe(false)
})

test("people whose join was never acknowledged are left out", () => {
  const unanswered = guests.map((each, index) => (index % 10 === 0 ? { ...each, position: undefined } : each))
  expect(groupsInOrder(historyOf(unanswered)).seen).toStartWith("2 groups of 90 people")
})

const crowd = (peopleWho: (index: number) => boolean, botsWho: (index: number) => boolean) =>
  historyOf(
    Array.from({ length: 200 }, (_, index) => {
      const group = index % 4 === 0 ? "bot" : "person"
      return { group, sent: index, position: index + 1, buys: group === "bot" ? botsWho(index) : peopleWho(index) }
    }),
  )

test("scripts that get what everybody gets gain nothing", () => {
  const check = peopleServed(
    crowd(
      (index) => index < 100,
      (index) => index < 100,
    ),
  )
  expect(check).toMatchObject({ passed: true, judged: true })
  expect(check.seen).toStartWith("50 % of 150 people and 50 % of 50 scripts got tickets, 50 % of all")
})

test("scripts that take the last few seats in the shop are no finding", () => {
  const check = peopleServed(
    crowd(
      (index) => index < 92,
      (index) => index < 112,
    ),
  )
  expect(check).toMatchObject({ passed: true, judged: true })
})

test("scripts that are served first are found", () => {
  const check = peopleServed(
    crowd(
      (index) => index < 67,
      () => true,
    ),
  )
  expect(check).toMatchObject({ passed: false, judged: true })
  expect(check.counterExample).toMatch(/^people are short: 33 % of 150 people and 100 % of 50 scripts/)
})

test("few people, or no scripts at all, are not judged", () => {
  expect(peopleServed(emptyHistory())).toMatchObject({ judged: false, tooFew: true })
  expect(peopleServed(historyOf(guests.map((each) => ({ ...each, group: "person" })))).judged).toBe(false)
})

test("the same hold told twice is one, another one beside it is found", () => {
  const history = emptyHistory()
  const hold = (account: string, holdId: string) =>
    history.holds.push({ account, sent: epochMs(1), received: epochMs(2), key: "k", holdId, seatIds: ["s"] })
  hold("ada", "h1")
  hold("ada", "h1")
  hold("bob", "h2")
  expect(oneHoldEach(history)).toMatchObject({ passed: true, seen: "3 answers to 2 accounts" })
  hold("bob", "h3")
  expect(oneHoldEach(history)).toMatchObject({ passed: false, counterExample: "bob has the holds h2 and h3" })
})
