import type { ExitCode } from "../../exit.ts"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openClock } from "../../clock.ts"
import { environment, parseConfig, type Environment } from "../../config.ts"
import { findK6 } from "../../programs.ts"
import { onInterrupt } from "../interrupt.ts"
import { simMerge, type MergeOptions } from "./merge.ts"
import { prepare, type PrepareOptions } from "./prepare.ts"
import { simSegment, type SegmentOptions } from "./segment.ts"
import { targetingOf, type TargetFlags } from "./target.ts"

/** `traffic sim prepare`, wired to this machine. */
export const prepareCommand = (scenario: string, options: PrepareOptions & TargetFlags): Promise<ExitCode> => {
  const env = environment()
  return prepare(scenario, options, {
    environment: env,
    targeting: targetingOf(options, env),
    clock: openClock(),
    out,
    progress: { write: say },
  })
}

/** `traffic sim SCENARIO --segment k/n`, wired to this machine. */
export const segmentCommand = (
  scenario: string | undefined,
  options: SegmentOptions & TargetFlags,
): Promise<ExitCode> => {
  const env = environment()
  return simSegment(scenario, options, {
    findK6: () => findK6(k6Of(env)),
    targeting: targetingOf(options, env),
    clock: openClock(),
    folder: () => mkdtempSync(join(tmpdir(), "traffic-segment-")),
    out,
    progress: { isTerminal: process.stderr.isTTY === true, write: say },
    onInterrupt,
  })
}

/** `traffic sim merge`, wired to this machine. */
export const mergeCommand = (plan: string, parts: string[], options: MergeOptions & TargetFlags): Promise<ExitCode> =>
  simMerge(plan, parts, options, { targeting: targetingOf(options, environment()), out, say })

/** What else the environment says is about a server. */
const k6Of = ({ K6_BIN, PATH, HOME, XDG_CACHE_HOME }: Environment) =>
  parseConfig({ K6_BIN, PATH, HOME, XDG_CACHE_HOME }).k6

const out = (line: string) => console.log(line)
const say = (text: string) => void process.stderr.write(text)
