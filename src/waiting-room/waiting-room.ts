import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import type { AccountId, AdmissionId, SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import type { Metrics } from "../metrics.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import type { EpochMs } from "../units.ts"
import { openEntries, type QueueEntry } from "./entries.ts"
import { openFinishes } from "./finishes.ts"
import { openHistory, type QueueMoment } from "./history.ts"
import { openJoins } from "./joins.ts"
import { openJournal } from "./journal/journal.ts"
import { keysOf } from "./keys.ts"
import { defaultLimits, type Limits } from "./limits.ts"
import { openListeners } from "./listeners.ts"
import { openPositions } from "./positions.ts"
import { readmit } from "./readmission.ts"
import { openRecovery } from "./recovery.ts"
import { openLooks, type Look } from "./looks.ts"
import type { Room } from "./room.ts"
import { openRooms, type Rooms } from "./rooms.ts"
import * as scripts from "./scripts.ts"
import { fieldsOf, type RoomPatch, type RoomSettings } from "./settings.ts"
import type { Snapshot } from "./snapshot.ts"
import type { JoinOutcome, Turn } from "./turn.ts"
import { openTurns } from "./turns.ts"

export type { Phase } from "./phase.ts"
export type { RoomSettings } from "./settings.ts"
export type { Snapshot } from "./snapshot.ts"
export type { JoinOutcome, Turn } from "./turn.ts"
export type { QueueEntry } from "./entries.ts"
export type { QueueMoment } from "./history.ts"

export type WaitingRoom = {
  /** Idempotent; never touches positions. */
  open(settings: RoomSettings): Promise<void>
  /** @throws Fault sale_not_found, sale_state (the room is closed for good), waiting_room_recovering */
  change(saleId: SaleId, patch: RoomPatch): Promise<void>
  /** `receiptPosition` comes from a receipt whose signature the caller has verified. */
  join(saleId: SaleId, accountId: AccountId, receiptPosition?: ReceiptPosition): Promise<JoinOutcome>
  lookupPosition(saleId: SaleId, accountId: AccountId): number | undefined
  /** Waiting accounts are answered from memory. Redis is asked once per account and node, and when its turn has come. */
  turn(saleId: SaleId, accountId: AccountId): Promise<Turn>
  /** Frees the place of the admission; idempotent. While Redis is away it is kept and retried. `at`: it was finished earlier. */
  finish(saleId: SaleId, accountId: AccountId, admissionId: AdmissionId, at?: EpochMs): Promise<void>
  /** True when Redis had lost the admission and has it again. Whether the shop has finished it is not known here. */
  readmit(admission: Admission): Promise<boolean>
  snapshot(saleId: SaleId): Snapshot | undefined
  /** The snapshot; a room that this process does not know yet is looked for, for a moment. */
  look(saleId: SaleId): Promise<Look>
  onTick(listener: (snapshots: Snapshot[]) => void): () => void
  /** By position, at most 1000 a page; the journal is drained first. */
  entries(saleId: SaleId, page: { after: number; limit: number }): Promise<QueueEntry[]>
  /** Two accounts had one position, and admission of the sale is stopped. */
  lookupAlarm(saleId: SaleId): Promise<string | undefined>
  /** @throws Fault waiting_room_recovering */
  clearAlarm(saleId: SaleId): Promise<void>
  history(saleId: SaleId, accountId: AccountId): Promise<QueueMoment[]>
  drain(saleId: SaleId): Promise<void>
  refresh(): Promise<void>
  start(): void
  stop(): Promise<void>
}
type ReceiptPosition = { position: number; joinedAt: EpochMs }

export type WaitingRoomParts = {
  redis: Redis
  sql: Pool
  clock: Clock
  log: Log
  settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined>
  limits?: Partial<Limits>
  metrics?: Pick<Metrics, "counter">
}

export const openWaitingRoom = ({ limits: given, ...parts }: WaitingRoomParts): WaitingRoom => {
  const { redis, clock, log } = parts
  const limits = { ...defaultLimits, ...given }
  const journal = openJournal(parts)
  const recovery = openRecovery({ ...parts, journal, journalLagMax: limits.journalLagMax })
  const positions = openPositions(limits.positionsMax)
  const rooms = openRooms({ ...parts, recovery, positions, limits })
  const entries = openEntries({ sql: parts.sql, journal })
  const history = openHistory({ sql: parts.sql, journal })
  const finishes = openFinishes({ redis, rooms, clock, log, max: limits.finishesMax })
  const listeners = openListeners(log)
  const refresh = async () => {
    await rooms.refresh()
    await finishes.retry()
    listeners.tell(rooms.snapshots())
  }
  const loop = openLoop({ name: "waiting room", every: limits.refreshEvery, work: refresh, log })

  return {
    open: (settings) => open(rooms, settings),
    change: (saleId, patch) => change({ redis, rooms }, saleId, patch),
    join: openJoins({ rooms, clock, limits }).join,
    lookupPosition: positions.lookup,
    turn: openTurns({ redis, clock, rooms, positions, entries, limits }).turn,
    finish: finishes.finish,
    readmit: (admission) => readmit({ redis, rooms }, admission),
    snapshot: (saleId) => rooms.get(saleId)?.snapshot,
    look: openLooks(rooms).look,
    onTick: listeners.add,
    entries: async (saleId, page) => {
      if (!(await rooms.lookup(saleId))) throw notFound(saleId)
      return entries.list(saleId, page)
    },
    lookupAlarm: journal.lookupAlarm,
    clearAlarm: async (saleId) => journal.clearAlarm(saleId, generationOf(await rooms.lookup(saleId), saleId)),
    history: history.of,
    drain: async (saleId) => void (await journal.drain(saleId)),
    refresh,
    start: loop.start,
    stop: async () => {
      await loop.stop()
      rooms.close()
    },
  }
}

const open = async (rooms: Rooms, settings: RoomSettings) => {
  generationOf(await rooms.lookup(settings.saleId, settings), settings.saleId)
}

const change = async ({ redis, rooms }: { redis: Redis; rooms: Rooms }, saleId: SaleId, patch: RoomPatch) => {
  const room = await rooms.lookup(saleId)
  if (!room) throw notFound(saleId)
  if (room.collected) throw new Fault("sale_state", `The waiting room of sale ${saleId} is closed for good`)
  const generation = generationOf(room, saleId)
  const fields = fieldsOf(patch)
  if (fields.length === 0) return
  const changed = await scripts.change(redis, keysOf(saleId), { generation }, fields)
  if (changed.state === "changed") return rooms.view(room)
  rooms.lose(room, generation)
  throw recovering(saleId)
}

const generationOf = (room: Room | undefined, saleId: SaleId): number => {
  if (room?.generation === undefined) throw recovering(saleId)
  return room.generation
}

const notFound = (saleId: SaleId) => new Fault("sale_not_found", `No sale is called ${saleId}`)

const recovering = (saleId: SaleId) =>
  new Fault("waiting_room_recovering", `The waiting room of sale ${saleId} is being rebuilt; try again in a moment`)
