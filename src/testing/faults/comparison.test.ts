import { describe, expect, test } from "bun:test"
import type { ServerTruth } from "../../lab/model/truth.ts"
import { epochMs, minutes } from "../../units.ts"
import { columns, compare, type Column } from "./comparison.ts"
import type { Body, Entry, Operation } from "./history.ts"

const token = (id: string) => `x.${Buffer.from(JSON.stringify({ jti: id })).toString("base64url")}.x`

let time = 0
const told = (operation: Operation, account: string, body: Body, { status = 200, key = account } = {}): Entry => ({
  operation,
  account,
  key,
  asked: epochMs(++time),
  answered: epochMs(++time),
  outcome: status === 0 || status >= 500 ? "unknown" : status < 300 ? "ok" : "fail",
  status,
  retryAfter: status === 503 ? "1" : null,
  body,
})

const order = { order_id: "order1", ticket_ids: ["ticket1"] }
/** Two people join, the first buys and asks again. */
const soundHistory = (): Entry[] => [
  told("join", "ada", {}, { status: 503 }),
  told("join", "ada", { position: 1 }, { status: 201 }),
  told("join", "bob", { position: 2 }, { status: 201 }),
  told("status", "ada", { position: 1, admitted: true, admission_token: token("admission1") }),
  told("hold", "ada", { hold_id: "hold1" }, { key: "h" }),
  told("checkout", "ada", {}, { key: "c", status: 0 }),
  told("checkout", "ada", order, { key: "c" }),
  told("board", "", {}),
  told("status", "bob", { position: 2, admitted: false }),
]

const soundTruth = (): ServerTruth => ({
  sale: { totalSeats: 10, admitPerMinute: 60, shopperCapacity: 5, maxTicketsPerUser: 2, callWindow: minutes(1) },
  entries: [
    { account: "ada", position: 1, joinedAt: epochMs(1) },
    { account: "bob", position: 2, joinedAt: epochMs(2) },
  ],
  roomEntries: [
    { account: "ada", position: 1, joinedAt: epochMs(1) },
    { account: "bob", position: 2, joinedAt: epochMs(2) },
  ],
  gaps: [],
  settings: [],
  caps: [],
  calls: [{ from: 1, to: 1, again: false, generation: 1, entryId: "1-0", calledAt: epochMs(3) }],
  admissions: [admission("admission1", 4, 9)],
  seats: 10,
  tickets: [{ ticketId: "ticket1", seatId: "seat1", orderId: "order1", account: "ada" }],
  holds: [
    {
      holdId: "hold1",
      account: "ada",
      admissionId: "admission1",
      live: false,
      seats: 1,
      seatsKept: 0,
      takenAt: epochMs(5),
      expiresAt: epochMs(500),
    },
  ],
  orders: [
    {
      orderId: "order1",
      account: "ada",
      admissionId: "admission1",
      holdId: "hold1",
      amountCents: 1,
      paidAt: epochMs(6),
    },
  ],
  payments: [{ paymentId: "payment1", orderId: "order1", amountCents: 1 }],
  sweptUntil: epochMs(0),
})

const admission = (admissionId: string, granted: number, finished?: number) => ({
  admissionId,
  account: "ada",
  position: 1,
  grantedAt: epochMs(granted),
  endsAt: epochMs(1000),
  ...(finished !== undefined && { finishedAt: epochMs(finished) }),
})

const redIn = (history: Entry[], truth: ServerTruth, sums: string[] = []) => {
  const found = compare(history, truth, sums)
  return columns.filter((each) => found[each].length > 0)
}

test("a true history of true stores has nothing to find", () => {
  expect(redIn(soundHistory(), soundTruth())).toEqual([])
  expect(compare(soundHistory(), soundTruth(), []).acknowledged).toBe(2)
})

type Defect = [what: string, column: Column, defect: (history: Entry[], truth: ServerTruth) => void]
const defects: Defect[] = [
  ["the journal lacks an acknowledged join", "lost", (_, truth) => void truth.entries.pop()],
  ["Redis lacks an acknowledged join", "lost", (_, truth) => void truth.roomEntries!.pop()],
  [
    "a join is in the history that never happened",
    "lost",
    (history) => void history.push(told("join", "cyd", { position: 3 })),
  ],
  [
    "somebody with a place is told to join first",
    "lost",
    (history) => void history.push(told("status", "bob", {}, { status: 404 })),
  ],
  ["the board knows no such sale", "lost", (history) => void history.push(told("board", "", {}, { status: 404 }))],
  ["a ticket of an answered order is gone", "lost", (_, truth) => void truth.tickets.pop()],
  ["an answered hold is gone", "lost", (_, truth) => void truth.holds.pop()],
  ["an admission that was told is gone", "lost", (_, truth) => void truth.admissions.pop()],
  [
    "a later answer names another position",
    "moved",
    (history) => void history.push(told("status", "bob", { position: 3 })),
  ],
  ["Redis has another position", "moved", (_, truth) => void (truth.roomEntries![1]!.position = 3)],
  [
    "who asks after an answer stands before it",
    "moved",
    (history, truth) => {
      history.push(told("join", "cyd", { position: 4 }), told("join", "dan", { position: 3 }))
      for (const entries of [truth.entries, truth.roomEntries!])
        entries.push(
          { account: "cyd", position: 4, joinedAt: epochMs(8) },
          { account: "dan", position: 3, joinedAt: epochMs(9) },
        )
    },
  ],
  [
    "two people are told one position",
    "twice",
    (history, truth) => {
      for (const [index, entry] of history.entries())
        if (entry.body.position === 2) history[index] = { ...entry, body: { ...entry.body, position: 1 } }
      for (const entries of [truth.entries, truth.roomEntries!]) entries[1]!.position = 1
    },
  ],
  [
    "a buyer who repeats the key is refused",
    "unknownOrders",
    (history) => void history.push(told("checkout", "ada", { code: "admission_invalid" }, { key: "c", status: 401 })),
  ],
  [
    "a buyer who repeats the key is told another order",
    "unknownOrders",
    (history, truth) => {
      truth.tickets.push({ ticketId: "ticket2", seatId: "seat2", orderId: "order2", account: "ada" })
      history.push(told("checkout", "ada", { order_id: "order2", ticket_ids: ["ticket2"] }, { key: "c" }))
    },
  ],
  [
    "somebody has paid without ever being told",
    "unknownOrders",
    (_, truth) => void truth.orders.push({ ...truth.orders[0]!, orderId: "order2", account: "bob" }),
  ],
  [
    "a position is called twice",
    "calledTwice",
    (_, truth) => void truth.calls.push({ ...truth.calls[0]!, calledAt: epochMs(8) }),
  ],
  [
    "somebody has two admissions at once",
    "calledTwice",
    (_, truth) => void truth.admissions.push(admission("admission2", 8)),
  ],
  [
    "an answer is neither 2xx, 4xx nor 503 with Retry-After",
    "other",
    (history) => void history.push(told("status", "bob", {}, { status: 500 })),
  ],
  [
    "a shopper is refused for good",
    "other",
    (history) => void history.push(told("hold", "bob", { code: "admission_invalid" }, { key: "b", status: 401 })),
  ],
]

describe("a seeded defect turns its column red, and no other", () => {
  for (const [what, column, defect] of defects)
    test(`${what}: ${column}`, () => {
      const [history, truth] = [soundHistory(), soundTruth()]
      defect(history, truth)
      const red = redIn(history, truth)
      expect(red).toContain(column)
      // A buyer whose repeated key is refused was refused for good as well.
      expect(red.filter((each) => each !== column && !(column === "unknownOrders" && each === "other"))).toEqual([])
    })

  test("every column has its defect", () => {
    expect(columns.filter((each) => each !== "sums" && !defects.some(([, column]) => column === each))).toEqual([])
    expect(redIn(soundHistory(), soundTruth(), ["I2"])).toEqual(["sums"])
  })
})
