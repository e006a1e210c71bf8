import { describe, expect, test } from "bun:test"
import { at, goodRun } from "../../testing/lab/lab-run.ts"
import { millis, minutes, type EpochMs } from "../../units.ts"
import { audit, auditStores } from "./audit.ts"
import type { History } from "../model/history.ts"
import type { ServerTruth } from "../model/truth.ts"

test("a good run passes every check, and each looked at something", () => {
  const { history, truth } = goodRun()
  const checks = audit(history, truth)
  expect(checks.filter((each) => !each.passed || !each.judged)).toEqual([])
  expect(checks.length).toBe(seeded.reduce((names, each) => names.add(each.check), new Set<string>()).size)
  for (const check of checks) expect(check.seen).toMatch(/[1-9]/)
})

test("a connection from elsewhere that comes before the join has its answer may be told that there is none", () => {
  const { history, truth } = goodRun()
  const { sent } = history.joins.find((each) => each.account === "bob")!
  history.streams.push({ account: "bob", sent, received: at(910), status: 404, positions: [] })
  expect(audit(history, truth).find((each) => each.name === "I5 place kept on reconnect")!.passed).toBe(true)
})

test("a second wave that found nobody waiting overtook nobody, and is not judged", () => {
  const { history, truth } = goodRun()
  for (const each of [...history.admissions, ...history.left]) delete each.waitingSent
  expect(audit(history, truth).find((each) => each.name === "I6 first wave first")).toMatchObject({
    judged: false,
    tooFew: true,
    seen: expect.stringContaining("nobody of the first waited any more"),
  })
})

test("without Redis the journal is not compared and says so", () => {
  const { truth } = goodRun()
  const check = auditStores({ ...truth, roomEntries: undefined }).find((each) => each.name === "I5 journal complete")
  expect(check).toMatchObject({ judged: false, seen: "Redis was not asked" })
})

test("what a rebuild stepped over, what was called again and joins that overlap are no breach", () => {
  const { history, truth } = goodRun()
  truth.gaps = [{ from: 4, to: 6 }]
  truth.entries.push(
    { account: "dan", position: 7, joinedAt: at(5000) },
    { account: "eve", position: 5, joinedAt: at(200) },
  )
  truth.roomEntries = [...truth.entries]
  truth.calls.push(
    { from: 7, to: 7, again: false, generation: 1, entryId: "7-0", calledAt: at(6000) },
    { from: 5, to: 5, again: true, generation: 1, entryId: "7-1", calledAt: at(7000) },
  )
  truth.admissions.push({
    admissionId: "admission-eve",
    account: "eve",
    position: 5,
    grantedAt: at(7005),
    endsAt: at(9000),
  })
  history.joins.push({ account: "dan", sent: at(150), received: at(5010), status: 201, position: 7 })
  expect(audit(history, truth).filter((each) => !each.passed)).toEqual([])
})

type Seeded = { check: string; defect: string; sow: (history: History, truth: ServerTruth) => void; first: string }

const seeded: Seeded[] = [
  {
    check: "I1 seats sold once",
    defect: "a seat is sold twice",
    sow: (_, truth) =>
      truth.tickets.push({ ticketId: "again", seatId: "seat-ada", orderId: "order-bob", account: "bob" }),
    first: "seat seat-ada has the tickets ticket-ada and again",
  },
  {
    check: "I2 sold within seats",
    defect: "more is held than there is",
    sow: (_, truth) =>
      truth.holds.push({
        holdId: "huge",
        account: "ada",
        admissionId: "admission-ada",
        live: true,
        seats: 8,
        seatsKept: 8,
        takenAt: at(1200),
        expiresAt: at(301_200),
      }),
    first: "3 tickets and 8 held seats for 10 seats",
  },
  {
    check: "I2 sold within seats",
    defect: "seats were lost",
    sow: (_, truth) => (truth.seats = 9),
    first: "the sale was made with 10 seats and has 9",
  },
  {
    check: "I3 orders kept",
    defect: "an order is lost",
    sow: (_, truth) => truth.orders.pop(),
    first: "order order-cyd of cyd was acknowledged and is not there",
  },
  {
    check: "I3 orders kept",
    defect: "a ticket is lost",
    sow: (_, truth) => truth.tickets.pop(),
    first: "ticket ticket-cyd of order order-cyd was acknowledged and is not there",
  },
  {
    check: "I3 orders kept",
    defect: "an order has a ticket too many",
    sow: (_, truth) => truth.tickets.push({ ticketId: "extra", seatId: "s", orderId: "order-ada", account: "ada" }),
    first: "order order-ada was acknowledged with 1 tickets and has 2",
  },
  {
    check: "I4 payments match orders",
    defect: "somebody pays and gets nothing",
    sow: (_, truth) => truth.orders.pop(),
    first: "payment payment-cyd was captured and its order order-cyd is not paid",
  },
  {
    check: "I4 payments match orders",
    defect: "somebody pays twice",
    sow: (_, truth) => truth.payments.push({ ...truth.payments[0]!, paymentId: "again" }),
    first: "order order-ada was captured twice, by the payments payment-ada and again",
  },
  {
    check: "I4 payments match orders",
    defect: "somebody pays too much",
    sow: (_, truth) => (truth.payments[1]!.amountCents = 9900),
    first: "payment payment-bob took 9900 cents and order order-bob costs 6500",
  },
  {
    check: "I4 payments match orders",
    defect: "seats are given away",
    sow: (_, truth) => truth.payments.pop(),
    first: "order order-cyd of cyd is paid and no payment was captured",
  },
  {
    check: "I5 joins kept",
    defect: "a join is lost",
    sow: (_, truth) => truth.entries.pop(),
    first: "cyd was told position 3 and is not in the journal",
  },
  {
    check: "I5 joins kept",
    defect: "a join was moved",
    sow: (_, truth) => (truth.entries[1]!.position = 9),
    first: "bob was told position 2 and the journal has 9",
  },
  {
    check: "I5 positions steady",
    defect: "joining again gives another position",
    sow: (history) =>
      history.joins.push({ account: "ada", sent: at(900), received: at(910), status: 200, position: 4 }),
    first: "ada was told position 1 by one join and 4 by another",
  },
  {
    check: "I5 positions steady",
    defect: "a refresh changes the position",
    sow: (history) => history.moves.push({ account: "bob", sent: at(900), received: at(910), from: 2, to: 7 }),
    first: "bob was at position 2 and a later answer said 7",
  },
  {
    check: "I5 positions steady",
    defect: "status forgets somebody",
    sow: (history) => history.forgotten.push({ account: "cyd", sent: at(900), received: at(910), position: 3 }),
    first: "cyd was told position 3, then that it had not joined",
  },
  {
    check: "I5 positions dense",
    defect: "a position is given twice",
    sow: (_, truth) => truth.entries.push({ account: "dan", position: 3, joinedAt: at(400) }),
    first: "position 3 belongs to cyd and to dan",
  },
  {
    check: "I5 positions dense",
    defect: "a position is left out",
    sow: (_, truth) => truth.entries.push({ account: "dan", position: 5, joinedAt: at(400) }),
    first: "position 4 belongs to nobody, though 5 was given",
  },
  {
    check: "I5 positions dense",
    defect: "an account has two",
    sow: (_, truth) => truth.entries.push({ account: "ada", position: 4, joinedAt: at(400) }),
    first: "ada has more than one position, one of them 4",
  },
  {
    check: "I5 journal complete",
    defect: "Redis lost one",
    sow: (_, truth) => truth.roomEntries!.pop(),
    first: "cyd has position 3 in the journal and none in Redis",
  },
  {
    check: "I5 journal complete",
    defect: "the journal lacks one",
    sow: (_, truth) => truth.roomEntries!.push({ account: "dan", position: 4, joinedAt: at(400) }),
    first: "dan has position 4 in Redis and none in the journal",
  },
  {
    check: "I6 first come, first served",
    defect: "last come, first served",
    sow: (history) => history.joins.forEach((each) => (each.position = 4 - each.position!)),
    first: "bob has position 2, ahead of ada at 3, who had the answer 90 ms before bob asked",
  },
  {
    check: "I6 called in order",
    defect: "the last are called first",
    sow: (_, truth) => truth.calls.forEach((each, index) => (each.calledAt = at(9000 - index * 1000))),
    first: "positions 2 to 2 were called 1000 ms before those ahead of them",
  },
  {
    check: "I6 called in order",
    defect: "somebody is passed over",
    sow: (_, truth) => truth.calls.splice(1, 1),
    first: "positions 3 to 3 were called after 1, past 2",
  },
  {
    check: "I6 called in order",
    defect: "somebody is called twice",
    sow: (_, truth) =>
      truth.calls.push({ from: 3, to: 4, again: false, generation: 1, entryId: "1-0", calledAt: at(3500) }),
    first: "positions 3 to 4 were called though 3 had been reached",
  },
  {
    check: "I6 admitted when called",
    defect: "somebody is let in uncalled",
    sow: (_, truth) => truth.calls.pop(),
    first: "cyd was let in at position 3, which was never called",
  },
  {
    check: "I6 admitted when called",
    defect: "somebody is let in early",
    sow: (_, truth) => (truth.admissions[2]!.grantedAt = at(500)),
    first: "cyd was let in 2500 ms before position 3 was called",
  },
  {
    check: "I6 admitted when called",
    defect: "an admission names another's position",
    sow: (_, truth) => (truth.admissions[2]!.position = 2),
    first: "cyd was let in at position 2 and stands at 3",
  },
  {
    check: "I6 nobody overtaken",
    defect: "the last comer is let in first",
    sow: (history) => (history.admissions[0]!.waitingSent = at(20_000)),
    first: "bob was let in while ada, who had joined before bob came, was told to wait 17890 ms later",
  },
  {
    check: "I6 nobody overtaken",
    defect: "somebody is never let in",
    sow: (history) => {
      history.admissions.shift()
      history.left.push({
        account: "ada",
        at: at(20_000),
        position: 1,
        admitted: false,
        waitingSent: at(19_000),
        polls: 9,
      })
    },
    first: "bob was let in while ada, who had joined before bob came, was told to wait 16890 ms later",
  },
  {
    check: "I6 first wave first",
    defect: "the second wave gets places of the first",
    sow: (history) => (history.joins[4]!.position = 1),
    first: "cyd of the second wave has position 1, ahead of bob of the first at 2",
  },
  {
    check: "I6 first wave first",
    defect: "the first wave waits for the second",
    sow: (history) => (history.admissions[0]!.waitingSent = at(20_000)),
    first: "cyd of the second wave was let in while ada of the first was told to wait 16890 ms later",
  },
  {
    check: "I5 place kept on reconnect",
    defect: "a place belongs to a connection",
    sow: (history) =>
      history.streams.push({ account: "ada", sent: at(900), received: at(910), status: 0, positions: [1, 4] }),
    first: "ada was told position 1 by the join and 4 by a connection after that",
  },
  {
    check: "I5 place kept on reconnect",
    defect: "a new connection knows nobody",
    sow: (history) =>
      history.streams.push({ account: "bob", sent: at(900), received: at(910), status: 404, positions: [] }),
    first: "bob was told position 2, and a connection after that said that it had not joined",
  },
  {
    check: "I8 no way in",
    defect: "a used admission is taken",
    sow: (history) =>
      history.attempts.push({
        account: "cyd",
        sent: at(9000),
        received: at(9010),
        kind: "replayed_admission",
        route: "holds",
        status: 200,
      }),
    first: "cyd tried holds with replayed admission and was answered 200",
  },
  {
    check: "I8 no way in",
    defect: "a shopper is sent away",
    sow: (history) =>
      history.failures.push({
        account: "ada",
        sent: at(1200),
        received: at(1210),
        step: "hold",
        status: 403,
        why: "admission_required",
      }),
    first: "ada had an admission, and hold was answered 403 admission_required",
  },
  {
    check: "I7 keys act once",
    defect: "a repeated hold takes other seats",
    sow: (history) => history.holds.push({ ...history.holds[0]!, holdId: "hold-2" }),
    first: "hold with key h of ada answered hold-ada for seat-ada once and hold-2 for seat-ada another time",
  },
  {
    check: "I7 keys act once",
    defect: "a repeated checkout buys again",
    sow: (history) => history.orders.push({ ...history.orders[0]!, orderId: "order-2" }),
    first:
      "checkout with key o of ada answered order-ada with ticket-ada once and order-2 with ticket-ada another time",
  },
  {
    check: "I7 keys act once",
    defect: "one hold is paid twice",
    sow: (_, truth) => truth.orders.push({ ...truth.orders[0]!, orderId: "order-2" }),
    first: "hold hold-ada was paid twice, by the orders order-ada and order-2",
  },
  {
    check: "I8 bought while admitted",
    defect: "somebody buys without an admission",
    sow: (_, truth) => (truth.holds[0]!.admissionId = "none"),
    first: "hold hold-ada of ada has no admission of that account",
  },
  {
    check: "I8 bought while admitted",
    defect: "somebody buys with another's admission",
    sow: (_, truth) => (truth.orders[0]!.admissionId = "admission-bob"),
    first: "order order-ada of ada has no admission of that account",
  },
  {
    check: "I8 bought while admitted",
    defect: "somebody buys after the end",
    sow: (_, truth) => (truth.orders[0]!.paidAt = at(700_000)),
    first: "order order-ada of ada came 99000 ms after its admission had ended",
  },
  {
    check: "I8 bought while admitted",
    defect: "somebody holds before being let in",
    sow: (_, truth) => (truth.holds[2]!.takenAt = at(100)),
    first: "hold hold-cyd of cyd is 3005 ms older than its admission",
  },
  {
    check: "I9 caps kept",
    defect: "a cap is off by one",
    sow: (_, truth) =>
      truth.holds.push({
        holdId: "more",
        account: "ada",
        admissionId: "admission-ada",
        live: true,
        seats: 2,
        seatsKept: 2,
        takenAt: at(1250),
        expiresAt: at(301_250),
      }),
    first: "ada has 3 seats and the cap is 2",
  },
  {
    check: "I9 caps kept",
    defect: "somebody held more than the cap and gave it back",
    sow: (_, truth) =>
      truth.holds.push({
        holdId: "more",
        account: "dan",
        admissionId: "admission-ada",
        live: false,
        seats: 3,
        seatsKept: 0,
        takenAt: at(1250),
        expiresAt: at(301_250),
        releasedAt: at(2000),
      }),
    first: "hold more of dan had 3 seats and the cap is 2",
  },
  {
    check: "I10 shoppers within capacity",
    defect: "one shopper too many",
    sow: (_, truth) => truth.admissions.forEach((each) => delete each.finishedAt),
    first: `cyd was let in at ${new Date(at(3105)).toISOString()} as shopper 3 of 2`,
  },
  {
    check: "I10 places promised once",
    defect: "one place too many is promised",
    sow: (_, truth) => ((truth.sale.shopperCapacity = 1), (truth.admissions[0]!.finishedAt = at(2001))),
    first: `position 2 was called at ${new Date(at(2000)).toISOString()} to place 2 of 1`,
  },
  {
    check: "I10 places promised once",
    defect: "a call that nobody answered is forgotten at once",
    sow: (_, truth) => ((truth.sale.shopperCapacity = 1), truth.admissions.shift()),
    first: `position 2 was called at ${new Date(at(2000)).toISOString()} to place 2 of 1`,
  },
  {
    check: "I10 calls within pace",
    defect: "everybody is called at once",
    sow: (_, truth) => truth.calls.forEach((each) => (each.calledAt = at(1000))),
    first: "positions up to 3 were called 2 too early: too many within 0 ms",
  },
  {
    check: "I10 nobody called while paused",
    defect: "a pause is not heeded",
    sow: (_, truth) => {
      const first = {
        ...truth.sale,
        generation: 1,
        entryId: "0-0",
        since: at(0),
        paused: false,
        closed: false,
        assumed: false,
      }
      truth.settings = [first, { ...first, entryId: "1-1", since: at(1500), paused: true }]
    },
    first: `positions 2 to 2 were called at ${new Date(at(2000)).toISOString()} while the sale was paused`,
  },
  {
    check: "I12 expired holds released",
    defect: "a hold stays for ever",
    sow: (_, truth) => Object.assign(truth.holds[0]!, { live: true, seatsKept: 1, expiresAt: at(14_999) }),
    first: "hold hold-ada of ada ended 5001 ms ago and still has 1 seats",
  },
  {
    check: "I12 expired holds released",
    defect: "a hold is released late",
    sow: (_, truth) => Object.assign(truth.holds[0]!, { expiresAt: at(1000), releasedAt: at(6001) }),
    first: "hold hold-ada of ada gave its seats back 5001 ms after its end",
  },
  {
    check: "I12 expired holds released",
    defect: "a released hold keeps a seat",
    sow: (_, truth) => Object.assign(truth.holds[0]!, { releasedAt: at(4000), seatsKept: 1 }),
    first: "hold hold-ada of ada was released and 1 of its seats were not",
  },
]

describe("a seeded defect turns its check red", () => {
  for (const { check, defect, sow, first } of seeded)
    test(`${check}: ${defect}`, () => {
      const { history, truth } = goodRun()
      sow(history, truth)
      const judged = audit(history, truth).find((each) => each.name === check)
      expect(judged).toMatchObject({ passed: false, judged: true, counterExample: first })
    })
})

test("a place is free again when its call ran out, was repeated, or was lost with the room it was made in", () => {
  const { truth } = goodRun()
  truth.sale.shopperCapacity = 1
  truth.admissions = []
  const promised = (calls: [number, number, number][]) =>
    auditStores({
      ...truth,
      calls: calls.map(([position, ms, generation]) => ({
        from: position,
        to: position,
        again: false,
        generation,
        entryId: "1-0",
        calledAt: at(ms),
      })),
    }).find((each) => each.name === "I10 places promised once")!.passed
  expect(
    promised([
      [1, 0, 1],
      [2, minutes(2), 1],
    ]),
  ).toBe(true)
  expect(
    promised([
      [1, 0, 1],
      [2, minutes(2) - 1, 1],
    ]),
  ).toBe(false)
  expect(
    promised([
      [1, 0, 1],
      [1, 500, 1],
    ]),
  ).toBe(true)
  expect(
    promised([
      [1, 0, 1],
      [2, 500, 2],
    ]),
  ).toBe(true)
})

test("the pace bends by no more than a second's worth of people in any window", () => {
  const { truth } = goodRun()
  truth.sale.admitPerMinute = 600
  const calls = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      from: index * 10 + 1,
      to: index * 10 + 10,
      again: false,
      generation: 1,
      entryId: "1-0",
      calledAt: at(index * millis(1000)),
    }))
  const paced = (each: ServerTruth["calls"]) =>
    auditStores({ ...truth, calls: each }).find((check) => check.name === "I10 calls within pace")!.passed
  expect(paced(calls(100))).toBe(true)
  expect(
    paced([...calls(50), { from: 501, to: 512, again: false, generation: 1, entryId: "1-0", calledAt: at(49_500) }]),
  ).toBe(false)
})

test("a call that was journaled with its admission, after a loss, is not judged by its time", () => {
  const { truth } = goodRun()
  truth.sale.admitPerMinute = 60
  const positions = Array.from({ length: 20 }, (_, index) => index + 1)
  const restored = positions.map((position) => ({
    from: position,
    to: position,
    again: true,
    generation: 2,
    entryId: "1-0",
    calledAt: at(5000),
  }))
  const granted = (grantedAt: EpochMs) =>
    positions.map((position) => ({
      admissionId: `admission-${position}`,
      account: `account-${position}`,
      position,
      grantedAt,
      endsAt: at(90_000),
    }))
  const isPaced = (grantedAt: EpochMs) =>
    auditStores({ ...truth, calls: restored, admissions: granted(grantedAt) }).find(
      (check) => check.name === "I10 calls within pace",
    )!.passed
  expect([isPaced(at(5000)), isPaced(at(5001))]).toEqual([true, false])
})

test("overtaking and order of joins agree with brute force on random histories", () => {
  const pick = (below: number) => Math.floor(Math.random() * below)
  for (let round = 0; round < 300; round++) {
    const { history, truth } = goodRun()
    Object.assign(history, { joins: [], admissions: [], left: [], moves: [] })
    const people = Array.from({ length: 6 }, (_, index) => {
      const sent = pick(40) * 500
      const admitted = sent + pick(40) * 500
      return {
        account: `p${index}`,
        sent,
        received: sent + pick(8) * 500,
        position: pick(6) + 1,
        admitted,
        waiting: admitted - pick(10) * 500,
      }
    })
    for (const { account, sent, received, position, admitted, waiting } of people) {
      history.joins.push({ account, sent: at(sent), received: at(received), status: 201, position })
      history.admissions.push({
        account,
        sent: at(admitted),
        received: at(admitted),
        position,
        waitingSent: at(waiting),
      })
    }
    const pairs = people.flatMap((a) => people.map((b) => ({ a, b }))).filter(({ a, b }) => a.received < b.sent)
    const checks = audit(history, truth)
    const passed = (name: string) => checks.find((each) => each.name === name)!.passed
    expect(passed("I6 first come, first served")).toBe(!pairs.some(({ a, b }) => a.position > b.position))
    expect(passed("I6 nobody overtaken")).toBe(!pairs.some(({ a, b }) => a.waiting > b.admitted + 1000))
  }
})
