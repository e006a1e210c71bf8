import { afterEach, beforeEach, expect, test } from "bun:test"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { migrations } from "../../sql/migrations.ts"
import { openClock } from "../clock.ts"
import { newId, type SaleId } from "../ids.ts"
import { silentLog } from "../log.ts"
import { lookupK6 } from "../testing/lab/k6.ts"
import { migrate } from "../stores/migrate.ts"
import type { Pool } from "../stores/postgres.ts"
import { stores } from "../testing/stores.ts"
import { openTinySale, type Defect } from "../testing/lab/tiny-sale.ts"
import { brokenBesidesSpeed, wasSlow } from "../testing/lab/speed.ts"
import { catalog } from "./scenarios/catalog.ts"
import { openLab, type Lab } from "./lab.ts"
import { isFinal, type RunState } from "./model/run.ts"
import { runBody } from "./report/wire.ts"
import { progressLine, runTable } from "./report/text.ts"

const clock = openClock()
const k6 = await lookupK6()

let sql: Pool
let runsDir: string
let lab: Lab
let tiny: ReturnType<typeof openTinySale>

beforeEach(async () => {
  sql = (await (await stores()).freshDatabase()).sql
  await migrate(sql, migrations)
  runsDir = mkdtempSync(join(tmpdir(), "traffic-runs-"))
})
afterEach(async () => {
  await lab.close()
  await tiny.close()
  await sql.end()
  rmSync(runsDir, { recursive: true, force: true })
})

const open = (defect?: Defect, found: typeof k6 = k6, admitEvery?: number, node?: string) => {
  tiny = openTinySale({
    now: clock,
    defect,
    admitEvery,
  })
  lab = labOf(found, node)
  return lab
}
const labOf = (found: typeof k6, node?: string) =>
  openLab({
    sql,
    node,
    clock,
    log: silentLog,
    runsDir,
    findK6: async () => found,
    baseUrl: () => tiny.url,
    sale: {
      prepare: async () => tiny.prepare(),
      fans: async (count) =>
        Array.from({ length: count }, (_, index) => ({ user_id: `fan${index}`, token: `fan${index}` })),
      drain: async () => {},
      truth: async () => tiny.truth(),
      live: () => ({ waiting: 1, nowServing: 2, shoppers: 3, seatsAvailable: 4, seatsHeld: 5, seatsSold: 6 }),
    },
    limits: { foldersKept: 0 },
  })
const short = { vus_max: 220, ramp_up: "2s", steady: "2s", ramp_down: "0s", seed: 7, total_seats: 100 }
/** Ms from one admission to the next, slow enough that people still wait when the second wave comes or after a connection broke. */
const paces: Record<string, number> = { bot_checkout: 30, late_surge: 40, reconnect_churn: 30 }
/** Where most people only read. */
const soldAtLeast: Record<string, number> = { read_heavy: 20, mixed_workload: 30 }
/** Neighbours of the machine may spoil latency; they never spoil an invariant. */
const passed = ["PASS", "INCONCLUSIVE"]

/** The others need more than one sale, and are seen in a real server. */
const alone = catalog.filter(({ stages = {} }) => !stages.secondSale && !stages.network && !stages.capacity)

for (const { name } of alone)
  test(`${name} finds nothing wrong with a sale that is right`, async () => {
    const { start, ended, find, onProgress } = open(undefined, k6, paces[name])
    const states: RunState[] = []
    onProgress((run) => void (states.at(-1) === run.state || states.push(run.state)))
    const run = await start({ scenario: name, ...short })
    const done = await ended(run.runId)
    expect(states).toEqual(["armed", "running", "auditing", done.state])
    expect(brokenBesidesSpeed(done.checks)).toEqual([])
    expect(wasSlow(done.checks) ? ["FAIL"] : passed).toContain(done.verdict!)
    if (done.verdict === "INCONCLUSIVE") expect(done.failures.join()).toMatch(/stole|other programs|generator|samples/)
    expect(done.metrics).toMatchObject({ arrivals: 220, position_changes: 0 })
    expect(done.metrics["tickets_sold"]).toBeGreaterThan(soldAtLeast[name] ?? 90)
    expect(done.live.at(-1)!.seatsSold).toBe(6)
    expect(Math.max(...done.live.map(({ requestsPerSecond = 0 }) => requestsPerSecond))).toBeGreaterThan(0)
    expect(existsSync(runsDir)).toBe(false)
    expect(await find(run.runId)).toEqual(done)
    expect(runTable(runBody(done))).toContain(`traffic sim ${name} --vus 220 --ramp 2s --steady 2s --down 0s`)
    expect(progressLine(runBody(done), clock())).toContain(`${name} ${done.state}`)
  }, 30_000)

for (const [scenario, defect, check, example] of [
  ["refresh_storm", "moves_on_refresh", "I5 positions steady", /was at position \d+ and a later answer said \d+/],
  ["queue_fairness", "last_come_first", "I6 called in order", /were called \d+ ms before those ahead of them/],
  ["launch_spike", "forgets_joins", "I5 joins kept", /was told position 50 and is not in the journal/],
  ["launch_spike", "sells_twice", "I1 seats sold once", /has the tickets/],
  ["launch_spike", "answers_500", "k6 http_req_failed", /^status of fan\d+ was answered 500 internal/],
  [
    "backdoor_race",
    "believes_account_tokens",
    "I8 no way in",
    /^fan\d+ tried (seats|holds) with account token and was answered 200$/,
  ],
  [
    "backdoor_race",
    "believes_every_admission",
    "I8 no way in",
    /^fan\d+ tried (seats|holds) with (foreign|tampered) admission and was answered 200$/,
  ],
  [
    "backdoor_race",
    "lets_finished_admissions_in",
    "I8 no way in",
    /^fan\d+ tried (seats|holds) with replayed admission and was answered 200$/,
  ],
  [
    "backdoor_race",
    "lets_ended_admissions_in",
    "I8 no way in",
    /^fan\d+ tried (seats|holds|checkout) with expired admission and was answered 200$/,
  ],
  [
    "backdoor_race",
    "turns_shoppers_away",
    "I8 no way in",
    /^fan\d+ had an admission, and (seats|hold|checkout) was answered 403 admission_required$/,
  ],
  [
    "late_surge",
    "reuses_positions",
    "I6 first wave first",
    /^fan\d+ of the second wave has position \d+, ahead of fan\d+ of the first at \d+$/,
  ],
  [
    "reconnect_churn",
    "ties_places_to_connections",
    "I5 place kept on reconnect",
    /^fan\d+ was told position \d+ by the join and \d+ by a connection after that$/,
  ],
  ["bot_checkout", "takes_second_holds", "I9 one hold each", /^fan\d+ has the holds hold-\d+ and hold-\d+$/],
  ["checkout_flow", "loses_checkouts", "k6 completed", /^completed has rate = 0\.[89]\d*$/],
  ["checkout_flow", "hides_tickets", "k6 missing_tickets", /^missing_tickets has count = \d+$/],
  ["checkout_flow", "hides_seats", "k6 completed", /^completed has rate = 0\.\d+$/],
  [
    "backdoor_race",
    "slows_intruders_down",
    "k6 attempts{kind:account_token}",
    /^attempts\{kind:account_token\} has count = 0$/,
  ],
  [
    "backdoor_race",
    "answers_intruders_500",
    "k6 http_req_failed{step:attempt}",
    /^attempt of fan\d+ was answered 500 internal at /,
  ],
] as const)
  test(`${scenario} fails a sale that ${defect.replaceAll("_", " ")} and names the first case`, async () => {
    const { start, ended } = open(defect, k6, paces[scenario])
    const { runId } = await start({ scenario, ...short })
    const done = await ended(runId)
    expect(done).toMatchObject({ state: "failed", verdict: "FAIL" })
    expect(done.checks.find((each) => each.name === check)).toMatchObject({
      passed: false,
      counterExample: expect.stringMatching(example),
    })
    expect(done.failures.some((each) => each.startsWith(check))).toBe(true)
  }, 30_000)

test("one run at a time and three wait; what is stopped is cancelled and leaves nothing", async () => {
  const { start, stop, find, list, active } = open()
  const first = await start({ scenario: "launch_spike", ...short, steady: "60s" })
  const waiting = [await start({ scenario: "launch_spike" }), await start({ scenario: "refresh_storm" })]
  waiting.push(await start({ scenario: "launch_spike" }))
  expect(waiting.map((each) => each.state)).toEqual(["queued", "queued", "queued"])
  await expect(start({ scenario: "launch_spike" })).rejects.toMatchObject({ code: "loadtest_busy" })
  expect(active()?.runId).toBe(first.runId)
  for (const { runId } of waiting) expect(await stop(runId)).toMatchObject({ runId, state: "cancelled" })
  expect(active()?.runId).toBe(first.runId)
  const stopped = await stop(first.runId)
  expect(stopped.state).toBe("cancelled")
  expect(stopped.verdict).toBeUndefined()
  expect(runBody(await find(first.runId))).toMatchObject({ status: "cancelled", passed: null, verdict: null })
  const listed = await list()
  expect(new Set(listed.map((each) => each.runId))).toEqual(new Set([first, ...waiting].map((each) => each.runId)))
  expect(listed.map((each) => each.state)).toEqual(Array.from({ length: 4 }, () => "cancelled"))
  expect(existsSync(runsDir)).toBe(false)
  expect((await stop(first.runId)).state).toBe("cancelled")
}, 30_000)

test("another process of the same server stops what this one drives, and cancels what waits here", async () => {
  const { start, ended } = open(undefined, k6, undefined, "elsewhere 1")
  const beside = labOf(k6)
  const [first, second] = [
    await start({ scenario: "launch_spike", ...short, steady: "60s" }),
    await start({ scenario: "launch_spike", ...short }),
  ]
  expect(await beside.start({ scenario: "launch_spike", ...short })).toMatchObject({ state: "queued" })
  expect(await beside.stop(second.runId)).toMatchObject({ runId: second.runId, state: "cancelled" })
  expect(await beside.stop(first.runId)).toMatchObject({ runId: first.runId, state: "cancelled" })
  expect([(await ended(first.runId)).state, (await ended(second.runId)).state]).toEqual(["cancelled", "cancelled"])
  await beside.close()
  expect((await beside.list()).map((each) => each.state).toSorted()).not.toContain("queued")
}, 30_000)

test("k6 that is killed in the middle ends the run in error, and the one that waits for it runs", async () => {
  const { start, ended, onProgress } = open()
  const first = await start({ scenario: "launch_spike", ...short })
  const killed = new Promise<void>((resolve) => {
    onProgress((run) => {
      if (run.runId !== first.runId || run.live.length === 0) return
      for (const pid of k6ProcessesOf(first.runId)) process.kill(pid, "SIGKILL")
      resolve()
    })
  })
  const second = await start({ scenario: "launch_spike", ...short })
  expect(second.state).toBe("queued")
  await killed
  const broken = await ended(first.runId)
  expect(broken).toMatchObject({ state: "error", failures: ["k6 ended with SIGKILL"] })
  expect(k6ProcessesOf(first.runId)).toEqual([])
  expect((await ended(second.runId)).verdict).toBeDefined()
}, 30_000)

test("what is asked for wrongly is refused before anything is made", async () => {
  const { start, list } = open()
  await expect(start({ scenario: "nonsense" })).rejects.toMatchObject({
    code: "invalid_scenario",
    facts: { field: "scenario" },
  })
  await expect(start({ scenario: "launch_spike", sale_id: newId<SaleId>(clock()) })).rejects.toMatchObject({
    code: "sale_not_found",
  })
  expect(await list()).toEqual([])
  await expect(lab.find(newId(clock()))).rejects.toMatchObject({ code: "run_not_found" })
})

test("without k6 the lab says what to do", async () => {
  const { start } = open(undefined, { missing: "k6 is missing: run scripts/k6-build" })
  await expect(start({ scenario: "launch_spike" })).rejects.toMatchObject({
    code: "lab_unavailable",
    message: "k6 is missing: run scripts/k6-build",
  })
})

test("closing the lab ends its run, and the one that waits is interrupted", async () => {
  const { start, close, find } = open()
  const run = await start({ scenario: "launch_spike", ...short, steady: "60s" })
  const waiting = await start({ scenario: "launch_spike", ...short })
  await close()
  expect(isFinal((await find(run.runId)).state)).toBe(true)
  expect(await find(waiting.runId)).toMatchObject({
    state: "interrupted",
    failures: ["The server stopped while the run waited for its turn"],
  })
  expect(k6ProcessesOf(run.runId)).toEqual([])
}, 30_000)

const k6ProcessesOf = (runId: string) =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const command = Bun.spawnSync(["cat", `/proc/${pid}/cmdline`]).stdout.toString()
      return command.includes(`run_id=${runId}`)
    })
    .map(Number)
