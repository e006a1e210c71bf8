import { findProgram } from "../programs.ts"
import type { Owner } from "./owner.ts"

export type Program = {
  name: string
  command: string[]
  folder: string
  stopSignal: "SIGTERM" | "SIGINT" | "SIGKILL"
}

/**
 * The store's own folder. It is opened while we are root and passed as descriptor 3, so that a store without rights on the
 * folders above still reaches it.
 */
export const ownFolder = (folder: string) => (process.platform === "linux" ? "/proc/self/fd/3" : folder)

export const fromFolder = (path: string, folder: string) =>
  path === folder || path.startsWith(`${folder}/`) ? `${ownFolder(folder)}${path.slice(folder.length)}` : path

/**
 * Starts a program as `owner` that is stopped when this process dies, even by kill -9. setpriv changes the user first, because
 * that clears the death signal; the last shell checks that the parent is still alive.
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
    // Ctrl-C at the shell reaches traffic alone, which stops the stores in order.
    detached: true,
    ...(setpriv ? {} : owner),
  })
}

export type Child = ReturnType<typeof launch>
