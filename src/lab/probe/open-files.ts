import { readFileSync } from "node:fs"

/**
 * Lets this process and all that it starts from now on open so many files at one time, where it is root.
 * Answers how many it may open after that; undefined where the system does not say.
 */
export const allowOpenFiles = (wanted: number): number | undefined => {
  const allowed = openFilesAllowed()
  if (allowed === undefined || allowed >= wanted) return allowed
  const prlimit = Bun.which("prlimit")
  if (prlimit === null) return allowed
  Bun.spawnSync([prlimit, "--pid", String(process.pid), `--nofile=${wanted}:${wanted}`])
  return openFilesAllowed()
}

const openFilesAllowed = (): number | undefined => {
  try {
    return parseOpenFiles(readFileSync("/proc/self/limits", "utf8"))
  } catch {
    return undefined
  }
}

/** The hard limit: k6 raises the soft one to it by itself. */
export const parseOpenFiles = (limits: string): number | undefined => {
  const hard = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(limits)?.[1]
  if (hard === undefined) return undefined
  return hard === "unlimited" ? Infinity : Number(hard)
}
