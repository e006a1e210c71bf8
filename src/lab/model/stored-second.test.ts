import { expect, test } from "bun:test"
import { epochMs } from "../../units.ts"
import { storedSecond } from "./stored-second.ts"

test("a second that was written down under earlier names is read under today's", () => {
  const steps = { join: { perSecond: 4, p95Ms: 9 } }
  const stored = {
    at: epochMs(1),
    people: 3,
    requestsPerSecond: 4,
    failedShare: 0.5,
    p99Ms: 12,
    steps,
    stolenShare: 0.1,
    serverShare: 0.2,
    k6Share: 0.3,
    server: { waiting: 1, nowServing: 2, shoppers: 3, available: 4, held: 5, sold: 6, loopLagMs: 7, fsyncMs: 0 },
    cpu: { server: 0.2, redis: 0.01, postgres: 0.02, k6: 0.3 },
    memory: { serverMb: 100, redisMb: 20, postgresMb: 60, k6Mb: 80, redisUsedMb: 2 },
    busiest: { name: "server" as const, core: 0.4 },
    postgresConnections: 12,
  }
  const second = {
    at: epochMs(1),
    people: 3,
    requestsPerSecond: 4,
    failedRate: 0.5,
    p99Ms: 12,
    steps,
    stolenRate: 0.1,
    waiting: 1,
    nowServing: 2,
    shoppers: 3,
    seatsAvailable: 4,
    seatsHeld: 5,
    seatsSold: 6,
    loopLagMs: 7,
    fsyncMs: 0,
    cpuServer: 0.2,
    cpuRedis: 0.01,
    cpuPostgres: 0.02,
    cpuK6: 0.3,
    memoryServerMb: 100,
    memoryRedisMb: 20,
    memoryPostgresMb: 60,
    memoryK6Mb: 80,
    memoryRedisUsedMb: 2,
    busiest: { name: "server" as const, core: 0.4 },
    postgresConnections: 12,
  }
  expect(storedSecond(stored)).toEqual(second)
  expect(storedSecond(second)).toBe(second)
})
