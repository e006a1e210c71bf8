import { dlopen } from "bun:ffi"
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Refusal } from "../exit.ts"

/**
 * Locks a data directory by flock(2), which the kernel frees with the process, also after kill -9. The file names the holder.
 * @throws Refusal (usage) naming the directory and the holder.
 */
export const lockData = (folder: string): { release(): void } => {
  const file = join(folder, "traffic.lock")
  const held = openSync(file, "a+", 0o600)
  if (!isLocked(held)) {
    closeSync(held)
    throw new Refusal(
      "usage",
      `${folder} is in use by traffic (process ${readHolder(file)}): stop it, or name another --data-dir`,
    )
  }
  ftruncateSync(held)
  writeSync(held, `${process.pid}\n`)
  return { release: () => closeSync(held) }
}

/** Children do not inherit it: files are opened close-on-exec. */
const isLocked = (file: number) => libc.symbols.flock(file, lockExclusive | lockWithoutWaiting) === 0

const lockExclusive = 2
const lockWithoutWaiting = 4
const libc = dlopen(process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6", {
  flock: { args: ["i32", "i32"], returns: "i32" },
})

const readHolder = (file: string) => readFileSync(file, "utf8").trim() || "unknown"
