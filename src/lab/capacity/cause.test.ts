import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import { capacityFound, capacityOf, causeOf } from "./cause.ts"
import type { Step } from "./capacity.ts"
import type { Second } from "../model/figures.ts"

const step = (rate: number, p95Ms: number, lateP95Ms = 2): Step => ({
  rate,
  answeredPerSecond: rate,
  failedShare: 0,
  p95Ms,
  lateP95Ms,
  from: 10_000,
  until: 12_000,
})
type Cpu = { server: number; redis: number; postgres: number; k6: number }
const point = (cpu?: Cpu, more: Partial<Second> = {}): Second => ({
  at: epochMs(11_000),
  people: 100,
  requestsPerSecond: 1000,
  failedRate: 0,
  cpuServer: cpu?.server,
  cpuRedis: cpu?.redis,
  cpuPostgres: cpu?.postgres,
  cpuK6: cpu?.k6,
  ...more,
})
const idle: Cpu = { server: 0.1, redis: 0.01, postgres: 0.01, k6: 0.1 }
const server = { waiting: 0, nowServing: 0, shoppers: 0, seatsAvailable: 0, seatsHeld: 0, seatsSold: 0 }

test.each([
  ["generator", 2, point({ ...idle, k6: 0.81 }), 2],
  ["generator", 2, point({ server: 0.3, redis: 0.02, postgres: 0.02, k6: 0.6 }), 2],
  ["generator", 16, point({ ...idle, server: 0.04 }), 150],
  ["server CPU", 2, point({ server: 0.5, redis: 0.1, postgres: 0.05, k6: 0.3 }), 150],
  ["Redis", 4, point({ ...idle, redis: 0.22 }), 2],
  ["Postgres", 4, point({ server: 0.2, redis: 0.05, postgres: 0.5, k6: 0.2 }), 2],
  ["event loop", 8, point({ ...idle, server: 0.115 }), 2],
  ["event loop", 16, point({ ...idle, server: 0.04 }, { ...server, loopLagMs: 140 }), 2],
  ["Redis", 16, point({ ...idle, server: 0.04 }, { ...server, fsyncMs: 80 }), 2],
  ["server CPU", 64, point({ server: 0.012, redis: 0.01, postgres: 0.01, k6: 0.01 }), 2],
  ["server", 2, point(), 2],
] as const)("%s gives way first on %p cores when the figures say so", (cause, cores, seen, late) => {
  expect(causeOf(step(1000, 900, late), [seen], cores).cause).toBe(cause)
})

const broken = [step(800, 20), step(1600, 900), step(1600, 900), step(900, 900), step(900, 900)]

test("the number is what was answered at the highest rate that held", () => {
  const capacity = capacityOf(broken, [point({ ...idle, k6: 0.9 })], { cores: 2, most: 100_000 })
  expect(capacity).toEqual({
    perSecond: 800,
    cause: "generator",
    why: "at 900 a second the p95 was 900 ms: k6 used 90 % of the machine",
  })
  expect(capacityFound(broken, capacity)).toMatchObject({
    passed: true,
    seen: "800 requests per second, then the generator; tried 800 held, 1,600 broke, 1,600 broke, 900 broke, 900 broke",
  })
})

test("people who can ask no more are the limit, and say so", () => {
  expect(capacityOf([step(1200, 20)], [], { cores: 2, most: 1200 })).toMatchObject({
    perSecond: 1200,
    cause: "generator",
  })
})

test("a search that ran out of time has no answer and no judgement; one where nothing held fails", () => {
  const early = [step(200, 20), step(400, 20)]
  expect(capacityOf(early, [], { cores: 2, most: 1200 })).toBeUndefined()
  expect(capacityFound(early, undefined)).toMatchObject({ passed: true, judged: false })
  expect(capacityFound([step(200, 900), step(200, 900)], undefined)).toMatchObject({
    passed: false,
    counterExample: "no rate held at all",
  })
})
