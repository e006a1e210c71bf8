import { expect, test } from "bun:test"
import { rushing, surging, timetableOf } from "../../../scenarios/lib/timetable.ts"
import { epochMs } from "../../units.ts"
import { joinHistories, parseHistory } from "./history.ts"

const logged = (line: Record<string, unknown>) =>
  JSON.stringify({ level: "info", msg: JSON.stringify(line), time: "2026-11-22T08:09:35Z" })

test("the console log of k6 becomes a history, strange lines are kept apart", () => {
  const history = parseHistory(
    [
      logged({ op: "join", account: "ada", sent: 1, received: 2, status: 201, position: 1 }),
      logged({ op: "join", account: "bob", sent: 1, received: 9, status: 0, wave: 2 }),
      logged({ op: "stream", account: "ada", sent: 2, received: 3, status: 0, positions: [1] }),
      logged({ op: "attempt", account: "bob", sent: 3, received: 4, kind: "no_token", route: "seats", status: 401 }),
      logged({ op: "admitted", account: "ada", sent: 5, received: 6, position: 1, waiting_sent: 4 }),
      logged({ op: "hold", account: "ada", sent: 7, received: 8, key: "k", hold_id: "h", seat_ids: ["s"] }),
      logged({
        op: "order",
        account: "ada",
        sent: 8,
        received: 9,
        key: "k",
        hold_id: "h",
        order_id: "o",
        ticket_ids: ["t"],
      }),
      logged({ op: "left", account: "bob", at: 10, admitted: false, polls: 0 }),
      '{"level":"error","msg":"TypeError: nothing"}',
      "",
    ].join("\n"),
  )
  expect(history.joins).toEqual([
    { account: "ada", sent: epochMs(1), received: epochMs(2), status: 201, position: 1 },
    { account: "bob", sent: epochMs(1), received: epochMs(9), status: 0, wave: 2 },
  ])
  expect(history.streams).toEqual([
    { account: "ada", sent: epochMs(2), received: epochMs(3), status: 0, positions: [1] },
  ])
  expect(history.attempts).toEqual([
    { account: "bob", sent: epochMs(3), received: epochMs(4), kind: "no_token", route: "seats", status: 401 },
  ])
  expect(history.admissions[0]!.waitingSent).toBe(epochMs(4))
  expect(history.orders[0]).toMatchObject({ holdId: "h", orderId: "o", ticketIds: ["t"] })
  expect(history.left[0]).toEqual({ account: "bob", at: epochMs(10), admitted: false, polls: 0 })
  expect(history.strange).toEqual(['{"level":"error","msg":"TypeError: nothing"}'])
})

test("the same seed gives the same arrivals, another one others, all within their time", () => {
  const length = { people: 50, ramp_ms: 1000, steady_ms: 2000, down_ms: 500 }
  const schedule = (seed: number) =>
    Array.from({ length: 50 }, (_, index) => timetableOf(index + 1, { ...length, seed }, rushing))
  expect(schedule(7)).toEqual(schedule(7))
  expect(schedule(7)).not.toEqual(schedule(8))
  for (const { arrivesAfter, leavesAfter } of schedule(7)) {
    expect(arrivesAfter).toBeWithin(0, 1000)
    expect(leavesAfter).toBeWithin(3000, 3500)
  }
})

test("a surge comes in two waves, the larger one at 60 % of the steady phase", () => {
  const length = { people: 500, ramp_ms: 10_000, steady_ms: 30_000, down_ms: 10_000, seed: 7 }
  const arrivals = Array.from({ length: 500 }, (_, index) => timetableOf(index + 1, length, surging).arrivesAfter)
  const [first, second] = [arrivals.filter((each) => each <= 10_000), arrivals.filter((each) => each > 10_000)]
  expect([first.length, second.length]).toEqual([200, 300])
  expect(Math.max(...first)).toBeWithin(9_900, 10_000)
  expect(Math.min(...second)).toBeWithin(28_000, 28_100)
  expect(Math.max(...second)).toBeWithin(33_900, 34_000)
})

test("lines of a second sale are a history of their own", () => {
  const line = { op: "join", account: "ada", sent: 1, received: 2, status: 201 }
  const text = [logged({ ...line, position: 1 }), logged({ ...line, position: 7, sale: 2 })].join("\n")
  expect(parseHistory(text).joins.map((each) => each.position)).toEqual([1])
  expect(parseHistory(text, 2).joins.map((each) => each.position)).toEqual([7])
})

test("what several k6 processes said is one history", () => {
  const said = (account: string) =>
    parseHistory(`${logged({ op: "left", account, at: 1, admitted: false, polls: 0 })}\nstrange ${account}`)
  const { left, strange } = joinHistories(said("ada"), said("bob"))
  expect(left.map((each) => each.account)).toEqual(["ada", "bob"])
  expect(strange).toEqual(["strange ada", "strange bob"])
})
