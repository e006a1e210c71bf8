import type { ExitCode } from "../../exit.ts"
import { servePeer, type PeerAnswer } from "./peer.ts"

/** The other side of `traffic bench`, in a process of its own. It lives until it is ended. */
export const benchPeer = async (): Promise<ExitCode> => {
  const server = servePeer((await Bun.stdin.json()) as PeerAnswer)
  console.log(`http://127.0.0.1:${server.port}/`)
  return new Promise(() => {})
}
