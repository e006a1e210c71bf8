import { beforeEach, expect, test } from "bun:test"
import { migrations as landed } from "../../sql/migrations.ts"
import { stores } from "../testing/stores.ts"
import { migrate } from "./migrate.ts"
import { openPostgres, type Pool } from "./postgres.ts"

let sql: Pool
let url: string
beforeEach(async () => void ({ sql, url } = await (await stores()).freshDatabase()))

const one = { name: "0001_one", text: "create table one (id int primary key)" }
const two = { name: "0002_two", text: "create table two (id int primary key); insert into two values (1)" }
const rows = async () =>
  (await sql<{ name: string }[]>`select name from migrations order by name limit 100`).map((each) => each.name)

test("what is due is applied in order, once", async () => {
  expect(await migrate(sql, [one])).toEqual(["0001_one"])
  expect(await migrate(sql, [one, two])).toEqual(["0002_two"])
  expect(await migrate(sql, [one, two])).toEqual([])
  expect(await rows()).toEqual(["0001_one", "0002_two"])
})

test("builds that start at once wait for each other: each migration is applied by one of them", async () => {
  const pools = Array.from({ length: 5 }, () => openPostgres(url, { max: 1 }))
  const slow = { name: "0003_slow", text: "select pg_sleep(0.2); create table slow (id int)" }
  const applied = await Promise.all(pools.map((pool) => migrate(pool, [one, two, slow])))
  expect(applied.flat().toSorted()).toEqual(["0001_one", "0002_two", "0003_slow"])
  expect(applied.filter((each) => each.length > 0)).toHaveLength(1)
  await Promise.all(pools.map((pool) => pool.end()))
})

test("a migration that fails leaves nothing of the run", async () => {
  await expect(
    migrate(sql, [one, { name: "0002_bad", text: "create table half (id int); create table one (id int)" }]),
  ).rejects.toThrow("already exists")
  const [found] = await sql<
    { half: string | null; one: string | null }[]
  >`select to_regclass('half')::text as half, to_regclass('one')::text as one limit 1`
  expect(found).toEqual({ half: null, one: null })
  expect(await migrate(sql, [one])).toEqual(["0001_one"])
})

test("a text that changed after it was applied is refused by name", async () => {
  await migrate(sql, [one, two])
  await expect(migrate(sql, [{ ...one, text: `${one.text} -- harmless` }, two])).rejects.toThrow(
    "Migration 0001_one was applied with another text",
  )
  expect(await rows()).toEqual(["0001_one", "0002_two"])
})

test("a database that is newer than the build is refused, and says what to do", async () => {
  await migrate(sql, [one, two])
  await expect(migrate(sql, [one])).rejects.toThrow(
    "The database has migration 0002_two, which this build does not know: start a newer traffic",
  )
})

test("the migrations of this build apply to an empty database, and again to nothing", async () => {
  expect(await migrate(sql, landed)).toEqual(landed.map((each) => each.name))
  expect(await migrate(sql, landed)).toEqual([])
})
