import { seconds } from "../../units.ts"

/**
 * Waits until all that was written to the file system of `folder` is on disk: set-up and clean-up of stores leave so much behind that
 * the first fsync of a run would wait for it. Gives up after ten seconds, and at once where there is no such command.
 */
export const settleDisk = async (folder: string): Promise<void> => {
  try {
    const sync = Bun.spawn(["sync", "--file-system", folder], { stdin: "ignore", stdout: "ignore", stderr: "ignore" })
    const patience = setTimeout(() => sync.kill("SIGKILL"), longest)
    await sync.exited
    clearTimeout(patience)
  } catch {}
}

const longest = seconds(10)
