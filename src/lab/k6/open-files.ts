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

/** One connection for each person in k6 and one in the server, and what else is open. */
export const openFilesFor = (people: number): number => Math.ceil(people * connectionsPerPerson) + openBeside
/** Two tabs, or an old connection that is still closing. */
const connectionsPerPerson = 1.5
const openBeside = 500

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
