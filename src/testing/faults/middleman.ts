import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net"
import type { Millis } from "../../units.ts"

type Direction = "asked" | "answered"
type Manner =
  { kind: "pass" | "black hole" | "half open" } | { kind: "delay"; by: Millis } | { kind: "hold back"; of: string }
type Link = { client: Socket; server: Socket; isDead: boolean; isHeldBack: boolean }
type Kept = { manner: Manner; links: Set<Link> }

/**
 * A TCP listener on 127.0.0.1 that stands before a real store or server. What it does to the bytes is changed while it runs.
 * A connection that has met `blackHole` or `forget` stays dead, as one does whose path has lost it: only a new one passes again.
 */
export const openMiddleman = async (to: NetConnectOpts, port = 0) => {
  const kept: Kept = { manner: { kind: "pass" }, links: new Set() }
  const listener = createServer({ allowHalfOpen: false }, (client) => link(kept, client, to))
  await listening(listener, port)
  const turn = (manner: Manner) => void (kept.manner = manner)

  return {
    port: portOf(listener),
    connections: () => kept.links.size,
    pass: () => turn({ kind: "pass" }),
    /** Accepts, goes on acknowledging, and forwards nothing in either direction: also on connections made from now on. */
    blackHole: () => {
      turn({ kind: "black hole" })
      bury(kept)
    },
    /** The connections that are there are dead; new ones pass. */
    forget: () => bury(kept),
    /** What is asked arrives; no answer comes back. */
    halfOpen: () => turn({ kind: "half open" }),
    delay: (by: Millis) => turn({ kind: "delay", by }),
    /** Of an HTTP answer whose headers name `of` the headers pass, and the rest of that connection is kept back. */
    holdBack: (of: string) => turn({ kind: "hold back", of }),
    /** Breaks the connections that are there with a reset; new ones pass. */
    cut: () => kept.links.forEach(({ client, server }) => (client.resetAndDestroy(), server.resetAndDestroy())),
    close: async () => {
      for (const { client, server } of kept.links) [client, server].forEach((each) => each.destroy())
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

const link = (kept: Kept, client: Socket, to: NetConnectOpts) => {
  const made: Link = { client, server: connect(to), isDead: kept.manner.kind === "black hole", isHeldBack: false }
  kept.links.add(made)
  const end = () => {
    kept.links.delete(made)
    made.client.destroy()
    made.server.destroy()
  }
  for (const each of [made.client, made.server]) {
    each.setNoDelay(true)
    each.on("error", end)
    each.on("close", end)
  }
  made.client.on("data", (bytes: Buffer) => forward(kept, made, "asked", bytes))
  made.server.on("data", (bytes: Buffer) => forward(kept, made, "answered", bytes))
}

const forward = ({ manner }: Kept, made: Link, direction: Direction, bytes: Buffer) => {
  const write = (passed: Buffer) => {
    const far = direction === "asked" ? made.server : made.client
    if (!made.isDead && far.writable) far.write(passed)
  }
  if (manner.kind === "delay") return void setTimeout(() => write(bytes), manner.by)
  if (direction === "asked" || manner.kind === "pass") return write(bytes)
  if (manner.kind === "hold back" && !made.isHeldBack) {
    const at = bytes.indexOf(manner.of)
    made.isHeldBack = at >= 0
    write(at < 0 ? bytes : bytes.subarray(0, bytes.indexOf(endOfHeaders, at) + endOfHeaders.length))
  }
}

const endOfHeaders = "\r\n\r\n"

const bury = ({ links }: Kept) => links.forEach((each) => (each.isDead = true))

const listening = (listener: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    listener.once("error", reject)
    listener.listen(port, "127.0.0.1", resolve)
  })

const portOf = (listener: Server) => {
  const address = listener.address()
  if (address === null || typeof address === "string") throw new Error("the middleman has no port")
  return address.port
}
