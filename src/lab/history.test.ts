import { expect, test } from "bun:test"
import { rushing, timetableOf } from "../../scenarios/lib/timetable.ts"
import { epochMs } from "../units.ts"
import { parseHistory } from "./history.ts"

const logged = (line: Record<string, unknown>) => JSON.stringify({ level: "info", msg: JSON.stringify(line), time: "2026-11-22T08:09:35Z" })

test("the console log of k6 becomes a history, strange lines are kept apart", () => {
  const history = parseHistory(
    [
      logged({ op: "join", account: "ada", sent: 1, received: 2, status: 201, position: 1 }),
      logged({ op: "join", account: "bob", sent: 1, received: 9, status: 0 }),
      logged({ op: "admitted", account: "ada", sent: 5, received: 6, position: 1, waiting_sent: 4 }),
      logged({ op: "hold", account: "ada", sent: 7, received: 8, key: "k", hold_id: "h", seat_ids: ["s"] }),
      logged({ op: "order", account: "ada", sent: 8, received: 9, key: "k", hold_id: "h", order_id: "o", ticket_ids: ["t"] }),
      logged({ op: "left", account: "bob", at: 10, admitted: false, polls: 0 }),
      '{"level":"error","msg":"TypeError: nothing"}',
      "",
    ].join("\n"),
  )
  expect(history.joins).toEqual([
    { account: "ada", sent: epochMs(1), received: epochMs(2), status: 201, position: 1 },
    { account: "bob", sent: epochMs(1), received: epochMs(9), status: 0 },
  ])
  expect(history.admissions[0]!.waitingSent).toBe(epochMs(4))
  expect(history.orders[0]).toMatchObject({ holdId: "h", orderId: "o", ticketIds: ["t"] })
  expect(history.left[0]).toEqual({ account: "bob", at: epochMs(10), admitted: false, polls: 0 })
  expect(history.strange).toEqual(['{"level":"error","msg":"TypeError: nothing"}'])
})

test("the same seed gives the same arrivals, another one others, all within their time", () => {
  const length = { people: 50, ramp_ms: 1000, steady_ms: 2000, down_ms: 500 }
  const schedule = (seed: number) => Array.from({ length: 50 }, (_, index) => timetableOf(index + 1, { ...length, seed }, rushing))
  expect(schedule(7)).toEqual(schedule(7))
  expect(schedule(7)).not.toEqual(schedule(8))
  for (const { arrivesAfter, leavesAfter } of schedule(7)) {
    expect(arrivesAfter).toBeWithin(0, 1000)
    expect(leavesAfter).toBeWithin(3000, 3500)
  }
})
