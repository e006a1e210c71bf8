import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { parseConfig } from "../../config.ts"
import type { Run } from "../../lab/model/run.ts"
import { silentLog } from "../../log.ts"
import { stores } from "../../testing/stores.ts"
import { startNode, type Node } from "../node.ts"
import { brokenBesidesSpeed, wasSlow } from "../../testing/lab/speed.ts"

/** A real server of the lab's own: two sales, two k6, a restart in the middle. */
let node: Node
let folder: string

beforeAll(async () => {
  const { redisUrl, cacheUrl, freshDatabase } = await stores()
  const { url } = await freshDatabase()
  folder = mkdtempSync(join(tmpdir(), "traffic-stages-"))
  node = await startNode({
    config: parseConfig({
      REDIS_URL: redisUrl,
      REDIS_CACHE_URL: cacheUrl,
      DATABASE_URL: url,
      PORT: "0",
      TRAFFIC_DATA_DIR: folder,
      K6_BIN: process.env["K6_BIN"],
      PATH: process.env["PATH"],
      HOME: homedir(),
    }),
    log: silentLog,
    runFoldersKept: 0,
    isPrivate: true,
  })
}, 30_000)
afterAll(async () => {
  await node.close()
  rmSync(folder, { recursive: true, force: true })
})

const perform = async (request: Record<string, unknown>): Promise<Run> => {
  const lab = node.parts.lab!
  const { runId } = await lab.start({ ramp_up: "2s", steady: "6s", ramp_down: "1s", seed: 7, ...request })
  return lab.ended(runId)
}
/** Neighbours of the machine spoil latency; invariants and counts stand all the same. */
const expectSound = (run: Run) => {
  expect(brokenBesidesSpeed(run.checks)).toEqual([])
  expect(wasSlow(run.checks) ? ["FAIL"] : ["PASS", "INCONCLUSIVE"]).toContain(run.verdict!)
  expect(readdirSync(folder)).not.toContain("runs")
}
const checkNamed = (run: Run, name: string) => run.checks.find((each) => each.name === name)

test("two sales in a row: both are audited, and nothing of the first counts at the second", async () => {
  const run = await perform({ scenario: "second_sale_regression", vus_max: 40, steady: "10s" })
  expectSound(run)
  expect(checkNamed(run, "I5 positions dense")!.seen).toBe("32 entries")
  expect(checkNamed(run, "I5 positions dense, second sale")!.seen).toBe("40 entries")
  expect(checkNamed(run, "I6 places given anew")!.seen).toBe("32 people of the first sale and 8 new ones")
  expect(Number.parseInt(checkNamed(run, "I8 first sale worth nothing")!.seen)).toBeGreaterThan(60)
}, 60_000)

test("a network of scalpers in a k6 of its own gains nothing, and its thresholds have names of their own", async () => {
  const run = await perform({ scenario: "scalper_network", vus_max: 60, total_seats: 60 })
  expectSound(run)
  expect(run.metrics["joined"]).toBe(60)
  expect(checkNamed(run, "Nobody blocked for others")!.seen).toBe("36 people of the public, 36 joins")
  expect(Number.parseInt(checkNamed(run, "Tickets stay with the buyer")!.seen)).toBeGreaterThan(5)
  expect(checkNamed(run, "k6 arrivals")!.seen).toBe("count = 36")
  expect(checkNamed(run, "k6 network arrivals")!.seen).toBe("count = 24")
}, 60_000)

test("one of two k6 that is killed takes the other with it, and the run ends in error", async () => {
  const lab = node.parts.lab!
  const { runId } = await lab.start({ scenario: "scalper_network", vus_max: 20, ramp_up: "1s", steady: "60s" })
  await new Promise<void>((resolve) => {
    const unwatch = lab.onProgress((each) => {
      if (each.runId !== runId || each.live.length === 0) return
      unwatch()
      resolve()
    })
  })
  const [first, second, ...more] = k6ProcessesOf(runId)
  expect([typeof first, typeof second, more.length]).toEqual(["number", "number", 0])
  process.kill(second!, "SIGKILL")
  expect(await lab.ended(runId)).toMatchObject({ state: "error", failures: ["k6 ended with SIGKILL"] })
  expect(k6ProcessesOf(runId)).toEqual([])
}, 60_000)

test("a server that is started anew in the middle keeps every place", async () => {
  const run = await perform({ scenario: "reconnect_churn", vus_max: 30, admit_per_minute: 120 })
  expectSound(run)
  expect(checkNamed(run, "Server restarted in the middle")!.seen).toMatch(/^back after \d+ ms$/)
  expect(Number.parseInt(checkNamed(run, "k6 told_after_restart")!.seen.slice("count = ".length))).toBeGreaterThan(5)
  expect(await fetch(`${node.url}/health/live`).then((answer) => answer.status)).toBe(200)
}, 60_000)

test("a search for capacity ends with a number and what gave way, or says why not", async () => {
  const run = await perform({ scenario: "capacity", vus_max: 60, steady: "20s" })
  expectSound(run)
  const found = checkNamed(run, "Capacity found")!
  if (run.capacity === undefined) expect(run.verdict).toBe("INCONCLUSIVE")
  else expect(found.seen).toStartWith(`${run.capacity.perSecond.toLocaleString("en-US")} requests per second`)
  expect(found.seen).toMatch(/\b400 (held|broke)/)
}, 60_000)

const k6ProcessesOf = (runId: string) =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) =>
      Bun.spawnSync(["cat", `/proc/${pid}/cmdline`])
        .stdout.toString()
        .includes(`run_id=${runId}`),
    )
    .map(Number)
    .sort((a, b) => a - b)
