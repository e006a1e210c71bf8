import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openClock, type Clock } from "../../clock.ts"
import { environment, k6SearchOf, parseConfig, type Environment } from "../../config.ts"
import type { Lab } from "../../lab/lab.ts"
import type { RunSettings } from "../../lab/model/settings.ts"
import { openLog } from "../../log.ts"
import { findK6, type K6 } from "../../programs.ts"
import { onInterrupt } from "../interrupt.ts"
import { startNode } from "../node.ts"
import type { TargetOptions } from "./options.ts"
import { terminal, type Output } from "./output.ts"
import { targetingOf, type Targeting } from "./target/target.ts"

export type SimParts = Output & {
  environment: Environment
  findK6: () => Promise<K6>
  privateServer: (settings: RunSettings) => Promise<PrivateServer>
  targeting: Targeting
  clock: Clock
  /** Calls back when the person presses Ctrl-C; returns a way to stop listening. */
  onInterrupt: (stop: () => void) => () => void
}

/** A server of our own with embedded stores on a free port; `close` leaves nothing behind. */
export type PrivateServer = { lab: Lab; url: string; close(): Promise<void> }

export const partsHere = (options: TargetOptions): SimParts => {
  const env = environment()
  return {
    ...terminal,
    environment: env,
    findK6: () => findK6(k6SearchOf(env)),
    privateServer: () => startPrivately(env),
    targeting: targetingOf(options, env),
    clock: openClock(),
    onInterrupt,
  }
}

const startPrivately = async (env: Environment): Promise<PrivateServer> => {
  const config = parseConfig({ ...env, ...onItsOwn })
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
}

/** Stores, mode and address of another server are not for this one. */
const onItsOwn = {
  REDIS_URL: "",
  REDIS_CACHE_URL: "",
  DATABASE_URL: "",
  TRAFFIC_MODE: "demo",
  TRAFFIC_DEMO_KEY: "",
  HOST: "127.0.0.1",
  PORT: "0",
}
