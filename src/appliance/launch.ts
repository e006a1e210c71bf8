import { findProgram } from "../programs.ts"
import type { Owner } from "./owner.ts"

/** One process of the appliance. `folder` is its own; its signals end it cleanly. */
export type Program = {
  name: string
  command: string[]
  folder: string
  stopSignal: "SIGTERM" | "SIGINT" | "SIGKILL"
}

/**
 * How a started program names its own folder. The folder is opened while we are still root and handed over as descriptor 3,
 * so that a store without rights on the folders above (a clone under /root, say) still reaches its own.
 */
export const ownFolder = (folder: string) => (process.platform === "linux" ? "/proc/self/fd/3" : folder)

/** A path as the store of that folder may name it. */
export const fromFolder = (path: string, folder: string) =>
  path === folder || path.startsWith(`${folder}/`) ? `${ownFolder(folder)}${path.slice(folder.length)}` : path

/**
 * Starts a program as `owner` in such a way that it is asked to stop when this process dies, even by kill -9.
 * The kernel forgets that wish when the user changes, so setpriv changes the user first; and a parent that died before
 * the wish was made is noticed by the last shell, which then starts nothing.
 */
export const launch = (
  { command, folder, stopSignal }: Program,
  owner: Owner | undefined,
  stdin: "ignore" | Blob = "ignore",
) => {
  const setpriv = process.platform === "linux" ? findProgram("setpriv") : undefined
  const identity = owner ? [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"] : []
  const guarded = setpriv
    ? [
        setpriv,
        ...identity,
        `--pdeathsig=${stopSignal.slice("SIG".length)}`,
        "--",
        "/bin/sh",
        "-c",
        'test "$PPID" = "$0" && exec "$@"',
        `${process.pid}`,
        ...command,
      ]
    : command
  return Bun.spawn(["/bin/sh", "-c", 'exec 3<"$0" && exec "$@"', folder, ...guarded], {
    cwd: "/",
    env: { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin" },
    stdin,
    stdout: "pipe",
    stderr: "pipe",
    // A session of its own: Ctrl-C at the shell is for traffic alone, which then stops the stores in order.
    detached: true,
    ...(setpriv ? {} : owner),
  })
}

export type Child = ReturnType<typeof launch>
