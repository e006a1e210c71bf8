import { beforeAll, expect, test } from "bun:test"
import { openClock } from "../../clock.ts"
import { newId, type SaleId } from "../../ids.ts"
import { silentLog } from "../../log.ts"
import { openRedis } from "../../stores/redis.ts"
import { stores } from "../../testing/stores.ts"
import { epochMs, later, millis, seconds } from "../../units.ts"
import { openProbe, openQuestion, rateOf, sharesOf, type Sight } from "./probe.ts"
import type { Use } from "./processes.ts"
import type { LiveTruth } from "../model/run.ts"

beforeAll(() => stores(), 60_000)

const use = (pid: number, ticks: number, reapedTicks = 0): Use => ({
  pid,
  parent: 1,
  name: "any",
  ticks,
  reapedTicks,
  residentPages: 0,
  sharedPages: 0,
})
const sight = (total: number, stolen: number, family: Sight["family"]): Sight => ({
  machine: { total, worked: 0, stolen },
  cores: 4,
  family,
})
const before = sight(1000, 10, {
  server: [use(1, 100, 7)],
  redis: [use(2, 50), use(3, 10)],
  postgres: [use(4, 5, 20), use(5, 30), use(6, 40)],
  k6: [use(9, 200)],
})

test("shares are of the whole machine, the busiest process is measured by one core", () => {
  const now = sight(1400, 50, {
    server: [use(1, 180, 900)],
    redis: [use(2, 60), use(3, 14)],
    // One backend has ended with 45 ticks, another began.
    postgres: [use(4, 6, 65), use(5, 125), use(7, 4)],
    k6: [use(9, 320)],
  })
  expect(sharesOf(before, now)).toEqual({
    cpuServer: 0.2,
    cpuRedis: 0.035,
    cpuPostgres: (6 + 65 + 125 + 4 - 95) / 400,
    cpuK6: 0.3,
    stolenRate: 0.1,
    busiest: { name: "postgres", core: 0.95 },
  })
})

test("a store elsewhere has no share, and what is here still has", () => {
  const now = sight(1400, 10, { ...before.family, server: [use(1, 120)], redis: [], k6: [] })
  expect(sharesOf(before, now)).toEqual({
    cpuServer: 0.05,
    stolenRate: 0,
    busiest: { name: "server", core: 0.2 },
  })
})

test("a store that was started again is at nothing for that second, not below", () => {
  const now = sight(1400, 10, { ...before.family, redis: [use(12, 2), use(3, 10)] })
  expect(sharesOf(before, now).cpuRedis).toBe(0)
})

test("the first look has nothing to compare with", () => {
  expect(sharesOf(undefined, before)).toEqual({})
  expect(sharesOf(before, before)).toEqual({})
})

const truth = (more: Partial<LiveTruth> = {}): LiveTruth => ({
  waiting: 1,
  nowServing: 2,
  shoppers: 3,
  seatsAvailable: 4,
  seatsHeld: 5,
  seatsSold: 6,
  ...more,
})

test("admissions per second are those between two looks of the server", () => {
  const seen = (admissions: number, ms: number) => truth({ admissions, seenAt: epochMs(5000 + ms) })
  expect(rateOf(seen(10, 0), seen(35, 500))).toEqual({ admissionsPerSecond: 50 })
  expect(rateOf(seen(10, 0), seen(10, 1000))).toEqual({ admissionsPerSecond: 0 })
  expect(rateOf(seen(10, 0), seen(10, 0))).toEqual({})
  expect(rateOf(undefined, seen(10, 0))).toEqual({})
  expect(rateOf(truth(), truth())).toEqual({})
  expect(rateOf({ ...seen(10, 0), saleId: newId<SaleId>(epochMs(1)) }, seen(35, 500))).toEqual({})
})

test("who does not answer is left out and not asked again before the answer", async () => {
  const answers: ((text: string) => void)[] = []
  const ask = openQuestion(() => new Promise<string>((resolve) => answers.push(resolve)), { patience: millis(1) })
  expect(await ask()).toBeUndefined()
  expect(await ask()).toBeUndefined()
  expect(answers.length).toBe(1)
  answers[0]!("late")
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  const asked = ask()
  expect(answers.length).toBe(2)
  answers[1]!("in time")
  expect(await asked).toBe("in time")
})

test("a question that fails has no answer, and one that costs much is not due at once", async () => {
  const failing = openQuestion(() => Promise.reject(new Error("away")))
  expect(await failing()).toBeUndefined()
  let asked = 0
  const costly = openQuestion(async () => ++asked, { cost: 1_000_000 })
  expect([await costly(), await costly()]).toEqual([1, undefined])
})

test("a look asks all stores, and those that are away leave the rest as it is", async () => {
  const { redis, cache, freshDatabase } = await stores()
  const { sql } = await freshDatabase()
  const clock = openClock()
  const saleId = newId<SaleId>(clock())
  const away = openRedis("unix:/nowhere/redis.sock", { commandTimeout: seconds(1) })
  const look = async (queue: typeof redis) => {
    const probe = openProbe({
      log: silentLog,
      clock,
      saleId,
      generators: [process.pid],
      live: () => truth(),
      stores: { redis: queue, cache, sql, areOurs: true },
    })
    await probe.start()
    const figures = await probe.figuresOf(clock())
    const unknown = await probe.figuresOf(later(clock(), seconds(-90)))
    await probe.stop()
    return { figures, unknown }
  }
  const { figures, unknown } = await look(redis)
  expect(figures).toMatchObject({
    memoryServerMb: expect.any(Number),
    memoryRedisMb: expect.any(Number),
    memoryRedisUsedMb: expect.any(Number),
  })
  expect(figures.postgresConnections).toBeGreaterThanOrEqual(1)
  expect(figures).toMatchObject({ ...truth(), loopLagMs: expect.any(Number), fsyncMs: expect.any(Number) })
  // Long before the first look nobody looked.
  expect(unknown).toEqual({})
  const { figures: without } = await look(away)
  expect(without.memoryServerMb).toBeGreaterThan(1)
  expect(without.memoryRedisMb).toBeUndefined()
  expect(without.fsyncMs).toBeUndefined()
  expect(without.postgresConnections).toBeGreaterThanOrEqual(1)
  away.disconnect()
  await sql.end()
})
