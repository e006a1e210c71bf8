import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { isId } from "../ids.ts"

/** Removes all folders of runs but the newest `kept`. Their names are ULIDs, so the order of names is that of time. */
export const pruneFolders = async (runsDir: string, kept: number): Promise<void> => {
  const names = (await readdir(runsDir).catch(() => [])).filter(isId).sort()
  for (const name of names.slice(0, Math.max(0, names.length - kept)))
    await rm(join(runsDir, name), { recursive: true, force: true })
}
