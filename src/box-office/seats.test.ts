import { expect, test } from "bun:test"
import type { Fragment } from "postgres"
import { type SaleId, type SeatId } from "../ids.ts"
import { freshShop, refusesWith } from "../testing/box-office.ts"
import { listStatement, takeAnyStatement, takeNamedStatement, takeTogetherStatement } from "./seats.ts"

const shop = await freshShop()
const { seats, holds } = shop.boxOffice

test("pages follow each other without gap or overlap, over sections and taken seats", async () => {
  const { saleId } = await shop.sale({ totalSeats: 450 })
  const ada = await shop.shopper(saleId)
  const { seatIds } = await holds.hold(ada, { quantity: 4, idempotencyKey: "a" })
  const seen: SeatId[] = []
  for (let after: SeatId | undefined; ;) {
    const page = await seats.list(ada, { after, limit: 97 })
    if (page.length === 0) break
    seen.push(...page.map((seat) => seat.seatId))
    after = seen.at(-1)
  }
  expect(seen).toHaveLength(446)
  expect(seen).toEqual([...new Set(seen)].toSorted())
  expect(seatIds.some((seatId) => seen.includes(seatId))).toBe(false)
})

test("a page has at most 200 seats, all available, with section, row, number and price", async () => {
  const { saleId } = await shop.sale({ totalSeats: 450, priceCents: 1000 })
  const page = await seats.list(await shop.shopper(saleId))
  expect(page).toHaveLength(200)
  expect(page[0]).toEqual({
    seatId: page[0]!.seatId,
    section: "A",
    row: "1",
    num: 1,
    status: "available",
    priceCents: 1000 as never,
  })
})

test("the list is narrowed by section and by price", async () => {
  const { saleId } = await shop.sale({
    totalSeats: 9,
    sections: ["Floor", "Ring", "Roof"].map((name, n) => ({
      name,
      rows: 1,
      seatsPerRow: 3,
      priceCents: 3000 - n * 1000,
    })),
  })
  const ada = await shop.shopper(saleId)
  const sectionsOf = async (filter: Parameters<typeof seats.list>[1]) =>
    (await seats.list(ada, filter)).map((seat) => seat.section)
  expect(await sectionsOf({ section: "Ring" })).toEqual(["Ring", "Ring", "Ring"])
  expect(await sectionsOf({ maxPriceCents: 2000, limit: 4 })).toEqual(["Ring", "Ring", "Ring", "Roof"])
  expect(await sectionsOf({ section: "Floor", maxPriceCents: 2999 })).toEqual([])
  expect(await sectionsOf({ section: "Nowhere" })).toEqual([])
})

test("a filter that is none is refused", async () => {
  const { saleId } = await shop.sale()
  const ada = await shop.shopper(saleId)
  for (const limit of [0, 201, 1.5, -1]) await refusesWith("invalid_input", seats.list(ada, { limit }))
  await refusesWith("invalid_input", seats.list(ada, { maxPriceCents: -1 }))
  await refusesWith("invalid_input", seats.list(ada, { section: "" }))
  await refusesWith("malformed_id", seats.list(ada, { after: "1" as SeatId }))
})

/** How the statement ran, and the most rows that one of its steps looked at. Nothing of it stays. */
const runOf = async (statement: Fragment, bitmapscan = "on") => {
  const undone = new Error("undone")
  let plan = ""
  const work = shop.sql.begin(async (tx) => {
    await tx`select set_config('enable_bitmapscan', ${bitmapscan}, true)`
    const rows = await tx`explain (analyze, timing off) ${statement}`
    plan = rows.map((row) => String(Object.values(row)[0])).join("\n")
    throw undone
  })
  await expect(work).rejects.toBe(undone)
  const counts = plan.matchAll(/(?:actual rows=|Rows Removed by [A-Za-z ]+: )(\d+)/g)
  return { plan, rows: Math.max(...Array.from(counts, (match) => Number(match[1]))) }
}

const manyOldHolds = async (saleId: SaleId) => {
  const [first, last] = [shop.clock(), shop.clock() + 1]
  await shop.sql`insert into accounts (id, created_at) select 'old' || n, ${first} from generate_series(1, 5000) n`
  await shop.sql`
    insert into shop_admissions (admission_id, sale_id, account_id, granted_at, ends_at)
    select 'old' || n, ${saleId}, 'old' || n, ${first}, ${last} from generate_series(1, 5000) n`
  await shop.sql`
    insert into holds (
      hold_id, sale_id, account_id, admission_id, admission_granted_at, admission_ends_at, seats, taken_at, expires_at, released_at
    )
    select 'old' || n, ${saleId}, 'old' || n, 'old' || n, ${first}, ${last}, 1, ${first}, ${last}, ${last}
    from generate_series(1, 5000) n`
}

test("of a hundred thousand seats the hot statements read a few, by index", async () => {
  const { saleId } = await shop.sale({ totalSeats: 100_000 })
  const ada = await shop.shopper(saleId)
  const { holdId } = await holds.hold(ada, { quantity: 4, idempotencyKey: "h" })
  await manyOldHolds(saleId)
  const named = (await seats.list(ada, { limit: 4 })).map((seat) => seat.seatId)
  const statements = {
    named: takeNamedStatement(shop.sql, saleId, holdId, named),
    together: takeTogetherStatement(shop.sql, saleId, holdId, { quantity: 4, among: 200, spread: 8 }),
    any: takeAnyStatement(shop.sql, saleId, holdId, 4),
    list: listStatement(shop.sql, { saleId, after: named[3]!, limit: 200 }),
    listOfSection: listStatement(shop.sql, { saleId, after: "", limit: 200, section: "H" }),
    sell: shop.sql`select seat_id from seats where hold_id = ${holdId} and state = 'held' order by seat_id for update`,
    due: shop.sql`
      select hold_id from holds where released_at is null and consumed_at is null and expires_at <= ${9e12}
      order by expires_at, hold_id limit 50 for update skip locked`,
  }
  for (const [name, statement] of Object.entries(statements)) {
    const { plan, rows } = await runOf(statement)
    expect(`${name}\n${plan}`).not.toMatch(/Seq Scan on (seats|holds)/)
    expect(rows, `${name}\n${plan}`).toBeWithin(1, 2000)
  }
})

test("a planner that knows nothing yet still takes seats by index", async () => {
  const { saleId } = await shop.sale({ totalSeats: 20_000 })
  const { holdId } = await holds.hold(await shop.shopper(saleId), { quantity: 1, idempotencyKey: "h" })
  await shop.sql`delete from pg_statistic where starelid = 'seats'::regclass`
  const named = (await seats.list(await shop.shopper(saleId), { limit: 4 })).map((seat) => seat.seatId)
  const best = [
    takeTogetherStatement(shop.sql, saleId, holdId, { quantity: 4, among: 200, spread: 8 }),
    takeAnyStatement(shop.sql, saleId, holdId, 4),
    takeNamedStatement(shop.sql, saleId, holdId, named),
  ]
  for (const statement of best) {
    const { plan, rows } = await runOf(statement, "off")
    expect(rows, plan).toBeWithin(1, 2000)
  }
})
