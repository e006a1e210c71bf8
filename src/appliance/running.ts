import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Refusal } from "../exit.ts"
import { lockData } from "./data-lock.ts"
import { lookupSockets, urlsOf } from "./sockets.ts"

/** The stores that another traffic runs in `dataDir` at this moment; undefined when none does. */
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
