import type { Clock } from "../../../clock.ts"
import { Fault } from "../../../fault.ts"
import type { AccountId, SaleId } from "../../../ids.ts"
import type { Log } from "../../../log.ts"
import { openLoop } from "../../../loop.ts"
import type { Metrics } from "../../../metrics.ts"
import { millis, seconds } from "../../../units.ts"
import { shedInEventMode } from "../../core/event-mode.ts"
import type { Caller } from "../../core/caller.ts"
import type { Parts } from "../../core/parts.ts"
import { crowdRoute, media } from "../../core/route.ts"
import { SaleParams } from "../../core/schemas.ts"
import type { Snapshot, WaitingRoom } from "../../../waiting-room/waiting-room.ts"

const streamsMax = 10_000
const streamsPerAccountMax = 4
/** An address may be a household or a whole company, but not the crowd. */
const streamsPerAddressMax = streamsMax / 4
const bufferBytesMax = 65_536
const everyAtMost = millis(1000)
/** Whoever hears nothing for longer than this and a second knows that something between keeps the stream back. */
const silentAtMost = seconds(4)
const lookEvery = seconds(1)

/** `isSignedIn`: a stream ends with the token that opened it. */
type Listener = { saleId: SaleId; accountId: AccountId; address: string; isSignedIn: () => boolean }
type Stream = Listener & {
  controller: ReadableStreamDefaultController<Uint8Array>
  cut: () => void
  sent: number
  spoken: number
  sentVersion: number
  asking: boolean
}
type Server = { timeout(request: Request, seconds: number): void }

type StreamParts = {
  waitingRoom: Pick<WaitingRoom, "onTick" | "snapshot">
  clock: Clock
  statusOf: (saleId: SaleId, accountId: AccountId) => Promise<string>
  metrics: Pick<Metrics, "streams">
  log: Log
}
type Kept = StreamParts & { streams: Set<Stream>; perAccount: Tally<AccountId>; perAddress: Tally<string> }

export const streamRoute = (
  streams: Pick<Streams, "open">,
  { boxOffice }: Pick<Parts, "boxOffice">,
  caller: Pick<Caller, "addressOf" | "signedIn">,
) =>
  crowdRoute({
    method: "GET",
    path: "/v1/sales/:id/waiting-room/stream",
    who: "account",
    limit: "streams",
    perSale: false,
    anyHost: false,
    summary: "The status as server-sent events",
    tag: "waiting room",
    params: SaleParams,
    body: "none",
    answers: { 200: media("text/event-stream") },
    refuses: [503],
    handler: (request, saleId, accountId, server) => {
      shedInEventMode({ boxOffice }, "The stream of one's own status")
      const [address, isSignedIn] = [caller.addressOf(request), caller.signedIn(request)]
      return streams.open(request, server, { saleId, accountId, address, isSignedIn })
    },
  })

export type Streams = ReturnType<typeof openStreams>

/**
 * The status of a waiting account as server-sent events, at most one a second and only when something changed. A stream with
 * nothing to tell says `alive` with the room's now_serving, which a script can hold against its own place.
 * A reader that does not keep up is dropped, and its browser connects again.
 */
export const openStreams = (parts: StreamParts) => {
  const kept: Kept = { ...parts, streams: new Set(), perAccount: openTally(), perAddress: openTally() }
  const stopListening = parts.waitingRoom.onTick((snapshots) => tellChanged(kept, snapshots))
  const heartbeat = openLoop({
    name: "heartbeat of the streams",
    every: lookEvery,
    work: () => beat(kept),
    log: parts.log,
    first: "pause",
  })
  heartbeat.start()

  return {
    open: (request: Request, server: Server, listener: Listener) => open(kept, request, server, listener),
    count: () => kept.streams.size,
    close: () => {
      void heartbeat.stop()
      stopListening()
      kept.streams.forEach((stream) => drop(kept, stream))
    },
  }
}

const open = (kept: Kept, request: Request, server: Server, listener: Listener): Response => {
  refuseTooMany(kept, listener)
  server.timeout(request, 0)
  let stream: Stream
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        stream = {
          ...listener,
          controller,
          cut: () => server.timeout(request, 5),
          sent: 0,
          spoken: kept.clock(),
          sentVersion: -1,
          asking: false,
        }
        keep(kept, stream)
        controller.enqueue(encoder.encode("retry: 2000\n\n"))
        void tell(kept, stream, kept.waitingRoom.snapshot(listener.saleId)?.version ?? -1)
      },
      cancel: () => forget(kept, stream),
    },
    { highWaterMark: bufferBytesMax, size: (chunk) => chunk?.byteLength ?? 0 },
  )
  return new Response(body, { headers })
}

const headers = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-content-type-options": "nosniff",
  "x-accel-buffering": "no",
}

const refuseTooMany = ({ streams, perAccount, perAddress }: Kept, { accountId, address }: Listener) => {
  if (streams.size >= streamsMax)
    throw new Fault("overloaded", "Poll the status instead; this node has no event stream left", {
      headers: { "retry-after": "5" },
    })
  if (perAccount.of(accountId) >= streamsPerAccountMax) throw tooMany(streamsPerAccountMax, "account")
  if (perAddress.of(address) >= streamsPerAddressMax) throw tooMany(streamsPerAddressMax, "address")
}

const tooMany = (max: number, subject: string) =>
  new Fault("rate_limited", `At most ${max} event streams for one ${subject}; poll the status instead`, {
    headers: { "retry-after": "5" },
  })

const keep = ({ streams, perAccount, perAddress, metrics }: Kept, stream: Stream) => {
  streams.add(stream)
  perAccount.add(stream.accountId, 1)
  perAddress.add(stream.address, 1)
  metrics.streams.set(streams.size)
}

const forget = ({ streams, perAccount, perAddress, metrics }: Kept, stream: Stream) => {
  if (!streams.delete(stream)) return
  perAccount.add(stream.accountId, -1)
  perAddress.add(stream.address, -1)
  metrics.streams.set(streams.size)
}

const tellChanged = (kept: Kept, snapshots: Snapshot[]) => {
  const now = kept.clock()
  const versions = new Map(snapshots.map((each) => [each.saleId, each.version]))
  for (const stream of kept.streams) {
    const version = versions.get(stream.saleId)
    if (version !== undefined && version !== stream.sentVersion && now - stream.sent >= everyAtMost)
      void tell(kept, stream, version)
  }
}

const beat = (kept: Kept) => {
  const now = kept.clock()
  for (const stream of kept.streams) {
    if (now - stream.spoken < silentAtMost) continue
    const nowServing = kept.waitingRoom.snapshot(stream.saleId)?.nowServing ?? 0
    send(kept, stream, frame("alive", JSON.stringify({ now_serving: nowServing })))
  }
}

const tell = async (kept: Kept, stream: Stream, version: number) => {
  if (stream.asking) return
  stream.asking = true
  try {
    send(kept, stream, frame("status", await kept.statusOf(stream.saleId, stream.accountId)))
    stream.sentVersion = version
    stream.sent = kept.clock()
  } catch (error) {
    if (!(error instanceof Fault)) kept.log.error({ error, sale_id: stream.saleId }, "a stream has no new status")
    // A store that is away tells nothing: the last status stands until it is back.
    else if (error.status < 500) end(kept, stream, error)
  } finally {
    stream.asking = false
  }
}

const send = (kept: Kept, stream: Stream, bytes: Uint8Array) => {
  if (!kept.streams.has(stream)) return
  if (!stream.isSignedIn()) return end(kept, stream, signedOut)
  if ((stream.controller.desiredSize ?? 0) <= 0) return drop(kept, stream)
  stream.controller.enqueue(bytes)
  stream.spoken = kept.clock()
}

const signedOut = new Fault("unauthorized", "The token that opened this stream has ended; sign in and open it again")

const end = (kept: Kept, stream: Stream, { code, message }: Fault) => {
  if (!kept.streams.has(stream)) return
  if ((stream.controller.desiredSize ?? 0) > 0)
    stream.controller.enqueue(frame("problem", JSON.stringify({ code, detail: message })))
  drop(kept, stream)
}

const frame = (event: string, data: string) => encoder.encode(`event: ${event}\ndata: ${data}\n\n`)
const encoder = new TextEncoder()

const drop = (kept: Kept, stream: Stream) => {
  forget(kept, stream)
  stream.cut()
  try {
    stream.controller.close()
  } catch {}
}

type Tally<Key> = { of(key: Key): number; add(key: Key, difference: 1 | -1): void }
const openTally = <Key>(): Tally<Key> => {
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
