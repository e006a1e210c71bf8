import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { brokenBesidesSpeed } from "../../testing/lab/speed.ts"

const folder = mkdtempSync(join(tmpdir(), "traffic-quick-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const root = join(import.meta.dir, "../../..")

/** `traffic` with a folder of its own for its files, HOME standing for it in the flags, and for its temporary files. */
const open = (name: string, flags: string) => {
  const home = join(folder, name)
  mkdirSync(join(home, "tmp"), { recursive: true })
  const words = flags.replaceAll("HOME", home).split(" ")
  const child = Bun.spawn([process.execPath, "src/main.ts", ...words], {
    // Bun reads how to compile pages from the settings of the folder it starts in.
    cwd: root,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: homedir(),
      TMPDIR: join(home, "tmp"),
      ...(process.env["K6_BIN"] === undefined ? {} : { K6_BIN: process.env["K6_BIN"] }),
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  return { home, child }
}

/** Programs that work in the folder, and the embedded stores do. */
const programsIn = (home: string) =>
  readdirSync("/proc")
    .filter((each) => /^\d+$/.test(each))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(home)
      } catch {
        return false
      }
    })

test("sim all --quick from the shell: a verdict for each, files for CI, and nothing left behind", async () => {
  const { home, child } = open(
    "round",
    "sim all --quick --scenarios baseline,launch_spike --vus 220 --ramp 2s --steady 3s --down 1s --seed 3 --json " +
      "--junit HOME/round.xml --html HOME/{scenario}.html --csv HOME/{scenario}.csv --report-json HOME/{scenario}.json",
  )
  let most = 0
  const counting = setInterval(() => (most = Math.max(most, programsIn(home).length)), 500)
  const [out, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  clearInterval(counting)
  const { verdict, runs } = JSON.parse(out)
  expect(runs.map((each: { scenario: string }) => each.scenario)).toEqual(["baseline", "launch_spike"])
  expect(code).toBe(verdict === "PASS" ? 0 : verdict === "INCONCLUSIVE" ? 2 : 1)
  for (const { checks } of runs) expect(brokenBesidesSpeed(checks)).toEqual([])
  expect(said).toMatch(/1\/2 baseline running[^]*2\/2 launch_spike running/)
  expect(readFileSync(join(home, "round.xml"), "utf8").match(/<testcase /g)).toHaveLength(2)
  expect(JSON.parse(readFileSync(join(home, "baseline.json"), "utf8")).run.seed).toBe(3)
  expect(readdirSync(home).sort()).toEqual([
    "baseline.csv",
    "baseline.html",
    "baseline.json",
    "launch_spike.csv",
    "launch_spike.html",
    "launch_spike.json",
    "round.xml",
    "tmp",
  ])
  expect(readdirSync(join(home, "tmp"))).toEqual([])
  expect([most > 3, programsIn(home)]).toEqual([true, []])
}, 120_000)

test("Ctrl-C in the middle of a round: 130, a summary, and nothing left behind", async () => {
  const { home, child } = open("stopped", "sim all --quick --scenarios baseline,launch_spike --junit HOME/round.xml")
  const saying = child.stderr.pipeThrough(new TextDecoderStream())
  let said = ""
  for await (const text of saying) {
    said += text
    if (said.includes("1/2 baseline running") && !child.killed) child.kill("SIGINT")
  }
  const [out, code] = await Promise.all([new Response(child.stdout).text(), child.exited])
  expect(code).toBe(130)
  expect(out).toMatch(/baseline +CANCELLED[^]*launch_spike +NOT RUN +stopped before it began/)
  expect([readdirSync(home).sort(), readdirSync(join(home, "tmp")), programsIn(home)]).toEqual([
    ["round.xml", "tmp"],
    [],
    [],
  ])
}, 60_000)
