import { beforeAll, expect, test } from "bun:test"
import { stores } from "../../testing/stores.ts"
import { pageSizeOf, pagesOf, parseUse, readFamily, readPageSize, readUse, ticksOf, type Use } from "./processes.ts"
import { parseInfo } from "./redis.ts"
import { readPostgres } from "./postgres.ts"

beforeAll(() => stores(), 60_000)

const stat =
  "812 (postgres: a) b) S 7 812 812 0 -1 4194560 9000 120 3 1 250 50 40 10 20 0 1 0 5000 230000000 4000 18446744073709551615 1 1 0 0 0"

test("what a process used stands in two files", () => {
  expect(parseUse(stat, "56152 4000 3500 1500 0 700 0\n")).toEqual({
    pid: 812,
    parent: 7,
    name: "postgres: a) b",
    ticks: 300,
    reapedTicks: 50,
    residentPages: 4000,
    sharedPages: 3500,
  })
})

const use = (more: Partial<Use>): Use => ({
  pid: 1,
  parent: 0,
  name: "postgres",
  ticks: 0,
  reapedTicks: 0,
  residentPages: 0,
  sharedPages: 0,
  ...more,
})

test("memory that processes share is counted once", () => {
  const part = [use({ residentPages: 4000, sharedPages: 3500 }), use({ residentPages: 3000, sharedPages: 2900 })]
  expect(pagesOf(part)).toBe(500 + 100 + 3500)
  expect(pagesOf([use({ residentPages: 700, sharedPages: 20 })])).toBe(700)
  expect(pagesOf([])).toBe(0)
})

test("the time of a child that has ended is not lost where its parent waits for it", () => {
  const before = [use({ ticks: 100, reapedTicks: 5 }), use({ pid: 2, ticks: 40 })]
  const after = [use({ ticks: 110, reapedTicks: 47 })]
  expect(ticksOf(after, { withReaped: true }) - ticksOf(before, { withReaped: true })).toBe(12)
  expect(ticksOf(after, { withReaped: false })).toBe(110)
})

test("the size of a page is what the kernel handed over", () => {
  const words = new BigUint64Array([33n, 1n, 6n, 65_536n, 0n, 0n])
  expect(pageSizeOf(new Uint8Array(words.buffer))).toBe(65_536)
  expect(pageSizeOf(new Uint8Array(16))).toBeUndefined()
})

const hasProc = process.platform === "linux"

test.if(hasProc)("the resident memory of this process agrees with what the runtime says", () => {
  const own = readUse(process.pid)!
  const bytes = own.residentPages * readPageSize()!
  expect(bytes).toBeGreaterThan(0.5 * process.memoryUsage.rss())
  expect(bytes).toBeLessThan(2 * process.memoryUsage.rss())
  expect(readUse(0)).toBeUndefined()
})

test.if(hasProc)("all processes of the parts are found from one number each", async () => {
  const { redis, cache, freshDatabase } = await stores()
  const { sql } = await freshDatabase()
  const pids = await Promise.all([redis, cache].map(async (each) => parseInfo(String(await each.call("INFO")))!.pid))
  const generator = Bun.spawn(["sleep", "60"])
  const { backend, connections } = await readPostgres(sql)
  const family = readFamily({ generators: [generator.pid], redis: pids, postgres: backend })
  generator.kill()
  await generator.exited
  await sql.end()
  expect(connections).toBeGreaterThanOrEqual(1)
  expect(family.server[0]!.pid).toBe(process.pid)
  expect(family.redis.map(({ pid }) => pid)).toEqual(pids)
  expect(family.postgres.map(({ pid }) => pid)).toContain(backend)
  // The first process and its checkpointer, writers and backends.
  expect(family.postgres.length).toBeGreaterThan(4)
  expect(new Set(family.postgres.map(({ name }) => name))).toEqual(new Set(["postgres"]))
  expect(family.k6.map(({ pid }) => pid)).toEqual([generator.pid])
})

test.if(hasProc)("a number behind which something else runs, or nothing, is a store elsewhere", () => {
  const family = readFamily({ generators: [0], redis: [process.pid, 1], postgres: process.pid })
  expect(family).toMatchObject({ redis: [], postgres: [], k6: [] })
})
