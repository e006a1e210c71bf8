/** Sends a signal to each process; one that has ended meanwhile is let be. */
export const signal = (pids: number[], name: NodeJS.Signals) => {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It ended in this moment.
    }
  }
}

/** These processes stand still while `during` runs, and go on afterwards whatever it did. */
export const frozen = async <T>(pids: number[], during: () => Promise<T>): Promise<T> => {
  if (pids.length === 0) throw new Error("nothing is there to be frozen")
  signal(pids, "SIGSTOP")
  try {
    return await during()
  } finally {
    signal(pids, "SIGCONT")
  }
}
