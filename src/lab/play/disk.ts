import { seconds } from "../../units.ts"

/**
 * Waits until all data written to the file system of `folder` is on disk, since the first fsync of a run would
 * otherwise wait for the set-up of the stores. Gives up after ten seconds, and at once without the `sync` command.
 */
export const settleDisk = async (folder: string): Promise<void> => {
  try {
    const sync = Bun.spawn(["sync", "--file-system", folder], { stdin: "ignore", stdout: "ignore", stderr: "ignore" })
    const patience = setTimeout(() => sync.kill("SIGKILL"), longest)
    await sync.exited
    clearTimeout(patience)
  } catch {
    // A verdict does not depend on it.
  }
}

const longest = seconds(10)
