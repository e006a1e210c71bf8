import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { parseConfig } from "../../config.ts"
import { limiterOf } from "../../lab/verdict/limiter.ts"
import type { Run } from "../../lab/model/run.ts"
import type { Second } from "../../lab/model/figures.ts"
import { secondBody } from "../../lab/report/second-body.ts"
import { silentLog } from "../../log.ts"
import { startNode, type Node } from "../node.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-series-"))
let node: Node
let run: Run
let stored: Run

/** One short run against a whole server with stores of its own, in this process as `traffic sim` has it. */
beforeAll(async () => {
  const config = parseConfig({
    HOST: "127.0.0.1",
    PORT: "0",
    TRAFFIC_DATA_DIR: join(folder, "data"),
    K6_BIN: process.env["K6_BIN"],
    PATH: process.env["PATH"],
    HOME: homedir(),
  })
  node = await startNode({ config, log: silentLog, runFoldersKept: 0 })
  const lab = node.parts.lab!
  const request = { vus_max: 30, ramp_up: "1s", steady: "5s", ramp_down: "0s", seed: 7, total_seats: 40 }
  const { runId } = await lab.start({ scenario: "launch_spike", ...request })
  run = await lab.ended(runId)
  stored = await lab.find(runId)
}, 60_000)
afterAll(async () => {
  await node.close()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

/** The last word of k6 may come when it is gone already and uses nothing. */
const whileK6Ran = () => run.live.slice(0, -1)
const isShare = (value: number) => value >= 0 && value <= 1
const values = (read: (point: Second) => number | undefined) => run.live.flatMap((each) => read(each) ?? [])

test("every second of the run is there, in order, and survives", () => {
  expect(run.live.length).toBeGreaterThanOrEqual(4)
  const times = run.live.map(({ at }) => Number(at))
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(stored.live).toEqual(run.live)
})

test("the sale is told beside what k6 saw", () => {
  for (const { waiting, loopLagMs, fsyncMs } of run.live) {
    expect(waiting).toBeDefined()
    expect(loopLagMs).toBeGreaterThanOrEqual(0)
    expect(fsyncMs).toBeGreaterThanOrEqual(0)
  }
  const last = run.live.at(-1)!
  expect(last.seatsSold).toBeGreaterThan(0)
  expect(last.seatsSold! + last.seatsHeld! + last.seatsAvailable!).toBe(40)
  expect(Math.max(...values(({ holds }) => holds))).toBeGreaterThan(0)
  expect(Math.max(...values(({ orders }) => orders))).toBeGreaterThan(0)
  expect(last.nowServing).toBeGreaterThan(0)
  expect(last.admissions).toBeGreaterThan(0)
  expect(Math.max(...values(({ admissionsPerSecond }) => admissionsPerSecond))).toBeGreaterThan(0)
})

test.if(process.platform === "linux")("CPU is a share of the machine, of every part", () => {
  for (const { cpuServer, cpuRedis, cpuPostgres, cpuK6, stolenRate, busiest } of whileK6Ran()) {
    for (const each of [cpuServer, cpuRedis, cpuPostgres, cpuK6, stolenRate]) expect(isShare(each!)).toBe(true)
    expect(busiest!.core).toBeGreaterThanOrEqual(0)
  }
  // Whoever did nothing in all those seconds was not measured.
  for (const part of ["cpuServer", "cpuRedis", "cpuPostgres", "cpuK6"] as const)
    expect(Math.max(...values((each) => each[part]))).toBeGreaterThan(0)
})

test("memory and connections are told of every part", () => {
  for (const { postgresConnections, ...memory } of whileK6Ran()) {
    const { memoryServerMb, memoryRedisMb, memoryRedisUsedMb, memoryPostgresMb, memoryK6Mb } = memory
    for (const each of [memoryServerMb, memoryRedisMb, memoryPostgresMb, memoryK6Mb]) {
      expect(each).toBeGreaterThan(1)
      expect(each).toBeLessThan(20_000)
    }
    expect(memoryRedisUsedMb).toBeGreaterThan(0)
    expect(memoryRedisUsedMb).toBeLessThanOrEqual(memoryRedisMb!)
    expect(postgresConnections).toBeGreaterThanOrEqual(1)
    expect(postgresConnections).toBeLessThan(100)
  }
})

test("each step has its own rate and answer times", () => {
  const joined = run.live.find(({ steps }) => (steps?.["join"]?.perSecond ?? 0) > 0)?.steps?.["join"]
  expect(joined!.p95Ms).toBeGreaterThan(0)
  expect(joined!.p99Ms).toBeGreaterThanOrEqual(joined!.p95Ms!)
  expect(run.live.some(({ steps }) => (steps?.["checkout"]?.p95Ms ?? 0) > 0)).toBe(true)
  for (const { requestsPerSecond, steps } of run.live)
    expect(Object.values(steps ?? {}).reduce((sum, each) => sum + (each.perSecond ?? 0), 0)).toBeLessThanOrEqual(
      requestsPerSecond!,
    )
})

test("what limited it is one sentence", () => {
  expect(limiterOf(run, { people: 30 })).toMatch(/^[A-Zk][^\n]{20,}[^.]$/)
})

test("on the wire everything is told by name and unit", () => {
  const body = secondBody(whileK6Ran().at(-1)!)
  expect(body).toMatchObject({
    at: expect.any(String),
    loop_lag_ms: expect.any(Number),
    fsync_ms: expect.any(Number),
    postgres_connections: expect.any(Number),
    cpu: {
      server: expect.any(Number),
      redis: expect.any(Number),
      postgres: expect.any(Number),
      k6: expect.any(Number),
    },
    memory: { server_mb: expect.any(Number), redis_used_mb: expect.any(Number), k6_mb: expect.any(Number) },
    steps: { join: { per_second: expect.any(Number) } },
  })
})
