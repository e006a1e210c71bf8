import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs"
import { join } from "node:path"
import type { Clock } from "../clock.ts"
import { later, millis, type Millis } from "../units.ts"
import { Refusal } from "../exit.ts"

/**
 * Ends what a killed supervisor or postmaster left running in a store's folder, so that never two work on the same files.
 * Asks by `signal`, waits for `patience`, then kills.
 * @throws Refusal (missing) when something survives even that.
 */
export const clearLeftovers = async (folder: string, signal: NodeJS.Signals, patience: Millis, clock: Clock) => {
  const askedUntil = later(clock(), patience)
  const killedUntil = later(askedUntil, millis(5000))
  let asked = false
  for (;;) {
    const found = findLeftovers(folder)
    if (found.length === 0) return
    const now = clock()
    if (now > killedUntil)
      throw new Refusal("missing", `Process ${found.join(", ")} works in ${folder} and does not end`)
    if (!asked || now > askedUntil) for (const pid of found) send(pid, now > askedUntil ? "SIGKILL" : signal)
    asked = true
    await Bun.sleep(20)
  }
}

/** Store processes that have this folder as their working directory, oldest first. A zombie holds nothing and does not count. */
export const findLeftovers = (folder: string): number[] =>
  process.platform === "linux" ? leftoversByFolder(realpathSync(folder)) : leftoversByFile(folder)

const leftoversByFolder = (folder: string) =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => workingFolder(pid) === folder && storeNames.has(readText(`/proc/${pid}/comm`).trim()))
    .toSorted((a, b) => a - b)

/** Without /proc: the process that each store notes down itself, as long as its name fits. */
const leftoversByFile = (folder: string) =>
  ["postmaster.pid", "redis.pid"]
    .map((file) => Number.parseInt(readText(join(folder, file)), 10))
    .filter(
      (pid) =>
        pid > 1 && /redis-server|postgres/.test(Bun.spawnSync(["ps", "-p", `${pid}`, "-o", "comm="]).stdout.toString()),
    )

const storeNames = new Set(["redis-server", "postgres"])

const workingFolder = (pid: number) => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

const readText = (file: string) => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

const send = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in this moment.
  }
}
