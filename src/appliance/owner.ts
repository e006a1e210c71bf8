import { chownSync, lstatSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Refusal } from "../exit.ts"

export type Owner = { uid: number; gid: number }

/** Undefined when this process is unprivileged. Postgres refuses to run as root. */
export const lookupOwner = (): Owner | undefined => {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) =>
      Number(Bun.spawnSync(["id", flag, name]).stdout.toString().trim() || 0),
    )
    if (uid && gid) return { uid, gid }
  }
  throw new Refusal(
    "missing",
    "Postgres does not run as root, and there is no user postgres or nobody here: start traffic as another user",
  )
}

/** Recursive; does nothing when the folder is the owner's. */
export const giveTo = (folder: string, { uid, gid }: Owner) => {
  if (lstatSync(folder).uid === uid) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) giveTo(path, { uid, gid })
    else if (entry.isFile()) chownSync(path, uid, gid)
  }
  chownSync(folder, uid, gid)
}
