import type { SaleId } from "../ids.ts"
import type { Redis } from "../stores/redis.ts"
import { isAfter } from "./journal/entry.ts"
import type { JournaledRoom } from "./journaled-room.ts"
import { keysOf } from "./keys.ts"
import type { HighWater } from "./verified.ts"

export type Copy = {
  generation: number
  joined: number
  nowServing: number
  gaps: string
  present: boolean
  /** A rebuild keeps the stream, so it may be of an older generation than the copy. */
  streamOf: number
  lastId: string
}

export const readCopy = async (redis: Redis, saleId: SaleId): Promise<Copy> => {
  const [generation, joined, nowServing, gaps, streamOf] = await redis.hmget(
    keysOf(saleId).state,
    "generation",
    "joined",
    "now_serving",
    "gaps",
    "stream_of",
  )
  return {
    present: typeof generation === "string",
    generation: Number(generation ?? 0),
    joined: Number(joined ?? 0),
    nowServing: Number(nowServing ?? 0),
    gaps: gaps ?? "",
    streamOf: Number(streamOf ?? 0),
    lastId: await lastIdIn(redis, saleId),
  }
}

const lastIdIn = async (redis: Redis, saleId: SaleId): Promise<string> => {
  try {
    const facts = (await redis.xinfo("STREAM", keysOf(saleId).journal)) as unknown[]
    return String(facts[facts.indexOf("last-generated-id") + 1])
  } catch (error) {
    if (error instanceof Error && error.message.includes("no such key")) return "0-0"
    throw error
  }
}

/** A copy that lacks what Postgres has or this process has answered is stale. */
export const isWhole = (copy: Copy, room: JournaledRoom, highWater: HighWater) =>
  copy.present &&
  copy.generation === room.generation &&
  copy.joined >= Math.max(room.highest, highWater.joined) &&
  !isAfter(room.journaledId, copy.lastId)

/** No entry is missing between the end of the journal and the stream. */
export const keepsJournal = (copy: Copy, room: JournaledRoom) =>
  (copy.generation === room.generation || copy.streamOf === room.generation) && !isAfter(room.journaledId, copy.lastId)
