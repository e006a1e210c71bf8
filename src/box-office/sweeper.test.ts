import { expect, test } from "bun:test"
import { later, millis, minutes, seconds, type EpochMs } from "../units.ts"
import { silentLog } from "../log.ts"
import { freshShop, refusesWith } from "../testing/box-office.ts"
import { brokenInvariants } from "../testing/invariants.ts"
import { openPostgres, transaction } from "../stores/postgres.ts"
import { openBoxOffice } from "./box-office.ts"

/** A shop whose sweeper has run, with one hold of two minutes. */
const sweptShop = async () => {
  const shop = await freshShop()
  const { holds, sales, orders } = shop.boxOffice
  const sale = await shop.sale({ holdLength: minutes(2) })
  const ada = await shop.shopper(sale.saleId, minutes(60))
  await shop.boxOffice.sweeper.tick()
  const hold = await holds.hold(ada, { quantity: 4, idempotencyKey: "h" })
  return { ...shop, holds, sales, orders, sale, saleId: sale.saleId, ada, hold, sweeper: shop.boxOffice.sweeper }
}
const endOf = async ({ sql, hold }: Pick<Awaited<ReturnType<typeof sweptShop>>, "sql" | "hold">) => {
  const [row] = await sql<{ expiresAt: EpochMs }[]>`select expires_at from holds where hold_id = ${hold.holdId}`
  return row!.expiresAt
}

test("an expired hold gives back its seats and its cap, once", async () => {
  const shop = await sweptShop()
  for (let second = 1; second < 120; second++) {
    shop.after(seconds(1))
    if (second % 5 === 0) expect(await shop.sweeper.tick()).toEqual({ released: 0 })
  }
  expect(await shop.sales.stock(shop.saleId)).toMatchObject({ held: 4 })
  shop.after(seconds(1))
  expect(await shop.sweeper.tick()).toEqual({ released: 1 })
  expect(await shop.sweeper.tick()).toEqual({ released: 0 })
  expect(await shop.sales.stock(shop.saleId)).toEqual({ total: 40, available: 40, held: 0, sold: 0 })
  expect((await shop.holds.hold(shop.ada, { quantity: 4, idempotencyKey: "h2" })).seatIds).toHaveLength(4)
  expect(await brokenInvariants(shop.sql, shop.saleId, shop.clock())).toEqual([])
})

test("after an outage of ours live holds get the whole of it back", async () => {
  const shop = await sweptShop()
  shop.after(minutes(30))
  const { sweeper, orders } = shop.reopened()
  expect(await sweeper.tick()).toEqual({ released: 0 })
  expect(await endOf(shop)).toBe(later(shop.hold.expiresAt, minutes(30)))
  await orders.checkout(shop.ada, { holdId: shop.hold.holdId, idempotencyKey: "c" })
})

test("of a jump within one process five seconds count", async () => {
  const shop = await sweptShop()
  shop.after(minutes(60 * 24))
  expect(await shop.sweeper.tick()).toEqual({ released: 0 })
  expect(await endOf(shop)).toBe(later(shop.hold.expiresAt, millis(minutes(60 * 24) - seconds(5))))
})

test("a process that ticks late still lets holds end", async () => {
  const shop = await sweptShop()
  let ticks = 0
  for (let released = 0; released === 0 && ticks < 100; ticks++) {
    shop.after(seconds(20))
    released = (await shop.sweeper.tick()).released
  }
  expect(ticks).toBe(120 / 5)
})

test("a hold that had ended before the outage is not brought back", async () => {
  const shop = await sweptShop()
  shop.after(seconds(118))
  await shop.reopened().sweeper.tick()
  shop.after(seconds(4))
  await shop.sql`update holds set expires_at = ${shop.clock() - seconds(5)} where hold_id = ${shop.hold.holdId}`
  shop.after(minutes(5))
  expect(await shop.reopened().sweeper.tick()).toEqual({ released: 1 })
})

test("a node that starts while another sweeps extends nothing, and a clock that stands behind changes nothing", async () => {
  const shop = await sweptShop()
  shop.after(seconds(3))
  await shop.sweeper.tick()
  shop.after(seconds(3))
  await shop.reopened().sweeper.tick()
  shop.after(seconds(-600))
  await shop.reopened().sweeper.tick()
  shop.after(seconds(601))
  await shop.reopened().sweeper.tick()
  expect(await endOf(shop)).toBe(shop.hold.expiresAt)
})

test("a node whose clock is not to be trusted releases, extends and forgets nothing", async () => {
  const shop = await sweptShop()
  const { sweeper } = openBoxOffice({
    sql: shop.sql,
    clock: () => later(shop.clock(), minutes(60 * 24)),
    log: silentLog,
    isTrusted: () => false,
  })
  expect(await sweeper.tick()).toEqual({ released: 0 })
  await shop.sweeper.tick()
  expect(await endOf(shop)).toBe(shop.hold.expiresAt)
  expect(await shop.sales.stock(shop.saleId)).toMatchObject({ held: 4 })
})

test("six sweepers at once release two hundred holds, each once", async () => {
  const shop = await freshShop()
  const { saleId } = await shop.sale({ totalSeats: 800, holdLength: seconds(2) })
  const buyers = await shop.shoppers(saleId, 200)
  await Promise.all(buyers.map((buyer) => shop.boxOffice.holds.hold(buyer, { quantity: 4, idempotencyKey: "h" })))
  expect(await shop.boxOffice.sales.stock(saleId)).toMatchObject({ available: 0, held: 800 })
  shop.after(seconds(2))
  const ticks = await Promise.all(Array.from({ length: 6 }, () => shop.reopened().sweeper.tick()))
  expect(ticks.reduce((sum, each) => sum + each.released, 0)).toBe(200)
  expect(await shop.boxOffice.sales.stock(saleId)).toMatchObject({ available: 800, held: 0 })
  expect(await brokenInvariants(shop.sql, saleId, shop.clock())).toEqual([])
})

test("a declined order of an expired hold expires with it", async () => {
  const shop = await sweptShop()
  await refusesWith(
    "payment_declined",
    shop.orders.checkout(shop.ada, { holdId: shop.hold.holdId, idempotencyKey: "c", payment: { amountCents: 1 } }),
  )
  for (let left = 24; left > 0; left--) {
    shop.after(seconds(5))
    await shop.sweeper.tick()
  }
  expect(await shop.sql`select status from orders`).toEqual([{ status: "expired" }] as never)
  expect(await brokenInvariants(shop.sql, shop.saleId, shop.clock())).toEqual([])
})

test("answers are kept for a day and then forgotten", async () => {
  const shop = await sweptShop()
  const kept = () => shop.sql`select 1 from idempotency`
  await shop.sql`
    insert into idempotency select 'S', 'A', 'hold', n::text, '', '{}', ${shop.clock() - minutes(60 * 24) - 1} from generate_series(1, 700) n`
  await shop.sweeper.tick()
  expect(await kept()).toHaveLength(1)
  shop.after(minutes(60 * 24))
  await shop.sweeper.tick()
  expect(await kept()).toHaveLength(1)
  shop.after(seconds(1))
  await shop.sweeper.tick()
  expect(await kept()).toHaveLength(0)
})

test("a started sweeper releases by itself and ends when it is stopped", async () => {
  const shop = await sweptShop()
  await shop.sql`update holds set expires_at = ${shop.clock() + 1} where hold_id = ${shop.hold.holdId}`
  shop.after(seconds(1))
  shop.sweeper.start()
  shop.sweeper.start()
  await shop.sweeper.stop()
  expect(await shop.sales.stock(shop.saleId)).toMatchObject({ held: 0 })
})

test("no hold ends while Postgres takes nobody's payment, though it takes a sweep", async () => {
  const shop = await sweptShop()
  const pool = openPostgres(shop.url, { max: 2, waitMax: seconds(1), workMax: seconds(4) })
  try {
    const { sweeper, orders } = shop.reopened(pool)
    await sweeper.tick()
    const payment = transaction(pool, (tx) => tx`do $$ begin raise sqlstate '53100'; end $$`)
    expect(await payment.catch((error) => error.code)).toBe("53100")
    expect(sweeper.canPay()).toBe(false)
    shop.after(minutes(10))
    expect(await sweeper.tick()).toEqual({ released: 0 })
    await transaction(pool, (tx) => tx`select 1`)
    expect(sweeper.canPay()).toBe(true)
    expect(await sweeper.tick()).toEqual({ released: 0 })
    expect(await endOf(shop)).toBe(later(shop.hold.expiresAt, minutes(10)))
    await orders.checkout(shop.ada, { holdId: shop.hold.holdId, idempotencyKey: "c" })
  } finally {
    await pool.end()
  }
})
