import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { isId } from "../../ids.ts"

/** Folder names are ULIDs, so sorting them sorts by time. */
export const pruneFolders = async (runsDir: string, kept: number, starred: readonly string[] = []): Promise<void> => {
  const all = await readdir(runsDir).catch(() => [])
  const names = all.filter((each) => isId(each) && !starred.includes(each)).sort()
  for (const name of names.slice(0, Math.max(0, names.length - kept)))
    await rm(join(runsDir, name), { recursive: true, force: true })
}
