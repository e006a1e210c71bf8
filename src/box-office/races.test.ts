import { expect, test } from "bun:test"
import { isFault } from "../fault.ts"
import { isStoreAway, openPostgres } from "../stores/postgres.ts"
import { freshShop, outcomes, refusesWith } from "../testing/box-office.ts"
import { later, minutes } from "../units.ts"
import { brokenInvariants } from "../testing/invariants.ts"

const shop = await freshShop()
const { admissions, holds, orders, sales, seats } = shop.boxOffice

test("two hundred shoppers want one seat: one gets it, the others hear that it is taken", async () => {
  const { saleId } = await shop.sale()
  const buyers = await shop.shoppers(saleId, 200)
  const seatIds = [(await seats.list(buyers[0]!))[7]!.seatId]
  const { values, codes } = await outcomes(buyers.map((buyer) => holds.hold(buyer, { seatIds, idempotencyKey: "h" })))
  expect(values).toHaveLength(1)
  expect(codes).toEqual(Array(199).fill("unavailable"))
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("three hundred shoppers want overlapping seats in opposite orders: no circle, no seat twice, all sold", async () => {
  const { saleId } = await shop.sale({ totalSeats: 60 })
  const buyers = await shop.shoppers(saleId, 300)
  const free = (await seats.list(buyers[0]!)).map((seat) => seat.seatId)
  const buy = async (buyer: (typeof buyers)[number], n: number) => {
    const four = Array.from({ length: 4 }, (_, step) => free[(n * 7 + step * 3) % 60]!)
    const { holdId } = await holds.hold(buyer, { seatIds: n % 2 ? four : four.toReversed(), idempotencyKey: "h" })
    return orders.checkout(buyer, { holdId, idempotencyKey: "c" })
  }
  const { values, codes } = await outcomes(buyers.map(buy))
  expect(new Set(codes)).toEqual(new Set(["unavailable"]))
  const ids = values.flatMap((each) => each.ticketIds)
  expect(await sales.stock(saleId)).toEqual({ total: 60, available: 60 - ids.length, held: 0, sold: ids.length })
  expect(ids.length).toBeGreaterThan(20)
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a crowd that asks for the best seats buys every seat there is and not one more", async () => {
  const { saleId } = await shop.sale({ totalSeats: 100 })
  const buyers = await shop.shoppers(saleId, 150)
  const buy = async (buyer: (typeof buyers)[number]) => {
    const { holdId } = await holds.hold(buyer, { quantity: 1, idempotencyKey: "h" })
    return orders.checkout(buyer, { holdId, idempotencyKey: "c" })
  }
  const { values, codes } = await outcomes(buyers.map(buy))
  // Coming up short while others hold seats is not sold out: who was unlucky tries again, as the page does.
  for (let left = 100 - values.length; left > 0; left--) await buy(await shop.shopper(saleId))
  expect(codes.every((code) => code === "unavailable")).toBe(true)
  expect(await sales.stats(saleId)).toMatchObject({
    ticketsSold: 100,
    orders: 100,
    uniqueBuyers: 100,
    seatsAvailable: 0,
  })
  await refusesWith("unavailable", holds.hold(await shop.shopper(saleId), { quantity: 1, idempotencyKey: "h" }))
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a script's first requests with a fresh admission, all at the same moment: one hold, and the others hear of it", async () => {
  const { saleId } = await shop.sale({ totalSeats: 100 })
  const codes: string[] = []
  for (const bot of await shop.shoppers(saleId, 40)) {
    const tries = ["a", "b", "c"].map((idempotencyKey) => holds.hold(bot, { quantity: 1, idempotencyKey }))
    const tried = await outcomes(tries)
    expect(tried.values).toHaveLength(1)
    codes.push(...tried.codes)
  }
  expect(new Set(codes)).toEqual(new Set(["hold_exists"]))
})

test("one account with many admissions at once never gets past its cap", async () => {
  const { saleId } = await shop.sale()
  const ada = await shop.shopper(saleId)
  const buy = async (n: number) => {
    const turn = shop.again(ada)
    const { holdId } = await holds.hold(turn, { quantity: 3, idempotencyKey: `h${n}` })
    return orders.checkout(turn, { holdId, idempotencyKey: `c${n}` })
  }
  const { values, codes } = await outcomes(Array.from({ length: 20 }, (_, n) => buy(n)))
  expect(values).toHaveLength(1)
  expect(codes.every((code) => code === "cap_exceeded" || code === "hold_exists")).toBe(true)
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("twenty equal holds at once are one hold", async () => {
  const { saleId } = await shop.sale()
  const ada = await shop.shopper(saleId)
  const { values, codes } = await outcomes(
    Array.from({ length: 20 }, () => holds.hold(ada, { quantity: 2, idempotencyKey: "h" })),
  )
  expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1)
  expect(codes.every((code) => code === "idempotency_running")).toBe(true)
  expect(await sales.stock(saleId)).toMatchObject({ held: 2 })
})

test("fifty extensions of one hold at once are one, with one key or with fifty", async () => {
  const { saleId } = await shop.sale()
  for (const keyOf of [() => "e", (nth: number) => `e${nth}`]) {
    const ada = await shop.shopper(saleId)
    const { holdId, expiresAt } = await holds.hold(ada, { quantity: 2, idempotencyKey: "h" })
    const { values, codes } = await outcomes(
      Array.from({ length: 50 }, (_, nth) => holds.extend(ada, { holdId, idempotencyKey: keyOf(nth) })),
    )
    const once = later(expiresAt, minutes(5))
    expect(values.length).toBeGreaterThan(0)
    expect(new Set(values.map((each) => each.expiresAt))).toEqual(new Set([once]))
    expect(["hold_already_extended", "idempotency_running", "overloaded"]).toEqual(expect.arrayContaining(codes))
    if (keyOf(1) !== keyOf(2)) expect(values).toHaveLength(1)
    expect((await holds.find(holdId, ada.accountId)).expiresAt).toBe(once)
  }
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("a shopper who leaves while paying has either paid or left", async () => {
  const { saleId } = await shop.sale({ totalSeats: 80 })
  const buyers = await shop.shoppers(saleId, 20)
  const taken = await Promise.all(buyers.map((buyer) => holds.hold(buyer, { quantity: 4, idempotencyKey: "h" })))
  const { values } = await outcomes(
    buyers.flatMap((buyer, n) => [
      admissions.leave(buyer).then(() => undefined),
      orders.checkout(buyer, { holdId: taken[n]!.holdId, idempotencyKey: "c" }),
    ]),
  )
  const paid = values.filter((value) => value !== undefined).length
  expect(await sales.stock(saleId)).toEqual({ total: 80, available: 80 - paid * 4, held: 0, sold: paid * 4 })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
})

test("who waits too long for a seat that another transaction keeps is told that it is being taken", async () => {
  const { saleId } = await shop.sale()
  const ada = await shop.shopper(saleId)
  const seatId = (await seats.list(ada))[0]!.seatId
  const hasty = openPostgres(shop.url, { max: 2, lockTimeout: 30 as never })
  const locked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const holder = shop.sql.begin(async (tx) => {
    await tx`select 1 from seats where sale_id = ${saleId} and seat_id = ${seatId} for update`
    locked.resolve()
    await release.promise
  })
  await locked.promise
  await refusesWith("unavailable", shop.reopened(hasty).holds.hold(ada, { seatIds: [seatId], idempotencyKey: "h" }))
  expect((await shop.reopened(hasty).holds.hold(ada, { quantity: 2, idempotencyKey: "h" })).seatIds).not.toContain(
    seatId,
  )
  release.resolve()
  await holder
  await hasty.end()
})

test("connections cut while people buy: each checkout is there once, and the same key always gets its answer", async () => {
  const { saleId } = await shop.sale({ totalSeats: 80 })
  const buyers = await shop.shoppers(saleId, 40)
  const pool = openPostgres(shop.url, { max: 6, name: "cut-me" })
  const office = shop.reopened(pool)
  let cuts = 0
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let left = 200; ; left--) {
      try {
        return await work()
      } catch (error) {
        const again = isStoreAway(error) || isFault(error, "idempotency_running")
        if (!again || left === 0) throw error
        cuts++
        await Bun.sleep(10)
      }
    }
  }
  const buying = Promise.all(
    buyers.map(async (buyer) => {
      const { holdId } = await patiently(() => office.holds.hold(buyer, { quantity: 2, idempotencyKey: "h" }))
      return patiently(() => office.orders.checkout(buyer, { holdId, idempotencyKey: "c" }))
    }),
  )
  let done = false
  void buying.finally(() => (done = true)).catch(() => undefined)
  for (let left = 20; left > 0 && !done; left--) {
    await shop.sql`
      select pg_terminate_backend(pid) from (
        select pid from pg_stat_activity
        where application_name = 'cut-me' and datname = current_database() and state <> 'idle'
        order by random() limit 2
      ) victims`
    await Bun.sleep(10)
  }
  const receipts = await buying
  expect(cuts).toBeGreaterThan(0)
  expect(new Set(receipts.flatMap((receipt) => receipt.ticketIds)).size).toBe(80)
  expect(await sales.stats(saleId)).toMatchObject({ ticketsSold: 80, orders: 40, uniqueBuyers: 40 })
  expect(await brokenInvariants(shop.sql, saleId)).toEqual([])
  await pool.end()
})
