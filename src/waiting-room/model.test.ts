import { afterAll, beforeAll, expect, test } from "bun:test"
import fc from "fast-check"
import { newId, type AccountId, type AdmissionId } from "../ids.ts"
import { people, roomWorld, type RoomWorld } from "../testing/waiting-room.ts"
import { keysOf } from "./keys.ts"
import * as scripts from "./scripts.ts"
import { fieldsOf } from "./settings.ts"

let world: RoomWorld
beforeAll(async () => {
  world = await roomWorld()
})
afterAll(() => world.close())

const capacity = 4
const perMinute = 1200
const callWindow = 3000
const admissionLength = 7000
const cap = 12

/** The room as one would write it down: no bucket arithmetic in hashes, no scores. */
class Model {
  positions: AccountId[] = []
  nowServing = 0
  clock: number
  wall: number
  credit = 1
  refilled: number
  paused = false
  calls = new Map<number, number>()
  shoppers = new Map<AccountId, number>()
  admissions = new Map<AccountId, AdmissionId[]>()
  used = new Set<AccountId>()
  late = new Map<AccountId, number>()

  constructor(now: number) {
    this.clock = this.wall = this.refilled = now
  }
  join(account: AccountId): string {
    const known = this.positions.indexOf(account)
    if (known >= 0) {
      if (
        this.used.has(account) &&
        !this.shoppers.has(account) &&
        !this.calls.has(known + 1) &&
        !this.late.has(account)
      )
        this.late.set(account, 1e9 + known + 1)
      return `${known + 1}`
    }
    if (this.positions.length - this.nowServing >= cap) return "full"
    return `${this.positions.push(account)}`
  }
  tick(now: number) {
    this.clock += Math.max(0, Math.min(now - this.wall, 5000))
    this.wall = now
    for (const [account, end] of this.shoppers) if (end <= this.clock) this.shoppers.delete(account)
    for (const [position, end] of this.calls) if (end <= this.clock) this.calls.delete(position)
    if (this.paused) return
    this.credit = Math.min(
      Math.max(1, perMinute / 60),
      this.credit + ((this.clock - this.refilled) * perMinute) / 60_000,
    )
    this.refilled = this.clock
    const may = () => this.credit >= 1 - 1e-9 && this.shoppers.size + this.calls.size < capacity
    const call = (position: number) => {
      this.credit--
      this.calls.set(position, this.clock + callWindow)
    }
    const callLate = (upto: number) => {
      for (const [account, priority] of [...this.late].toSorted((a, b) => a[1] - b[1])) {
        if (priority > upto || !may()) return
        this.late.delete(account)
        call(this.positions.indexOf(account) + 1)
      }
    }
    callLate(this.nowServing)
    while (may() && this.nowServing < this.positions.length) call(++this.nowServing)
    if (this.nowServing === this.positions.length) callLate(Number.POSITIVE_INFINITY)
  }
  claim(account: AccountId, admissionId: AdmissionId): string {
    if (this.shoppers.has(account)) return "admitted"
    const position = this.positions.indexOf(account) + 1
    if (position === 0) return "not_in_queue"
    if (position > this.nowServing) return "waiting"
    if (this.calls.delete(position)) {
      this.shoppers.set(account, this.clock + admissionLength)
      this.admissions.set(account, [admissionId, ...(this.admissions.get(account) ?? [])])
      this.used.add(account)
      this.late.delete(account)
      return "admitted"
    }
    if (this.used.has(account)) return "used"
    if (!this.late.has(account)) this.late.set(account, position)
    return "missed"
  }
  /** Only the last admission is a live one; a repeated finish of one before it means nothing. */
  finish(account: AccountId, admissionId: AdmissionId) {
    if (this.admissions.get(account)?.[0] === admissionId) this.shoppers.delete(account)
  }
}

type Step =
  | { do: "join"; who: number }
  | { do: "claim"; who: number }
  | { do: "finish"; who: number; before: number }
  | { do: "tick"; after: number }
  | { do: "step"; by: number }
  | { do: "pause" }

const who = fc.integer({ min: 0, max: 24 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("join" as const), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("claim" as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("finish" as const), who, before: fc.integer({ min: 0, max: 1 }) }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant("tick" as const), after: fc.integer({ min: 0, max: 3000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("step" as const), by: fc.constantFrom(86_400_000, -3_600_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "pause" as const }) },
)

test("the scripts do what the model does, whatever people and clocks do", async () => {
  let deepest = 0
  const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
    const settings = world.sale({ waitingRoomCap: cap, shopperCapacity: capacity, admitPerMinute: perMinute })
    const lengths = ["call_window_ms", callWindow, "admission_ms", admissionLength, "ends_ms", 1e14]
    const keys = keysOf(settings.saleId)
    let now = world.now() as number
    await scripts.open(world.redis, keys, { generation: 1, now_ms: now }, [...fieldsOf(settings), ...lengths])
    const model = new Model(now)
    const accounts = people(25)
    const stock = { total: 9, available: 9, held: 0, sold: 0 }
    for (const each of steps) {
      if (each.do === "join") {
        const args = { generation: 1, now_ms: now, lead_ms: 0, floor: 0, lag_cap: 1000, batch: accounts[each.who]! }
        const reply = await scripts.join(world.redis, keys, args)
        const answer = reply.state === "joined" ? reply.answers[0]! : reply
        expect(answer.state === "joined" ? `${answer.position}` : answer.state).toBe(model.join(accounts[each.who]!))
      } else if (each.do === "claim") {
        const account = accounts[each.who]!
        const admissionId = newId<AdmissionId>(world.now())
        const args = { generation: 1, now_ms: now, lead_ms: 0, account, admission_id: admissionId }
        expect((await scripts.claim(world.redis, keys, args)).state).toBe(
          model.claim(account, admissionId) as "admitted",
        )
      } else if (each.do === "finish") {
        const account = accounts[each.who]!
        const admissionId = model.admissions.get(account)?.[each.before] ?? newId<AdmissionId>(world.now())
        await scripts.finish(world.redis, keys, { generation: 1, account, admission_id: admissionId, at_ms: 0 })
        model.finish(account, admissionId)
      } else if (each.do === "pause") {
        model.paused = !model.paused
        await scripts.change(world.redis, keys, { generation: 1 }, ["paused", Number(model.paused)])
      } else {
        now += each.do === "tick" ? each.after : each.by
        await scripts.admit(world.redis, keys, {
          generation: 1,
          epoch: 1,
          now_ms: now,
          lead_ms: 5000,
          limit: 100,
          ...stock,
        })
        model.tick(now)
      }
      const [calls, shoppers, late, nowServing] = await Promise.all([
        world.redis.zrange(keys.calls, 0, "-1"),
        world.redis.zrange(keys.shoppers, 0, "-1"),
        world.redis.zcard(keys.late),
        world.redis.hget(keys.state, "now_serving"),
      ])
      expect({
        calls: calls.map(Number).toSorted((a, b) => a - b),
        shoppers: shoppers.toSorted(),
        late,
        nowServing: Number(nowServing),
      }).toEqual({
        calls: [...model.calls.keys()].toSorted((a, b) => a - b),
        shoppers: [...model.shoppers.keys()].toSorted(),
        late: model.late.size,
        nowServing: model.nowServing,
      })
      expect(calls.length + shoppers.length).toBeLessThanOrEqual(capacity)
      deepest = Math.max(deepest, Number(nowServing))
    }
    await world.redis.unlink(...Object.values(keys))
  })
  await fc.assert(property, { numRuns: 60 })
  expect(deepest).toBeGreaterThan(5)
}, 30_000)
