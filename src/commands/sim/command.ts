import type { ExitCode } from "../../exit.ts"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openClock } from "../../clock.ts"
import { environment, parseConfig } from "../../config.ts"
import { openLog } from "../../log.ts"
import { findK6 } from "../../programs.ts"
import { onInterrupt } from "../interrupt.ts"
import { startNode } from "../node.ts"
import { sim, type SimDeps, type SimOptions } from "./sim.ts"
import { simCompare } from "./compare.ts"
import { targetingOf, type TargetFlags } from "./target.ts"

const terminal: SimDeps["progress"] = {
  isTerminal: process.stderr.isTTY === true,
  write: (text) => void process.stderr.write(text),
  columns: () => process.stderr.columns,
}

/** `traffic sim`, wired to this machine: a private server on embedded stores in a folder that goes with it. */
export const simCommand = (scenario: string | undefined, options: SimOptions & TargetFlags): Promise<ExitCode> => {
  const env = environment()
  const config = parseConfig({
    ...env,
    REDIS_URL: "",
    REDIS_CACHE_URL: "",
    DATABASE_URL: "",
    TRAFFIC_MODE: "demo",
    TRAFFIC_DEMO_KEY: "",
    HOST: "127.0.0.1",
    PORT: "0",
  })
  return sim(scenario, options, {
    environment: env,
    targeting: targetingOf(options, env),
    findK6: () => findK6(config.k6),
    privateServer: async () => {
      const folder = mkdtempSync(join(tmpdir(), "traffic-sim-"))
      const node = await startNode({
        config: { ...config, dataDir: join(folder, "data") },
        log: openLog(env.TRAFFIC_LOG ?? "error"),
        runFoldersKept: 0,
        isPrivate: true,
      })
      return {
        lab: node.parts.lab!,
        url: node.url,
        close: async () => {
          await node.close()
          rmSync(folder, { recursive: true, force: true })
        },
      }
    },
    out: (line) => console.log(line),
    progress: terminal,
    now: openClock(),
    onInterrupt,
  })
}

/** `traffic sim compare A B`, wired to this machine. */
export const compareCommand = (
  a: string,
  b: string,
  options: { target?: string; json?: boolean } & TargetFlags,
): Promise<ExitCode> =>
  simCompare([a, b], options, {
    targeting: targetingOf(options, environment()),
    out: (line) => console.log(line),
    progress: terminal,
  })
