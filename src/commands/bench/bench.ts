import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Refusal, type ExitCode } from "../../exit.ts"
import { wholeFlag } from "../flag.ts"
import { spawnMeasured } from "./measured.ts"
import { compareBoard, compareFirstJoins, compareStatus } from "./paths.ts"
import { exitOf, reportOf, tableOf } from "./report.ts"

export type BenchFlags = { rounds: string; seconds: string; json?: boolean }

/** `traffic bench`: pass when every median reaches its target, fail when one does not, inconclusive when the machine was too noisy to tell. */
export const bench = async (flags: BenchFlags): Promise<ExitCode> => {
  const rounds = wholeFlag("--rounds", flags.rounds, 20)
  const length = wholeFlag("--seconds", flags.seconds, 60)
  const wrk = Bun.which("wrk")
  if (wrk === null) throw new Refusal("missing", "wrk is missing, which drives the measurement: apt-get install wrk")
  const folder = mkdtempSync(join(tmpdir(), "traffic-bench-"))
  const measured = await spawnMeasured(folder)
  try {
    const say = (line: string) => void (flags.json ? undefined : console.error(line))
    const parts = { ...measured, wrk, folder, rounds, length, say }
    const figures = [await compareStatus(parts), await compareBoard(parts), await compareFirstJoins(parts)]
    const report = reportOf(figures)
    console.log(flags.json ? JSON.stringify(report) : tableOf(report))
    return exitOf(report, rounds)
  } finally {
    await measured.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
