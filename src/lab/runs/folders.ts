import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { isId } from "../../ids.ts"

/** Removes all folders of runs but the newest `kept` and the `starred`. Their names are ULIDs, so the order of names is that of time. */
export const pruneFolders = async (runsDir: string, kept: number, starred: readonly string[] = []): Promise<void> => {
  const all = await readdir(runsDir).catch(() => [])
  const names = all.filter((each) => isId(each) && !starred.includes(each)).sort()
  for (const name of names.slice(0, Math.max(0, names.length - kept)))
    await rm(join(runsDir, name), { recursive: true, force: true })
}
