import type { Admission } from "../admission.ts"
import { beforeAll, expect, test } from "bun:test"
import fc from "fast-check"
import { isFault } from "../fault.ts"
import type { HoldId } from "../ids.ts"
import { stores } from "../testing/stores.ts"
import { minutes, seconds } from "../units.ts"
import { freshShop } from "../testing/box-office.ts"
import { brokenInvariants } from "../testing/invariants.ts"

beforeAll(async () => void (await stores()), 60_000)

const people = 8
const who = fc.integer({ min: 0, max: people - 1 })
const key = fc.integer({ min: 0, max: 2 })
const deed = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("hold" as const), who, key, quantity: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("name" as const), who, key, first: fc.integer({ min: 0, max: 17 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("pay" as const), who, key, declined: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("again" as const), who }) },
  { weight: 2, arbitrary: fc.constant({ do: "sweep" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("change" as const), cap: fc.integer({ min: 1, max: 4 }) }) },
)
/** What happens at one moment, and what passes afterwards. */
const moment = fc.record({
  deeds: fc.array(deed, { minLength: 1, maxLength: 12 }),
  passes: fc.constantFrom(0, 500, 20_000, 61_000, -30_000, 700_000),
})

test("whatever shoppers do at one moment, and however the clock goes: the invariants hold and a key has one answer", async () => {
  const shop = await freshShop()
  const office = shop.boxOffice
  let paid = 0
  const property = fc.asyncProperty(fc.array(moment, { minLength: 3, maxLength: 10 }), async (moments) => {
    const { saleId } = await shop.sale({ totalSeats: 18, holdLength: minutes(1) })
    const shoppers = await shop.shoppers(saleId, people, minutes(60))
    const seatIds = (await office.seats.list(shoppers[0]!)).map((seat) => seat.seatId)
    const holdIds = new Map<number, HoldId>()
    const answers = new Map<string, string>()
    /** The same key says the same, for as long as it lives. */
    const answered = <T>(name: string, answer: T): T => {
      const text = JSON.stringify(answer)
      expect([name, answers.get(name) ?? text]).toEqual([name, text])
      answers.set(name, text)
      return answer
    }
    const act = async (each: (typeof moments)[number]["deeds"][number]) => {
      if (each.do === "sweep") return office.sweeper.tick()
      if (each.do === "change") return office.sales.change(saleId, { maxTicketsPerUser: each.cap })
      const shopper: Admission = shoppers[each.who]!
      const name = `${each.who} ${each.do}`
      if (each.do === "hold" || each.do === "name") {
        const { quantity = 0, first = 0 } = { ...each } as { quantity?: number; first?: number }
        const wish = quantity > 0 ? { quantity } : { seatIds: seatIds.slice(first, first + 2) }
        const idempotencyKey = `${name} ${each.key} ${quantity} ${first}`
        const { holdId } = answered(idempotencyKey, await office.holds.hold(shopper, { ...wish, idempotencyKey }))
        return holdIds.set(each.who, holdId)
      }
      const holdId = holdIds.get(each.who)
      if (each.do === "pay" && holdId) {
        const idempotencyKey = `${name} ${each.key} ${holdId} ${each.declined}`
        const payment = each.declined ? { payment: { amountCents: 1 } } : {}
        answered(idempotencyKey, await office.orders.checkout(shopper, { holdId, idempotencyKey, ...payment }))
        return paid++
      }
      if (each.do === "release" && holdId) return office.holds.release(shopper, holdId)
      if (each.do === "leave") return office.admissions.leave(shopper)
      if (each.do === "again") shoppers[each.who] = { ...shop.again(shopper), endsAt: shopper.endsAt }
      return undefined
    }
    for (const { deeds, passes } of moments) {
      for (const each of await Promise.allSettled(deeds.map(act)))
        if (each.status === "rejected" && !isFault(each.reason)) throw each.reason
      expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
      shop.after(seconds(passes / 1000))
    }
    await office.sweeper.tick()
    expect(await brokenInvariants(shop.sql, saleId, shop.clock())).toEqual([])
    shop.after(minutes(120))
  })
  await fc.assert(property, { numRuns: 8 })
  expect(paid).toBeGreaterThan(0)
}, 120_000)
