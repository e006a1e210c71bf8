import type { Clock } from "../../../clock.ts"
import { Fault } from "../../../fault.ts"
import type { AccountId, SaleId } from "../../../ids.ts"
import type { Log } from "../../../log.ts"
import { openLoop } from "../../../loop.ts"
import type { Metrics } from "../../../metrics.ts"
import { millis, seconds } from "../../../units.ts"
import type { Snapshot, WaitingRoom } from "../../../waiting-room/waiting-room.ts"

/** Of one node. */
const streamsMax = 10_000
const streamsPerAccountMax = 4
/** An address may be a household or a whole company, but not the crowd. */
const streamsPerAddressMax = streamsMax / 4
const bufferBytesMax = 65_536
const everyAtMost = millis(1000)
const heartbeatEvery = seconds(15)

type Listener = { saleId: SaleId; accountId: AccountId; address: string }
type Stream = Listener & {
  controller: ReadableStreamDefaultController<Uint8Array>
  cut: () => void
  sent: number
  sentVersion: number
  asking: boolean
}
type Server = { timeout(request: Request, seconds: number): void }

const encoder = new TextEncoder()
const frame = (event: string, data: string) => encoder.encode(`event: ${event}\ndata: ${data}\n\n`)

/**
 * The status of a waiting account as server-sent events, at most one a second and only when something changed.
 * A reader that does not keep up is dropped, and its browser connects again.
 */
export const openStreams = (parts: {
  waitingRoom: Pick<WaitingRoom, "onTick" | "snapshot">
  clock: Clock
  statusOf: (saleId: SaleId, accountId: AccountId) => Promise<string>
  metrics: Metrics
  log: Log
}) => {
  const streams = new Set<Stream>()
  const perAccount = openTally<AccountId>()
  const perAddress = openTally<string>()

  const forget = (stream: Stream) => {
    if (!streams.delete(stream)) return
    perAccount.add(stream.accountId, -1)
    perAddress.add(stream.address, -1)
    parts.metrics.streams.set(streams.size)
  }
  const drop = (stream: Stream) => {
    forget(stream)
    stream.cut()
    try {
      stream.controller.close()
    } catch {
      // The reader closed it first.
    }
  }
  const send = (stream: Stream, bytes: Uint8Array) => {
    if (!streams.has(stream)) return
    if ((stream.controller.desiredSize ?? 0) <= 0) drop(stream)
    else stream.controller.enqueue(bytes)
  }
  const tell = async (stream: Stream, version: number) => {
    if (stream.asking) return
    stream.asking = true
    try {
      send(stream, frame("status", await parts.statusOf(stream.saleId, stream.accountId)))
      stream.sentVersion = version
      stream.sent = parts.clock()
    } catch (error) {
      // A store that is away tells nothing: the last status stands until it is back.
      if (error instanceof Fault && error.status < 500) {
        send(stream, frame("problem", JSON.stringify({ code: error.code, detail: error.message })))
        drop(stream)
      }
    } finally {
      stream.asking = false
    }
  }
  const tick = (snapshots: Snapshot[]) => {
    const now = parts.clock()
    const versions = new Map(snapshots.map((each) => [each.saleId, each.version]))
    for (const stream of streams) {
      const version = versions.get(stream.saleId)
      if (version !== undefined && version !== stream.sentVersion && now - stream.sent >= everyAtMost)
        void tell(stream, version)
    }
  }
  const stopListening = parts.waitingRoom.onTick(tick)
  const heartbeat = openLoop({
    name: "heartbeat of the streams",
    every: heartbeatEvery,
    work: () => streams.forEach((stream) => send(stream, encoder.encode(": still here\n\n"))),
    log: parts.log,
    first: "pause",
  })
  heartbeat.start()

  return {
    open: (request: Request, server: Server, { saleId, accountId, address }: Listener): Response => {
      if (streams.size >= streamsMax)
        throw new Fault("overloaded", "Poll the status instead; this node has no event stream left", {
          headers: { "retry-after": "5" },
        })
      if (perAccount.of(accountId) >= streamsPerAccountMax) throw tooMany(streamsPerAccountMax, "account")
      if (perAddress.of(address) >= streamsPerAddressMax) throw tooMany(streamsPerAddressMax, "address")
      server.timeout(request, 0)
      let stream: Stream
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            stream = {
              saleId,
              accountId,
              address,
              controller,
              cut: () => server.timeout(request, 5),
              sent: 0,
              sentVersion: -1,
              asking: false,
            }
            streams.add(stream)
            perAccount.add(accountId, 1)
            perAddress.add(address, 1)
            parts.metrics.streams.set(streams.size)
            controller.enqueue(encoder.encode("retry: 2000\n\n"))
            void tell(stream, parts.waitingRoom.snapshot(saleId)?.version ?? -1)
          },
          cancel: () => forget(stream),
        },
        { highWaterMark: bufferBytesMax, size: (chunk) => chunk?.byteLength ?? 0 },
      )
      return new Response(body, {
        headers: {
          "content-type": "text/event-stream",
          "cache-control": "no-cache, no-transform",
          "x-content-type-options": "nosniff",
          "x-accel-buffering": "no",
        },
      })
    },
    count: () => streams.size,
    close: () => {
      void heartbeat.stop()
      stopListening()
      streams.forEach(drop)
    },
  }
}

const tooMany = (max: number, subject: string) =>
  new Fault("rate_limited", `At most ${max} event streams for one ${subject}; poll the status instead`, {
    headers: { "retry-after": "5" },
  })

/** Counts of what is there; nothing is kept of what is not. */
const openTally = <Key>() => {
  const counts = new Map<Key, number>()
  const of = (key: Key) => counts.get(key) ?? 0
  return {
    of,
    add: (key: Key, difference: 1 | -1) => {
      const count = of(key) + difference
      if (count === 0) counts.delete(key)
      else counts.set(key, count)
    },
  }
}
