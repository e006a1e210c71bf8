import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Refusal } from "../exit.ts"
import { lockData } from "./data-lock.ts"
import { lookupSockets, urlsOf } from "./sockets.ts"

/** Undefined when no other traffic runs in `dataDir`. */
export const lookupRunning = (dataDir: string) => {
  const home = resolve(dataDir)
  if (!existsSync(home)) return undefined
  try {
    lockData(home).release()
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return urlsOf(lookupSockets(home))
  }
}
