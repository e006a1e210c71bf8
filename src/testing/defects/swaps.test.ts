import { expect, test } from "bun:test"
import { stores } from "../stores.ts"
import { swapScripts, swapStatements } from "./swaps.ts"

test("a script that no longer has what is swapped is refused", async () => {
  const { redis } = await stores()
  expect(() => swapScripts(redis, [{ script: "admit", from: "no such line", to: "" }])).toThrow(
    "admit.lua no longer has: no such line",
  )
}, 60_000)

test("a statement says something else in the pool and in its transactions, and one that nobody sends is told", async () => {
  const { sql: plain } = await (await stores()).freshDatabase()
  const [used, idle] = [
    { from: "1 + ", to: "10 + " },
    { from: "no such text", to: "" },
  ]
  const { sql, unused } = swapStatements(plain, [used, idle])
  expect(unused()).toEqual([used, idle])
  const sumOf = async (rows: PromiseLike<readonly { sum: number }[]>) => (await rows)[0]!.sum
  const one = 1
  expect(await sumOf(plain<{ sum: number }[]>`select 1 + ${one}::int as sum`)).toBe(2)
  expect(await sumOf(sql<{ sum: number }[]>`select 1 + ${one}::int as sum`)).toBe(11)
  expect(await sql.begin((tx) => sumOf(tx<{ sum: number }[]>`select 1 + ${one}::int as sum`))).toBe(11)
  expect(unused()).toEqual([idle])
  await plain.end()
}, 60_000)
