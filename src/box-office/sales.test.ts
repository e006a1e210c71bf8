import { expect, test } from "bun:test"
import { isId, newId, type EventId, type SaleId } from "../ids.ts"
import { later, minutes, seconds } from "../units.ts"
import { freshShop, refusesWith } from "../testing/box-office.ts"
import { brokenInvariants } from "../testing/invariants.ts"

const shop = await freshShop()
const { events, sales, seats } = shop.boxOffice
const nowhere = newId<SaleId>(shop.clock())

test("a sale has exactly the seats that were asked for, in sections and rows", async () => {
  for (const totalSeats of [1, 7, 101, 500, 12_345]) {
    const sale = await shop.sale({ totalSeats })
    expect(await sales.stock(sale.saleId)).toEqual({ total: totalSeats, available: totalSeats, held: 0, sold: 0 })
    const [row] = await shop.sql<{ n: number; ids: number }[]>`
      select count(*)::int as n, count(distinct seat_id)::int as ids from seats where sale_id = ${sale.saleId}`
    expect(row).toEqual({ n: totalSeats, ids: totalSeats })
    expect(await brokenInvariants(shop.sql, sale.saleId)).toEqual([])
  }
})

test("sections that are given keep their rows and prices", async () => {
  const sections = [
    { name: "Floor", rows: 2, seatsPerRow: 3, priceCents: 9000 },
    { name: "Balcony", rows: 1, seatsPerRow: 4, priceCents: 3000 },
  ]
  const sale = await shop.sale({ totalSeats: 10, sections })
  expect(await sales.prices(sale.saleId)).toEqual({
    minCents: 3000 as never,
    maxCents: 9000 as never,
    sections: [
      { section: "Floor", priceCents: 9000 as never, available: 6 },
      { section: "Balcony", priceCents: 3000 as never, available: 4 },
    ],
  })
  const listed = await seats.list(await shop.shopper(sale.saleId))
  expect(listed.every((seat) => isId(seat.seatId))).toBe(true)
  expect(listed.map((seat) => `${seat.section} ${seat.row}-${seat.num}`).slice(2, 7)).toEqual([
    "Floor 1-3",
    "Floor 2-1",
    "Floor 2-2",
    "Floor 2-3",
    "Balcony 1-1",
  ])
  await refusesWith("invalid_input", shop.sale({ totalSeats: 11, sections }))
})

test("a hundred thousand seats are made in one go and counted without being read", async () => {
  const sale = await shop.sale({ totalSeats: 100_000 })
  expect((await sales.stock(sale.saleId)).available).toBe(100_000)
  const plan = await shop.sql<{ queryPlan: string }[]>`
    explain select sum(total) from seat_stock where sale_id = ${sale.saleId}`
  expect(JSON.stringify(plan)).not.toContain("on seats")
})

test("seats that are not counted, too many or of no event are refused and leave nothing", async () => {
  const before = await shop.sql`select count(*)::int as n from sales`
  await refusesWith("invalid_input", shop.sale({ totalSeats: 0 }))
  await refusesWith("invalid_input", shop.sale({ totalSeats: 200_001 }))
  await refusesWith("invalid_input", shop.sale({ totalSeats: 1.5 }))
  await refusesWith("invalid_input", shop.sale({ totalSeats: "12" as never }))
  await refusesWith("invalid_input", shop.sale({ priceCents: -1 }))
  await refusesWith("invalid_input", shop.sale({ admitPerMinute: 0 }))
  await refusesWith("invalid_input", shop.sale({ maxTicketsPerUser: 51 }))
  await refusesWith("invalid_input", shop.sale({ holdLength: seconds(0.5) }))
  await refusesWith("invalid_input", shop.sale({ message: "a\u0000b" }))
  await refusesWith("invalid_input", shop.sale({ endsAt: shop.clock() }))
  await refusesWith("invalid_input", shop.sale({ queueOpensAt: later(shop.clock(), seconds(1)) }))
  await refusesWith("event_not_found", shop.sale({ eventId: newId<EventId>(shop.clock()) }))
  expect(await shop.sql`select count(*)::int as n from sales`).toEqual(before)
})

test("the rate, the cap, the capacity and the message change while the sale runs; the rest stays", async () => {
  const sale = await shop.sale()
  const changed = await sales.change(sale.saleId, {
    admitPerMinute: 50,
    message: "Doors at seven",
    paused: true,
    callWindow: undefined,
  })
  expect(changed).toEqual({ ...sale, admitPerMinute: 50, message: "Doors at seven", paused: true })
  expect(await sales.find(sale.saleId)).toEqual(changed)
  expect(await sales.change(sale.saleId, {})).toEqual(changed)
  await refusesWith("invalid_input", sales.change(sale.saleId, { admitPerMinute: -1 }))
  await refusesWith("invalid_input", sales.change(sale.saleId, { opensAt: later(sale.endsAt, minutes(1)) }))
  expect(await sales.find(sale.saleId)).toEqual(changed)
})

test("a waiting room that opens with the sale moves with it", async () => {
  const sale = await shop.sale({ opensAt: later(shop.clock(), minutes(10)) })
  const opensAt = later(sale.opensAt, minutes(-5))
  expect(await sales.change(sale.saleId, { opensAt })).toMatchObject({ opensAt, queueOpensAt: opensAt })
})

test("a closed sale is no longer live", async () => {
  const sale = await shop.sale()
  const isLive = async () => (await sales.listLive()).some((each) => each.saleId === sale.saleId)
  expect(await isLive()).toBe(true)
  await sales.change(sale.saleId, { closed: true })
  expect(await isLive()).toBe(false)
})

test("an unknown sale or event is not found, in every question", async () => {
  expect(await sales.lookup(nowhere)).toBeUndefined()
  for (const question of [sales.find, sales.stock, sales.prices, sales.stats])
    await refusesWith("sale_not_found", question(nowhere))
  await refusesWith("sale_not_found", sales.change(nowhere, { paused: true }))
  await refusesWith("event_not_found", events.find(newId<EventId>(shop.clock())))
})

test("events are found with what they were made of and listed soonest first", async () => {
  const { eventId } = await events.create({ name: " Early ", venue: "Yard", startsAt: later(shop.clock(), minutes(1)) })
  expect(await events.find(eventId)).toMatchObject({ eventId, name: "Early", venue: "Yard", city: undefined })
  expect((await events.list({ page: 1 }))[0]!.eventId).toBe(eventId)
  expect(await events.list({ page: 1000 })).toEqual([])
  await refusesWith("invalid_input", events.list({ page: 0 }))
  await refusesWith("invalid_input", events.create({ name: "", venue: "Yard", startsAt: shop.clock() }))
  await refusesWith("invalid_input", events.create({ name: "x".repeat(201), venue: "Yard", startsAt: shop.clock() }))
})
