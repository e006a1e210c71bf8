import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs"
import { join } from "node:path"
import type { Clock } from "../clock.ts"
import { later, millis, type Millis } from "../units.ts"
import { Refusal } from "../exit.ts"

/** Ends store processes that an earlier start left in the folder, by `signal` and then by SIGKILL. @throws Refusal (missing) */
export const clearLeftovers = async (folder: string, signal: NodeJS.Signals, timeout: Millis, clock: Clock) => {
  const askedUntil = later(clock(), timeout)
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

/** Store processes whose working directory this is, oldest first, zombies excluded. */
export const findLeftovers = (folder: string): number[] =>
  process.platform === "linux" ? leftoversByFolder(realpathSync(folder)) : leftoversByFile(folder)

const leftoversByFolder = (folder: string) =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => workingFolder(pid) === folder && storeNames.has(readText(`/proc/${pid}/comm`).trim()))
    .toSorted((a, b) => a - b)

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
    // It has ended.
  }
}
