import type { openBuckets } from "../guard/buckets.ts"
import type { Parts } from "../http/core/parts.ts"
import { openServer, type HttpServer } from "../http/server.ts"
import { millis, seconds } from "../units.ts"
import type { WaitingRoom } from "../waiting-room/waiting-room.ts"

type FrontParts = {
  openRoom: () => WaitingRoom
  openBuckets: () => ReturnType<typeof openBuckets>
  shared: boolean
}

/** What a restart of this process renews: the server that listens, and what it remembers of the queue and of who asked how often. */
export const openFront = ({ openRoom, openBuckets, shared }: FrontParts) => {
  let room = openRoom()
  let http: HttpServer | undefined
  const listen = (parts: Omit<Parts, "waitingRoom" | "buckets">): Parts => {
    const whole = { ...parts, waitingRoom: room, buckets: openBuckets() }
    http = openServer(whole).listen({ shared })
    return whole
  }
  return {
    listen,
    room: {
      open: (settings) => room.open(settings),
      change: (saleId, patch) => room.change(saleId, patch),
      drain: (saleId) => room.drain(saleId),
      snapshot: (saleId) => room.snapshot(saleId),
      start: () => room.start(),
      stop: () => room.stop(),
    } satisfies Partial<WaitingRoom>,
    url: () => http?.url ?? "",
    port: () => http?.port ?? 0,
    /** All connections are cut, as when this process is started anew. */
    restart: async (parts: Parts) => {
      const port = http!.port
      await http!.stop(millis(0))
      await room.stop()
      await Bun.sleep(restartTime)
      room = openRoom()
      room.start()
      listen({ ...parts, config: { ...parts.config, port } })
    },
    stop: async () => http?.stop(seconds(10)),
  }
}

const restartTime = millis(300)
