import { LRUCache } from "lru-cache"
import type { AccountId, SaleId } from "../ids.ts"
import type { EpochMs } from "../units.ts"
import { openBatch, type Batch, type Load } from "./batch.ts"
import { openPace } from "./pace.ts"
import type { JoinAnswer } from "./scripts.ts"
import type { Snapshot } from "./snapshot.ts"
import type { Turn } from "./turn.ts"

/** `"recovering"` when the room was not open to this call. */
export type OrRecovering<T> = T | "recovering"
export type Joining = { accountId: AccountId; receiptPosition?: { position: number; joinedAt: EpochMs } }

/** What one process keeps of one room. */
export type Room = {
  readonly saleId: SaleId
  /** The copy that this process has verified; undefined while the room is closed here. */
  generation: number | undefined
  /** What was verified before the connection went away, good again when the same Redis answers. */
  suspended: number | undefined
  /** Redis has given the room up; Postgres has the journal. */
  collected: boolean
  /** The highest that this process has told anybody. */
  highWater: { joined: number; nowServing: number }
  snapshot: Snapshot | undefined
  /** When this copy was rebuilt; what was given before may be missing in it. 0 for a copy that never was. */
  rebuiltAt: number
  verifying: Promise<void> | undefined
  /** Counts how often the room was closed here, so that a verification which overlaps with that is not believed. */
  closings: number
  /** Resolves when the room is open here again. */
  ready: PromiseWithResolvers<void>
  readonly pace: ReturnType<typeof openPace>
  readonly joins: Batch<Joining, OrRecovering<JoinAnswer>>
  readonly finds: Batch<AccountId, OrRecovering<number | undefined>>
  readonly turns: LRUCache<AccountId, { turn: Turn; askAgainAt: EpochMs }>
}

type Sends = {
  join(room: Room, items: Joining[]): Promise<OrRecovering<JoinAnswer>[]>
  find(room: Room, items: AccountId[]): Promise<OrRecovering<number | undefined>[]>
}

export const newRoom = (
  saleId: SaleId,
  sends: Sends,
  { batchMax, turnsMax }: { batchMax: number; turnsMax: number },
  load: Load,
): Room => {
  const room: Room = {
    saleId,
    generation: undefined,
    suspended: undefined,
    collected: false,
    highWater: { joined: 0, nowServing: 0 },
    snapshot: undefined,
    rebuiltAt: 0,
    verifying: undefined,
    closings: 0,
    ready: Promise.withResolvers(),
    pace: openPace(),
    joins: openBatch(batchMax, (items) => sends.join(room, items), load),
    finds: openBatch(batchMax, (items) => sends.find(room, items)),
    turns: new LRUCache({ max: turnsMax }),
  }
  return room
}

/** Closes the room in this process until it is verified again. */
export const closeRoom = (room: Room, { suspend }: { suspend: boolean }) => {
  if (room.generation !== undefined) room.ready = Promise.withResolvers()
  room.suspended = suspend ? (room.generation ?? room.suspended) : undefined
  room.generation = undefined
  room.closings++
  markRecovering(room)
}

export const openRoom = (room: Room, generation: number) => {
  room.generation = generation
  room.suspended = undefined
  room.ready.resolve()
}

export const markRecovering = (room: Room) => {
  if (!room.snapshot || room.snapshot.recovering) return
  // Another version: a reader must see that what it reads is not fresh.
  room.snapshot = { ...room.snapshot, recovering: true, version: room.snapshot.version ^ 1 }
}
