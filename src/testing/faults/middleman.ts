import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net"
import type { Millis } from "../../units.ts"

type Direction = "asked" | "answered"
type Manner =
  | { kind: "pass" | "black hole" | "half open" | "slice" }
  | { kind: "delay"; by: Millis }
  | { kind: "hold back" | "lose answers"; of: string }
  | { kind: "cut after"; bytes: number }
type Link = {
  client: Socket
  server: Socket
  isDead: boolean
  isHeldBack: boolean
  passed: number
  late: Record<Direction, Late[]>
}
type Late = { bytes: Buffer; due: number }
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
    /** The first bytes of each piece go one by one. */
    slice: () => turn({ kind: "slice" }),
    /** A connection ends in the middle once it has carried so many bytes from now on. */
    cutAfter: (bytes: number) => {
      for (const each of kept.links) each.passed = 0
      turn({ kind: "cut after", bytes })
    },
    /** What is asked arrives; an answer with `of` in it is lost, and its connection is reset. */
    loseAnswers: (of: string) => turn({ kind: "lose answers", of }),
    /** Breaks the connections that are there with a reset; new ones pass. */
    cut: () => kept.links.forEach(reset),
    close: async () => {
      for (const { client, server } of kept.links) [client, server].forEach((each) => each.destroy())
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

const link = (kept: Kept, client: Socket, to: NetConnectOpts) => {
  const isDead = kept.manner.kind === "black hole"
  const made: Link = {
    client,
    server: connect(to),
    isDead,
    isHeldBack: false,
    passed: 0,
    late: { asked: [], answered: [] },
  }
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
  if (manner.kind === "delay" || made.late[direction].length > 0) {
    made.late[direction].push({ bytes, due: performance.now() + (manner.kind === "delay" ? manner.by : 0) })
    if (made.late[direction].length === 1) void sendLate(made, direction, write)
    return
  }
  if (manner.kind === "slice") return pieces(bytes).forEach(write)
  if (manner.kind === "cut after") return cutWithin(made, manner.bytes, bytes, write)
  if (direction === "asked" || manner.kind === "pass") return write(bytes)
  if (manner.kind === "lose answers") return bytes.includes(manner.of) ? reset(made) : write(bytes)
  if (manner.kind === "hold back" && !made.isHeldBack) {
    const at = bytes.indexOf(manner.of)
    made.isHeldBack = at >= 0
    write(at < 0 ? bytes : bytes.subarray(0, bytes.indexOf(endOfHeaders, at) + endOfHeaders.length))
  }
}

/** In the order in which they came, which timers do not promise. */
const sendLate = async ({ late }: Link, direction: Direction, write: (passed: Buffer) => void) => {
  for (let next = late[direction][0]; next !== undefined; next = late[direction][0]) {
    await Bun.sleep(Math.max(0, next.due - performance.now()))
    write(next.bytes)
    late[direction].shift()
  }
}

const reset = ({ client, server }: Link) => [client, server].forEach((each) => each.resetAndDestroy())

const pieces = (bytes: Buffer): Buffer[] => {
  const single = Math.min(slicedBytes, bytes.length)
  const ones = Array.from({ length: single }, (_, at) => bytes.subarray(at, at + 1))
  return single < bytes.length ? [...ones, bytes.subarray(single)] : ones
}

const slicedBytes = 256

const cutWithin = (made: Link, limit: number, bytes: Buffer, write: (passed: Buffer) => void) => {
  const left = limit - made.passed
  made.passed += bytes.length
  write(bytes.subarray(0, Math.max(0, left)))
  if (made.passed >= limit) [made.client, made.server].forEach((each) => each.destroySoon())
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
