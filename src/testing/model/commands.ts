import { expect } from "bun:test"
import fc from "fast-check"
import { isFault } from "../../fault.ts"
import { trustedId, type AccountId, type HoldId, type SaleId } from "../../ids.ts"
import { isStoreAway } from "../../stores/postgres.ts"
import { epochMs } from "../../units.ts"
import type { Turn } from "../../waiting-room/waiting-room.ts"
import { sale, type Model } from "./plain.ts"
import type { RareStates } from "./rare.ts"
import { tokenOf, type Traffic } from "./traffic.ts"

export type Real = {
  traffic: Traffic
  saleId: SaleId
  accounts: AccountId[]
  rare: RareStates
  /** What was done until it went wrong. */
  done: string[]
  /** Requests are numbered, for their keys. */
  asked: number
}
export type Command = fc.AsyncCommand<Model, Real>

type Verb = (model: Model, real: Real) => Promise<void>

/** Runs the verb, waits until the stores have come to rest and holds everything against the model. */
const command = (text: string, may: (model: Model) => boolean, run: Verb): Command => ({
  check: (model) => may(model as Model),
  run: async (model, real) => {
    real.done.push(text)
    await run(model, real)
    await rest(model, real)
    await compare(model, real)
  },
  toString: () => text,
})

/** Whoever is the nth among those who can, so that few commands are in vain; afterwards it says who that was. */
const someone = (nth: number, among: (model: Model) => number[], verb: (who: number) => Command): Command => {
  let text = ""
  const pick = (model: Model) => {
    const who = among(model)
    const chosen = who.length === 0 ? undefined : verb(who[nth % who.length]!)
    text = chosen?.toString() ?? text
    return chosen
  }
  return {
    check: (model) => pick(model as Model)?.check(model) ?? false,
    run: async (model, real) => pick(model)?.run(model, real),
    toString: () => text,
  }
}
const shoppers = (model: Model) => [...model.tokens.keys()]
const holders = (model: Model) => shoppers(model).filter((who) => model.holds.has(who))
const called = (model: Model) => [...model.present].filter((who) => model.calls.has(model.positions.get(who)!))

const join = (who: number) =>
  command(
    `join ${who}`,
    () => true,
    async (model, { traffic, saleId, accounts, rare }) => {
      const position = model.positions.get(who)
      const receipt = position === undefined ? undefined : { position, joinedAt: epochMs(model.time) }
      const wasLost = position !== undefined && !model.present.has(who)
      const expected = model.join(who)
      const outcome = await traffic.process().room.join(saleId, accounts[who]!, receipt)
      const seen =
        outcome.state === "joined" ? { state: "joined", position: outcome.position } : { state: outcome.state }
      expect<unknown>(seen).toEqual(expected)
      rare.met("the store and the process were lost, and a receipt brought a place back", wasLost && model.isOpen)
      rare.met("the waiting room was full", outcome.state === "full")
    },
  )

const claim = (who: number) =>
  command(
    `claim ${who}`,
    () => true,
    async (model, real) => {
      const { traffic, saleId, accounts } = real
      const turn = await traffic.process().room.turn(saleId, accounts[who]!)
      if (!model.isOpen) return closedTurn(model, who, turn)
      const { admission, ...expected } = model.claim(who)
      expect<unknown>({ state: turn.state, position: "position" in turn ? turn.position : undefined }).toEqual({
        position: undefined,
        ...expected,
      })
      if (turn.state !== "admitted") return
      if (admission) expect<string>(turn.admissionId).toBe(admission)
      expect<number>(turn.endsAt).toBe(model.shoppers.get(who)!)
      model.live.set(who, turn.admissionId)
      model.toldEnds.set(turn.admissionId, turn.endsAt)
      model.toldAdmissions.add(turn.admissionId)
      model.tokens.set(who, tokenOf(saleId, accounts[who]!, turn))
    },
  )

/** A closed room says what it knows for certain, or nothing. */
const closedTurn = (model: Model, who: number, turn: Turn) => {
  if (turn.state === "recovering") return
  if (turn.state === "waiting") return expect(turn.position).toBe(model.positions.get(who)!)
  expect<unknown>(turn).toMatchObject({ state: "admitted", admissionId: model.tokens.get(who)?.admissionId })
}

const leave = (who: number) =>
  command(
    `leave ${who}`,
    (model) => model.tokens.has(who),
    async (model, { traffic }) => {
      const token = model.tokens.get(who)!
      const outcome = await outcomeOf(traffic.process().shop.leave(token))
      expect(outcome).toBe(model.postgresIsAway ? "away" : "done")
      if (outcome === "away") return
      if (!model.finished.has(token.admissionId)) model.holds.delete(who)
      model.finish(who)
    },
  )

const hold = (who: number, seats: number) =>
  command(
    `hold ${who} ${seats}`,
    (model) => {
      const held = model.holds.get(who)
      // Of a hold past its end and of the cap either may refuse first.
      const isUnclear =
        held && held.ends <= model.time && held.seats + (model.sold.get(who) ?? 0) + seats > sale.perAccount
      return model.tokens.has(who) && !isUnclear
    },
    async (model, real) => {
      const { traffic } = real
      const token = model.tokens.get(who)!
      readmit(model, real, who)
      const request = { quantity: seats, idempotencyKey: `${real.asked++}` }
      const end = endOf(model, real, who)
      const reasons = model.postgresIsAway ? ["away"] : model.hold(who, seats, end)
      const { shop } = traffic.process()
      let answer: Awaited<ReturnType<typeof shop.hold>> | undefined
      const outcome = await outcomeOf(shop.hold(token, request).then((held) => (answer = held)))
      if (!answer) {
        expect(reasons).toContain(outcome)
        if (outcome === "unavailable") model.holds.delete(who)
        return
      }
      expect(reasons).toEqual([])
      const kept = Math.max(model.kept.get(token.admissionId) ?? 0, end)
      model.kept.set(token.admissionId, kept)
      const ends = Math.min(Math.max(model.time, token.grantedAt) + sale.hold, kept)
      expect<number>(answer.expiresAt).toBe(ends)
      model.holds.set(who, { id: answer.holdId, seats, ends, answer: JSON.stringify(answer) })
      // The same key once more: the same answer and no second effect.
      expect(await shop.hold(token, request)).toEqual(answer)
    },
  )

const pay = (who: number) =>
  command(
    `pay ${who}`,
    (model) => model.tokens.has(who) && model.holds.has(who),
    async (model, real) => {
      const { traffic, rare } = real
      const token = model.tokens.get(who)!
      readmit(model, real, who)
      const held = model.holds.get(who)!
      const end = endOf(model, real, who)
      const reason = model.postgresIsAway ? "away" : model.pay(who, end)
      const { boxOffice, shop } = traffic.process()
      const purchase = { holdId: trustedId<HoldId>(held.id), idempotencyKey: `${real.asked++}` }
      const outcome = await outcomeOf(shop.checkout(token, purchase))
      expect(outcome).toBe(reason ?? "done")
      if (outcome !== "done") return
      model.holds.delete(who)
      model.sold.set(who, (model.sold.get(who) ?? 0) + held.seats)
      model.finish(who)
      rare.met("an order was paid after the store had been lost", model.generation > 1)
      // The admission is over; its kept answer is not.
      const again = await boxOffice.orders.checkout(token, purchase)
      expect(again.ticketIds).toHaveLength(held.seats)
    },
  )

const endOf = (model: Model, { rare }: Real, who: number) => {
  const end = model.endOf(who)
  rare.met("a token was good beyond its end", end > model.tokens.get(who)!.endsAt)
  return end
}

const readmit = (model: Model, { rare }: Real, who: number) => {
  const before = model.shoppers.has(who)
  model.readmit(who)
  rare.met("an admission was put back by its shopper", !before && model.shoppers.has(who))
}

const tick = (after: number) =>
  command(
    `tick ${after}`,
    () => true,
    async (model, { traffic, saleId, rare }) => {
      traffic.pass(after)
      model.time += after
      const late = new Map(model.late)
      const before = { ends: [...model.shoppers.values()], holds: [...model.holds.values()].map((each) => each.ends) }
      rare.met("a process with a wrong clock did not lead", model.startedWrong && model.present.size > 0)
      const moves = model.tick()
      const released = model.sweep()
      await traffic.tick(saleId, moves)
      if (moves && !model.postgresIsAway) model.journal()
      rare.met("a hold ran out and was given back", released > 0)
      rare.met("the sale was sold out", model.soldOut)
      const again = [...late].filter(([who]) => !model.late.has(who))
      rare.met(
        "somebody missed a turn and was called again",
        again.some(([, priority]) => priority < 2 ** 40),
      )
      rare.met(
        "somebody was called a second time",
        again.some(([, priority]) => priority > 2 ** 40),
      )
      rare.met(
        "a hold was extended over an outage",
        [...model.holds.values()].some((each) => !before.holds.includes(each.ends)),
      )
      rare.met(
        "calls and admissions were moved by the time that was lost",
        moves && [...model.shoppers.values()].some((end) => !before.ends.includes(end)),
      )
    },
  )

const pass = (ms: number) =>
  command(
    `pass ${ms}`,
    (model) => model.holds.size > 0,
    async (model, { traffic }) => {
      traffic.pass(ms)
      model.time += ms
    },
  )

const pause = () =>
  command(
    "pause",
    (model) => model.isOpen && !model.postgresIsAway,
    async (model, { traffic, saleId }) => {
      model.paused = !model.paused
      const { boxOffice, room } = traffic.process()
      await boxOffice.sales.change(saleId, { paused: model.paused })
      await room.change(saleId, { paused: model.paused })
    },
  )

const step = (off: number, may: (model: Model) => boolean = () => true) =>
  command(`clock ${off}`, may, async (model, { traffic, rare }) => {
    rare.met("a clock stepped while somebody shopped", off !== 0 && model.shoppers.size > 0)
    model.step(off)
    await traffic.step(off)
  })

const restart = (off: number) =>
  command(
    `restart with the clock off by ${off}`,
    () => true,
    async (model, { traffic, rare }) => {
      rare.met("the process ended while somebody held a seat", model.holds.size > 0)
      model.step(off)
      model.restart()
      await traffic.step(off)
      await traffic.restart()
    },
  )

const killRedis = () =>
  command(
    "kill Redis",
    () => true,
    async (model, { traffic, saleId, rare }) => {
      rare.met("Redis was killed while somebody shopped", model.shoppers.size > 0)
      model.resyncs = true
      if (model.postgresIsAway) model.isOpen = false
      await traffic.killRedis(saleId)
    },
  )

const flush = (endsProcess: boolean, may: (model: Model) => boolean = () => true) =>
  command(endsProcess ? "lose Redis and the process" : "lose Redis", may, async (model, { traffic, rare }) => {
    rare.met("the store was lost while somebody held a seat", model.holds.size > 0)
    const unwritten = [...model.present].some((who) => !model.journaled.places.has(who))
    rare.met("the store was lost while joins were not in the journal", unwritten)
    const unknown = [...model.live.values()].some((id) => !model.journaled.admissions.has(id))
    rare.met("the store was lost with an admission that the journal had not", unknown)
    model.resyncs = true
    model.isOpen = false
    await traffic.flush()
    if (!endsProcess) return
    rare.met("the process ended while somebody held a seat", model.holds.size > 0)
    model.restart()
    await traffic.restart()
  })

const postgresGoes = () =>
  command(
    "Postgres goes",
    (model) => !model.postgresIsAway,
    async (model, { traffic, rare }) => {
      rare.met("Postgres was away while somebody held a seat", model.holds.size > 0)
      model.postgresIsAway = true
      await traffic.cutPostgres()
    },
  )

const postgresComes = () =>
  command(
    "Postgres comes",
    (model) => model.postgresIsAway,
    async (model, { traffic }) => {
      model.postgresIsAway = false
      await traffic.mendPostgres()
    },
  )

/** With Postgres there every room opens again; without, one that is in doubt stays closed. */
const rest = async (model: Model, { traffic, saleId, accounts, rare }: Real) => {
  if (!model.postgresIsAway) model.isOpen = true
  else if (traffic.process().room.snapshot(saleId) === undefined) model.isOpen = false
  await traffic.settle(saleId, model.isOpen)
  rare.met("a room stayed closed because Postgres was away", !model.isOpen)
  if (!model.isOpen) return
  const queue = await traffic.look(saleId, accounts)
  if (queue.generation === model.generation) return
  rare.met(
    "an admission came back from the journal alone",
    [...queue.admissions.values()].some((id) => !model.toldAdmissions.has(id)),
  )
  expect(model.adopt(queue)).toEqual([])
}

const compare = async (model: Model, { traffic, saleId, accounts }: Real) => {
  const [stock] = await traffic.owner<{ held: number; sold: number }[]>`
    select count(*) filter (where state = 'held')::int as held, count(*) filter (where state = 'sold')::int as sold
    from seats where sale_id = ${saleId}`
  const holds = await traffic.owner<{ accountId: AccountId; expiresAt: number }[]>`
    select account_id, expires_at from holds
    where sale_id = ${saleId} and released_at is null and consumed_at is null limit 100`
  const seen = new Map(holds.map((each) => [accounts.indexOf(each.accountId), Number(each.expiresAt)]))
  expect({ holds: sorted(seen), ...stock }).toEqual({
    holds: sorted(new Map([...model.holds].map(([who, each]) => [who, each.ends]))),
    held: [...model.holds.values()].reduce((sum, each) => sum + each.seats, 0),
    sold: [...model.sold.values()].reduce((sum, each) => sum + each, 0),
  })
  if (!model.isOpen) return
  const queue = await traffic.look(saleId, accounts)
  const present = [...model.present].map((who) => [who, model.positions.get(who)!] as const)
  expect({
    positions: sorted(queue.positions),
    calls: sorted(queue.calls),
    shoppers: sorted(queue.shoppers),
    late: sorted(queue.late),
    nowServing: queue.nowServing,
    clock: queue.clock,
    soldOut: queue.soldOut,
  }).toEqual({
    positions: sorted(new Map(present)),
    calls: sorted(model.calls),
    shoppers: sorted(model.shoppers),
    late: sorted(model.late),
    nowServing: model.nowServing,
    clock: model.clock,
    soldOut: model.soldOut,
  })
}

const sorted = (map: Map<number, number>) => [...map].toSorted((a, b) => a[0] - b[0])

const outcomeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return "done"
  } catch (error) {
    if (isFault(error)) return error.code
    if (isStoreAway(error)) return "away"
    throw error
  }
}

const who = fc.nat({ max: sale.people - 1 })
const seats = fc.integer({ min: 1, max: 2 })
const always = fc.constant(undefined)
const day = 86_400_000

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 20, arbitrary: who.map(join) },
  { weight: 8, arbitrary: who.map(claim) },
  { weight: 24, arbitrary: who.map((nth) => someone(nth, called, claim)) },
  { weight: 3, arbitrary: who.map((nth) => someone(nth, shoppers, leave)) },
  { weight: 18, arbitrary: fc.tuple(who, seats).map(([nth, n]) => someone(nth, shoppers, (each) => hold(each, n))) },
  { weight: 9, arbitrary: who.map((nth) => someone(nth, holders, pay)) },
  { weight: 22, arbitrary: fc.integer({ min: 50, max: 3000 }).map(tick) },
  { weight: 5, arbitrary: fc.constantFrom(8000, 60_000).map(pass) },
  { weight: 1, arbitrary: always.map(pause) },
  { weight: 1, arbitrary: fc.constantFrom(day, -day, -20_000).map((off) => step(off)) },
  { weight: 12, arbitrary: always.map(() => step(0, (model) => model.machineOff !== 0)) },
  { weight: 3, arbitrary: fc.constantFrom(0, 0, day, -day).map(restart) },
  { weight: 1, arbitrary: always.map(killRedis) },
  { weight: 2, arbitrary: fc.boolean().map((endsProcess) => flush(endsProcess)) },
  { weight: 3, arbitrary: always.map(() => flush(true, (model) => model.live.size > 0)) },
  { weight: 2, arbitrary: always.map(postgresGoes) },
  { weight: 16, arbitrary: always.map(postgresComes) },
)
