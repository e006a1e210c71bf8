import type { ExitCode } from "../../exit.ts"

export type PeerAnswer = { status: number; headers: Record<string, string>; body: string }

/** The other side of `traffic bench`, in a process of its own. It lives until it is ended. */
export const benchPeer = async (): Promise<ExitCode> => {
  const server = servePeer((await Bun.stdin.json()) as PeerAnswer)
  console.log(`http://127.0.0.1:${server.port}/`)
  return new Promise(() => {})
}

const servePeer = (answer: PeerAnswer) =>
  Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    reusePort: false,
    development: false,
    fetch: () => new Response(answer.body, { status: answer.status, headers: answer.headers }),
  })

/** The headers that a handler sets itself; the server adds the others on both sides. */
export const ownHeaders = (headers: Headers) =>
  Object.fromEntries(
    [...headers].filter(
      ([name]) => !["date", "content-length", "connection", "keep-alive", "transfer-encoding"].includes(name),
    ),
  )
