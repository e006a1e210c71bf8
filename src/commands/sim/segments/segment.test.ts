import { afterAll, beforeAll, expect, test } from "bun:test"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { migrations } from "../../../../sql/migrations.ts"
import { parseConfig } from "../../../config.ts"
import { silentLog } from "../../../log.ts"
import { migrate } from "../../../stores/migrate.ts"
import { stores } from "../../../testing/stores.ts"
import { startNode, type Node } from "../../node.ts"

/** Two machines, played by two processes of the command line against one server of this one. */
const folder = mkdtempSync(join(tmpdir(), "traffic-segments-"))
const scratch = join(folder, "tmp")
const adminKey = "key-of-this-server"
let node: Node
let origin: string

beforeAll(async () => {
  mkdirSync(scratch)
  const { redisUrl, cacheUrl, freshDatabase } = await stores()
  const { url, sql } = await freshDatabase()
  await migrate(sql, migrations)
  await sql.end()
  const config = parseConfig({
    REDIS_URL: redisUrl,
    REDIS_CACHE_URL: cacheUrl,
    DATABASE_URL: url,
    PORT: "0",
    TRAFFIC_ADMIN_KEY: adminKey,
    TRAFFIC_DATA_DIR: join(folder, "data"),
  })
  node = await startNode({ config, log: silentLog })
  origin = `http://127.0.0.1:${node.port}`
}, 30_000)
afterAll(async () => {
  await node.close()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

const program = join(import.meta.dir, "../../../main.ts")
const traffic = async (flags: string[], env: Record<string, string> = { TRAFFIC_ADMIN_KEY: adminKey }) => {
  const child = Bun.spawn([process.execPath, program, ...flags], {
    cwd: join(import.meta.dir, "../../../.."),
    env: { ...process.env, ...env, TMPDIR: scratch },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000)
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  clearTimeout(timer)
  return { code, out, err }
}
const file = (name: string) => join(folder, name)

const crowd = ["--vus", "20", "--ramp", "2s", "--steady", "4s", "--down", "2s", "--seed", "7"]
const prepared = async (name: string, startIn: string) => {
  const { code, out, err } = await traffic([
    "sim",
    "prepare",
    "launch_spike",
    ...crowd,
    "--target",
    origin,
    "--start-in",
    startIn,
  ])
  expect([code, err]).toEqual([0, expect.stringContaining("20 people")])
  await Bun.write(file(name), out)
  return JSON.parse(out) as { plan_id: string; settings: { sale_id: string }; people: { user_id: string }[] }
}
const play = (segment: string, plan: string, part: string) =>
  traffic(["sim", "launch_spike", "--segment", segment, "--plan", file(plan), "--out", file(part)])

test("two segments that run at once are one test: every person comes once, and one verdict judges all", async () => {
  const plan = await prepared("plan.json", "10s")
  const played = await Promise.all([
    play("1/2", "plan.json", "part-1.ndjson"),
    play("2/2", "plan.json", "part-2.ndjson"),
  ])
  expect(played.map(({ code, err }) => [code, code === 0 ? "" : err])).toEqual([
    [0, ""],
    [0, ""],
  ])
  expect(played[1]!.out).toContain("10 people of segment 2/2")
  expect(readdirSync(scratch)).toEqual([])

  const merged = await traffic([
    "sim",
    "merge",
    file("plan.json"),
    file("part-2.ndjson"),
    file("part-1.ndjson"),
    "--json",
  ])
  const result = JSON.parse(merged.out)
  // Twenty people are too few for a p99, and the machine may be busy: the invariants are judged all the same.
  expect([merged.code, result.verdict, result.failures.join()]).toEqual([
    2,
    "INCONCLUSIVE",
    expect.stringContaining("samples"),
  ])
  expect(result.metrics).toMatchObject({ arrivals: 20, joined: 20, segments: 2 })
  expect(result.percentiles).toBe("highest of the segments")
  const invariants = result.checks.filter((each: { name: string }) => /^I\d/.test(each.name))
  expect(invariants.length).toBeGreaterThan(15)
  expect(invariants.filter((each: { passed: boolean; judged: boolean }) => !each.passed || !each.judged)).toEqual([])

  const truth = await node.parts.truth(plan.settings.sale_id as never)
  expect(truth.entries.map((each) => each.account).toSorted()).toEqual(
    plan.people.map((each) => each.user_id).toSorted(),
  )

  const alone = await traffic(["sim", "merge", file("plan.json"), file("part-1.ndjson")])
  expect([alone.code, alone.out]).toEqual([64, ""])
  expect(alone.err).toContain("segment 2/2 is missing: name its file too")

  const wrongKey = await traffic([
    "sim",
    "merge",
    file("plan.json"),
    file("part-1.ndjson"),
    file("part-2.ndjson"),
    "--admin-key",
    "x",
  ])
  expect([wrongKey.code, wrongKey.out]).toEqual([64, ""])
  expect(wrongKey.err).toContain("--admin-key: it is not the key of")
}, 60_000)

test("a machine that is too late says so and writes nothing", async () => {
  const plan = await prepared("late.json", "5s")
  await Bun.write(file("late.json"), JSON.stringify({ ...plan, starts_at: "2026-01-15T08:00:00.000Z" }))
  const { code, err } = await play("1/1", "late.json", "late.ndjson")
  expect([code, existsSync(file("late.ndjson"))]).toEqual([64, false])
  expect(err).toContain("prepare a new plan with a longer --start-in")
}, 30_000)

test("flags that contradict the plan are refused before anything starts", async () => {
  await prepared("plan-2.json", "5s")
  const plan = ["--plan", file("plan-2.json")]
  for (const [flags, sentence] of [
    [["launch_spike", "--segment", "1/2"], "name the plan that all segments share with --plan"],
    [["launch_spike", ...plan], "say which one, such as --segment 1/2"],
    [["launch_spike", "--segment", "3/2", ...plan], "--segment 3/2: write which one of how many, such as 2/3"],
    [["launch_spike", "--segment", "21/21", ...plan], "the plan has 20 people, so use at most 20 segments"],
    [["launch_spike", "--segment", "1/2", "--vus", "5", ...plan], "--vus: the plan says that for all segments"],
    [["launch_spike", "--segment", "1/2", "--html", "run.html", ...plan], "--html: a segment is a part of a run"],
    [["launch_spike", "--segment", "1/2", "--out", file("no/p.ndjson"), ...plan], "there is no folder"],
    [["refresh_storm", "--segment", "1/2", ...plan], "is a plan of launch_spike: write traffic sim launch_spike"],
    [["launch_spike", "--segment", "1/2", "--plan", "nowhere.json"], "nowhere.json: there is no such file"],
    [
      ["prepare", "launch_spike", "--start-in", "1s", "--target", origin],
      "--start-in 1s: write a length of time from 5s to 2h",
    ],
    [["prepare", "launch_spike"], "--target: name the server under test"],
    [
      ["prepare", "second_sale_regression", "--target", origin],
      "second_sale_regression cannot be shared between machines",
    ],
    [
      ["prepare", "launch_spike", "--target", "http://192.0.2.1"],
      "for another one that is yours add --i-own-this-target",
    ],
  ] as const) {
    const { code, out, err } = await traffic(["sim", ...flags])
    expect([flags, code, out]).toEqual([flags, 64, ""])
    expect(err).toContain(sentence)
  }
}, 60_000)
