import { expect, test } from "bun:test"
import { orphans, postgresKills, redisKills, sellOut, trafficKills } from "../testing/faults/faults.ts"

test("no answered join is lost or moved when the durable Redis is killed, also while its disk is slow", async () => {
  const seen = await redisKills({ kills: 3, slow: 1 })
  expect(seen).toMatchObject({ lost: 0, moved: 0, twice: 0, odd: [] })
  expect(seen.acknowledged).toBeGreaterThan(100)
}, 180_000)

test("every answered checkout is there once when Postgres is killed between hold and checkout", async () => {
  const seen = await postgresKills({ kills: 2, shoppers: 10 })
  expect(seen).toMatchObject({ orders: 20, missing: 0, doubled: 0, sold: 20, odd: [] })
}, 180_000)

test("a killed traffic comes back with every position, admission, hold and order as answered", async () => {
  const seen = await trafficKills({ kills: 2, people: 60 })
  expect(seen).toMatchObject({ wrong: [], wrongCount: 0 })
  expect(Math.min(seen.positions, seen.orders, seen.resumed)).toBeGreaterThan(5)
}, 180_000)

test("a killed traffic leaves no store behind", async () => {
  const seen = await orphans()
  expect(seen.started).toBeGreaterThan(2)
  expect(seen.left).toBe(0)
}, 90_000)

test("people who walk away from their holds leave the seats to others, and exactly all seats are sold", async () => {
  const seen = await sellOut({ people: 300, seats: 60 })
  expect(seen).toMatchObject({ tickets: 60, distinct: 60, sold: 60, held: 0, untold: 0, overCap: 0 })
  expect(seen.abandoned).toBeGreaterThan(0)
}, 240_000)
