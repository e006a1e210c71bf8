import { expect, test } from "bun:test"
import fc from "fast-check"
import { openTrial, type Trial } from "../../testing/defects/trial.ts"
import { at, goodRun } from "../../testing/lab/lab-run.ts"
import { minutes, seconds } from "../../units.ts"
import type { ServerTruth, TruthSettings } from "../model/truth.ts"
import { auditStores } from "./audit.ts"

const broken = (truth: ServerTruth) =>
  auditStores(truth)
    .filter((each) => !each.passed)
    .map((each) => each.name)

const fans = Array.from({ length: 70 }, (_, index) => `fan${index + 1}`)
const crowdOf = async (trial: Trial) => {
  await trial.arrive(...fans)
  for (const name of fans) await trial.join(name)
}

test("a capacity, a rate and a cap that are lowered after people shopped by them break nothing", async () => {
  const trial = await openTrial({ sale: { shopperCapacity: 8, admitPerMinute: 6000 } })
  try {
    await crowdOf(trial)
    await trial.pass(seconds(1))
    for (const name of fans.slice(0, 7)) expect(await trial.poll(name)).toBe(true)
    const hold = await trial.hold(fans[0]!, 2)
    await trial.change({ shopperCapacity: 3, admitPerMinute: 60, maxTicketsPerUser: 1 })
    expect(await trial.poll(fans[7]!)).toBe(true)
    await trial.pay(fans[0]!, hold!)
    await trial.pass(seconds(3))
    const checks = await trial.audit()
    expect(checks.filter((each) => !each.passed)).toEqual([])
    expect(checks.find((each) => each.name === "I10 shoppers within capacity")!.expected).toContain("8, then 3")
  } finally {
    await trial.close()
  }
})

test("a rebuilt room goes on with the settings it was rebuilt with", async () => {
  const trial = await openTrial({ sale: { shopperCapacity: 8, admitPerMinute: 6000 } })
  try {
    await crowdOf(trial)
    await trial.pass(seconds(1))
    await trial.change({ shopperCapacity: 70 })
    await trial.pass(seconds(1))
    await trial.redis.flushdb()
    await trial.pass(seconds(60))
    await trial.change({ shopperCapacity: 1 })
    expect((await trial.audit()).filter((each) => each.name.startsWith("I10") && !each.passed)).toEqual([])
  } finally {
    await trial.close()
  }
})

test("calls that were written again, at times that are lost, are not judged by pace, places or pauses", () => {
  const { truth } = goodRun()
  const [call] = truth.calls
  truth.calls = [{ ...call!, entryId: "healed-0", from: 1, to: 3, calledAt: at(5000) }]
  truth.settings = [settings(), settings({ entryId: "1-0", since: at(4000), shopperCapacity: 1, paused: true })]
  expect(broken(truth).filter((each) => each.startsWith("I10"))).toEqual([])
})

test("settings that nobody wrote down are those of today, and the check says where a history began", () => {
  const { truth } = goodRun()
  expect(broken(truth)).toEqual([])
  const withoutHistory = auditStores(truth).find((each) => each.name === "I10 shoppers within capacity")!
  expect(withoutHistory.expected).toContain("2 (as of the day on which its history began)")
  truth.settings = [settings({ assumed: true }), settings({ entryId: "9-0", since: at(9000), shopperCapacity: 5 })]
  const check = auditStores(truth).find((each) => each.name === "I10 shoppers within capacity")!
  expect(check.expected).toContain("2, then 5 (the first as of the day on which its history began)")
})

test("an account keeps what it held before a cap was lowered, and gets no more by one that is raised later", () => {
  const { truth } = goodRun()
  const [hold] = truth.holds
  hold!.seats = 4
  const cap = (since: number, maxTicketsPerUser: number) => ({ since: at(since), maxTicketsPerUser, assumed: false })
  const judged = (...caps: ServerTruth["caps"]) => broken({ ...truth, caps })
  expect(judged(cap(0, 4), cap(hold!.takenAt - at(0) + 5000, 1))).toEqual([])
  expect(judged(cap(-9000, 1), cap(hold!.takenAt - at(0) + 5000, 4))).toEqual(["I9 caps kept"])
})

const settings = (given: Partial<TruthSettings> = {}): TruthSettings => ({
  generation: 1,
  entryId: "0-0",
  since: at(0),
  admitPerMinute: 600,
  shopperCapacity: 2,
  callWindow: minutes(2),
  paused: false,
  closed: false,
  assumed: false,
  ...given,
})

type Step =
  | { do: "set"; patch: Partial<Pick<TruthSettings, "admitPerMinute" | "shopperCapacity" | "callWindow" | "paused">> }
  | { do: "tick" }
  | { do: "come"; nth: number }
  | { do: "leave"; nth: number }

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Step>({ do: "tick" }) },
    fc.record<Step & { do: "set" }>({
      do: fc.constant("set"),
      patch: fc.oneof(
        fc.record({ admitPerMinute: fc.constantFrom(1, 60, 600, 6000, 60_000) }),
        fc.record({ shopperCapacity: fc.integer({ min: 1, max: 12 }) }),
        fc.record({ callWindow: fc.constantFrom(seconds(1), seconds(5), seconds(30)) }),
        fc.record({ paused: fc.boolean() }),
      ),
    }),
    fc.record<Step & { do: "come" }>({ do: fc.constant("come"), nth: fc.nat(30) }),
    fc.record<Step & { do: "leave" }>({ do: fc.constant("leave"), nth: fc.nat(30) }),
  ),
  { minLength: 30, maxLength: 150, size: "max" },
)

type Breach = { check: string; from: number }
const breaches = ["I10 places promised once", "I10 calls within pace", "I10 nobody called while paused"]

/** The clock of a room moves at a tick; a change of settings is of the last one. */
type Room = {
  now: number
  clock: number
  held: TruthSettings
  credit: number
  next: number
  called: Map<number, number>
}

/** A room as small as one can be. It keeps every rule, but for one tick, the first after `from` that can break the rule of `check`. */
const play = (taken: Step[], breach?: Breach) => {
  const held = settings({ shopperCapacity: 4 })
  const room: Room = { now: 0, clock: 0, held, credit: burstOf(held), next: 1, called: new Map() }
  const { truth: good } = goodRun()
  const truth: ServerTruth = { ...good, calls: [], admissions: [], settings: [held] }
  let breached = false
  for (const [index, step] of taken.entries()) {
    const entryId = `1-${index + 1}`
    room.now++
    if (step.do === "set") truth.settings.push(set(room, { ...step.patch, entryId }))
    if (step.do === "come") come(room, truth, step.nth)
    if (step.do === "leave") leave(room, truth, step.nth)
    if (step.do !== "tick") continue
    const due = tick(room, shoppingIn(truth))
    const wrong: number = breach && !breached && index >= breach.from ? tooMany(room, due, breach.check) : 0
    breached ||= wrong > 0
    call(room, truth, entryId, wrong || due.people)
  }
  return { truth, breached }
}

const burstOf = ({ admitPerMinute }: TruthSettings) => Math.max(1, admitPerMinute / 60)

const set = (room: Room, patch: Partial<TruthSettings>) => {
  room.held = { ...room.held, ...patch, since: at(room.clock) }
  room.credit = Math.min(room.credit, burstOf(room.held))
  return room.held
}

const shoppingIn = (truth: ServerTruth) => truth.admissions.filter((each) => each.finishedAt === undefined)

const come = ({ called, now }: Room, { admissions }: ServerTruth, nth: number) => {
  const position = [...called.keys()][nth % Math.max(1, called.size)]
  if (position === undefined) return
  called.delete(position)
  const name = `${position}`
  admissions.push({ admissionId: name, account: name, position, grantedAt: at(now), endsAt: at(now + minutes(60)) })
}

const leave = ({ now }: Room, truth: ServerTruth, nth: number) => {
  const shopping = shoppingIn(truth)
  const gone = shopping[nth % Math.max(1, shopping.length)]
  if (gone !== undefined) gone.finishedAt = at(now)
}

type Due = { free: number; people: number }
const tick = (room: Room, shopping: unknown[]): Due => {
  const { held, called } = room
  room.now += tickMs
  room.credit = Math.min(burstOf(held), room.credit + ((room.now - room.clock) * held.admitPerMinute) / 60_000)
  room.clock = room.now
  for (const [position, ends] of called) if (ends <= room.now) called.delete(position)
  const free = held.shopperCapacity - called.size - shopping.length
  return { free, people: held.paused ? 0 : Math.max(0, Math.min(Math.floor(room.credit), free)) }
}

/** How many people break this rule alone; 0 when it cannot be broken now. */
const tooMany = ({ credit, held }: Room, { free }: Due, check: string): number => {
  if (check === "I10 nobody called while paused") return held.paused && free > 0 && credit >= 1 ? 1 : 0
  if (held.paused) return 0
  const [pastPlaces, pastPace] = [Math.max(1, free + 1), Math.floor(credit) + 3]
  if (check === "I10 places promised once") return pastPlaces <= credit ? pastPlaces : 0
  return pastPace <= free ? pastPace : 0
}

const call = (room: Room, { calls }: ServerTruth, entryId: string, people: number) => {
  if (people === 0) return
  const [from, to] = [room.next, room.next + people - 1]
  calls.push({ from, to, again: false, generation: 1, entryId, calledAt: at(room.now) })
  for (let position = from; position <= to; position++) room.called.set(position, room.now + room.held.callWindow)
  room.credit -= people
  room.next = to + 1
}

const tickMs = 200
const brokenRules = (truth: ServerTruth) => broken(truth).filter((each) => each.startsWith("I10"))

test("however rate, capacity, call window and pauses change, a true queue passes", () => {
  fc.assert(
    fc.property(steps, (taken) => expect(brokenRules(play(taken).truth)).toEqual([])),
    { numRuns: 500 },
  )
})

for (const check of breaches)
  test(`${check}: no change of settings, before or after, hides one breach`, () => {
    let seen = 0
    fc.assert(
      fc.property(steps, fc.nat(60), (taken, from) => {
        const { truth, breached } = play(taken, { check, from })
        if (!breached) return
        seen++
        expect(brokenRules(truth)).toContain(check)
      }),
      { numRuns: 1000 },
    )
    expect(seen).toBeGreaterThan(30)
  })
