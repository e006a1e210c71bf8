import { LRUCache } from "lru-cache"
import type { AccountId, AdmissionId, SaleId } from "../ids.ts"
import type { EpochMs } from "../units.ts"
import { openBatch, type Batch, type Load } from "./batch.ts"
import { openPace } from "./pace.ts"
import type { JoinAnswer } from "./scripts.ts"
import type { Snapshot } from "./snapshot.ts"
import type { Turn } from "./turn.ts"

export type OrRecovering<T> = T | "recovering"
export type Joining = { accountId: AccountId; receiptPosition?: { position: number; joinedAt: EpochMs } }

export type Room = {
  readonly saleId: SaleId
  /** The generation that was verified; undefined while the room is closed in this process. */
  generation: number | undefined
  /** Verified before the connection was lost; valid again if the same Redis answers. */
  suspended: number | undefined
  collected: boolean
  highWater: { joined: number; nowServing: number }
  snapshot: Snapshot | undefined
  /** 0 for a copy that was never rebuilt. Admissions from before may be missing in it. */
  rebuiltAt: number
  verifying: Promise<void> | undefined
  /** A verification that overlaps with a closing is void. */
  closings: number
  ready: PromiseWithResolvers<void>
  readonly pace: ReturnType<typeof openPace>
  readonly joins: Batch<Joining, OrRecovering<JoinAnswer>>
  readonly finds: Batch<AccountId, OrRecovering<number | undefined>>
  readonly turns: LRUCache<AccountId, { turn: Turn; askAgainAt: EpochMs }>
  /** Admissions that were told and finished in this process. */
  readonly finished: LRUCache<AdmissionId, FinishedTurn>
  /** The generation that was open here last. */
  openedAs: number | undefined
}

type AdmittedTurn = Extract<Turn, { state: "admitted" }>
export type FinishedTurn = { accountId: AccountId; turn: AdmittedTurn; finishedAt: EpochMs }

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
    finished: new LRUCache({ max: turnsMax }),
    openedAs: undefined,
  }
  return room
}

export const closeRoom = (room: Room, { suspend }: { suspend: boolean }) => {
  if (room.generation !== undefined) room.ready = Promise.withResolvers()
  room.suspended = suspend ? (room.generation ?? room.suspended) : undefined
  room.generation = undefined
  room.closings++
  markRecovering(room)
}

export const openRoom = (room: Room, generation: number) => {
  room.generation = generation
  room.openedAs = generation
  room.suspended = undefined
  room.ready.resolve()
}

export const rememberFinished = (room: Room, accountId: AccountId, admissionId: AdmissionId, finishedAt: EpochMs) => {
  const turn = room.turns.get(accountId)?.turn
  if (turn?.state === "admitted" && turn.admissionId === admissionId)
    room.finished.set(admissionId, { accountId, turn, finishedAt })
  room.turns.delete(accountId)
}

export const markRecovering = (room: Room) => {
  if (!room.snapshot || room.snapshot.recovering) return
  // A new version, so that readers see that it is not fresh.
  room.snapshot = { ...room.snapshot, recovering: true, version: room.snapshot.version ^ 1 }
}
