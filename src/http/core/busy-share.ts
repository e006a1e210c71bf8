import { readFileSync } from "node:fs"

/**
 * The share of the time since the last call in which the main thread ran or stood in line for a core. Linux alone tells; elsewhere
 * the loop counts as busy, and its lag decides.
 */
export const openBusyShare = (read: () => string | undefined = readSchedule) => {
  let before = busyMsIn(read())
  return (wallMs: number): number => {
    const busyMs = busyMsIn(read())
    if (busyMs === undefined || before === undefined) return 1
    const share = (busyMs - before) / wallMs
    before = busyMs
    return share
  }
}

const readSchedule = (): string | undefined => {
  try {
    return readFileSync("/proc/self/schedstat", "latin1")
  } catch {
    return undefined // not on this system
  }
}

/** Two lengths in nanoseconds: on a core, and waiting for one. */
const busyMsIn = (text: string | undefined) => {
  const [ran, waited] = (text ?? "").split(" ").map(Number)
  return ran !== undefined && waited !== undefined && ran + waited > 0 ? (ran + waited) / 1e6 : undefined
}
