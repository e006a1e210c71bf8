import type { Log } from "../log.ts"
import type { Snapshot } from "./snapshot.ts"

type Listener = (snapshots: Snapshot[]) => void

export const openListeners = (log: Log) => {
  const listeners = new Set<Listener>()
  return {
    add: (listener: Listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell: (snapshots: Snapshot[]) => {
      for (const listener of listeners) {
        try {
          listener(snapshots)
        } catch (error) {
          log.error({ error }, "a listener of the waiting room failed")
        }
      }
    },
  }
}
