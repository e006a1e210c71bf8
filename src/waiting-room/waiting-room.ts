import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import { newId, trustedId, type AccountId, type AdmissionId, type SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import type { Pool } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { epochMs, later, type EpochMs } from "../units.ts"
import { openEntries, type QueueEntry } from "./entries.ts"
import { openFinishes } from "./finishes.ts"
import { openHistory, type QueueMoment } from "./history.ts"
import { openJournal } from "./journal.ts"
import { keysOf } from "./keys.ts"
import { defaultLimits, leadMax, type Limits } from "./limits.ts"
import { openPositions } from "./positions.ts"
import { openRecovery } from "./recovery.ts"
import type { Joining, OrRecovering, Room } from "./room.ts"
import { isAway, openRooms } from "./rooms.ts"
import * as scripts from "./scripts.ts"
import { fieldsOf, type RoomPatch, type RoomSettings } from "./settings.ts"
import type { Snapshot } from "./snapshot.ts"
import type { JoinOutcome, Turn } from "./turn.ts"

export type { Phase } from "./phase.ts"
export type { RoomSettings } from "./settings.ts"
export type { Snapshot } from "./snapshot.ts"
export type { JoinOutcome, Turn } from "./turn.ts"
export type { QueueEntry } from "./entries.ts"
export type { QueueMoment } from "./history.ts"

export type WaitingRoom = {
  /** Makes the room; idempotent, and never touches positions. */
  open(settings: RoomSettings): Promise<void>
  /** @throws Fault sale_not_found, sale_state (Redis has given the room up), waiting_room_recovering. */
  change(saleId: SaleId, patch: RoomPatch): Promise<void>
  /** `receiptPosition` comes from a receipt whose signature the caller has verified. */
  join(saleId: SaleId, accountId: AccountId, receiptPosition?: ReceiptPosition): Promise<JoinOutcome>
  /** From this process's memory. */
  lookupPosition(saleId: SaleId, accountId: AccountId): number | undefined
  /** Whoever waits is answered from memory; Redis is asked once per node, and when the turn has come. */
  turn(saleId: SaleId, accountId: AccountId): Promise<Turn>
  /** Paid or left: gives the place of that admission back; idempotent. With Redis away it is kept and done when Redis is back. */
  finish(saleId: SaleId, accountId: AccountId, admissionId: AdmissionId): Promise<void>
  /**
   * Of a shopper at work: true when the room had forgotten the admission, because Redis was lost before the journal had it, and has it
   * in its books again. Whether the shop has finished it is not known here. Costs nothing unless the room was rebuilt since.
   */
  readmit(admission: Admission): Promise<boolean>
  snapshot(saleId: SaleId): Snapshot | undefined
  /** Called after each refresh on this node. Returns what takes the listener away. */
  onTick(listener: (snapshots: Snapshot[]) => void): () => void
  /** By position, at most 1000 a page. What Redis has not handed over yet is copied first. */
  entries(saleId: SaleId, page: { after: number; limit: number }): Promise<QueueEntry[]>
  /** Why admission of the sale is stopped: a position that two accounts have. */
  lookupAlarm(saleId: SaleId): Promise<string | undefined>
  /** People are called again. @throws Fault waiting_room_recovering */
  clearAlarm(saleId: SaleId): Promise<void>
  /** Everything the journal says of one account. */
  history(saleId: SaleId, accountId: AccountId): Promise<QueueMoment[]>
  /** Copies what Redis has not handed over yet to Postgres. @throws what a store throws that is away. */
  drain(saleId: SaleId): Promise<void>
  /** One refresh of everything this node knows; `start` does it all the time. */
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
}

export const openWaitingRoom = ({
  redis,
  sql,
  clock,
  log,
  settingsOf,
  limits: given,
}: WaitingRoomParts): WaitingRoom => {
  const limits = { ...defaultLimits, ...given }
  const journal = openJournal({ redis, sql, log })
  const recovery = openRecovery({ redis, sql, clock, log, journal, settingsOf, journalLagMax: limits.journalLagMax })
  const positions = openPositions(limits.positionsMax)
  const rooms = openRooms({ redis, clock, log, recovery, positions, limits })
  const entries = openEntries({ sql, journal })
  const history = openHistory({ sql, journal })
  const listeners = new Set<(snapshots: Snapshot[]) => void>()
  /** Joins that wait for their room. */
  let delayed = 0

  /** The outcome of waiting for a room that recovers: true when it is open here. */
  const reopened = async (room: Room, until: EpochMs) => {
    const left = until - clock()
    if (left <= 0) return false
    await Promise.race([room.ready.promise, Bun.sleep(Math.min(left, limits.joinWait))])
    return room.generation !== undefined
  }

  const join: WaitingRoom["join"] = (saleId, accountId, receiptPosition) => {
    if (rooms.load.items + delayed >= limits.pendingMax) return Promise.resolve({ state: "busy" })
    const room = rooms.lookupOpen(saleId)
    const joining = { accountId, receiptPosition }
    if (room === undefined || room.collected) return joinLater(saleId, joining)
    return room.joins.add<JoinOutcome>(joining, (answer) => outcomeOf(room, answer) ?? joinLater(saleId, joining))
  }

  /** Of a room that is not open here at this moment. */
  const joinLater = async (saleId: SaleId, joining: Joining): Promise<JoinOutcome> => {
    delayed++
    try {
      const room = await rooms.lookup(saleId)
      if (!room) return { state: "unknown_sale" }
      const until = later(clock(), limits.joinWait)
      for (let left = joinAttempts; left > 0; left--) {
        if (room.collected) return closedOutcome(room, "closed")
        const joined = room.generation === undefined ? undefined : outcomeOf(room, await room.joins.add(joining))
        if (joined) return joined
        if (left === 1 || !(await reopened(room, until))) break
      }
      return room.collected ? closedOutcome(room, "closed") : { state: "recovering" }
    } catch (error) {
      if (isAway(error)) return { state: "recovering" }
      throw error
    } finally {
      delayed--
    }
  }

  /** Undefined when the room was not open to the call. */
  const outcomeOf = (room: Room, answer: OrRecovering<scripts.JoinAnswer>): JoinOutcome | undefined => {
    if (answer === "recovering") return undefined
    return answer.state === "closed" ? closedOutcome(room, answer.phase) : answer
  }

  const askTurn = async (saleId: SaleId, accountId: AccountId): Promise<Turn> => {
    const room = await rooms.lookup(saleId)
    if (!room) return { state: "unknown_sale" }
    if (room.collected) return entries.turn(saleId, accountId)
    const position = positions.lookup(saleId, accountId) ?? (await room.finds.add(accountId))
    if (position === "recovering") return { state: "recovering" }
    if (position === undefined) return { state: "not_in_queue" }
    if (room.snapshot && position > room.snapshot.nowServing) return { state: "waiting", position }
    return claim(room, accountId)
  }

  const claim = async (room: Room, accountId: AccountId): Promise<Turn> => {
    const remembered = room.turns.get(accountId)
    const now = clock()
    if (remembered && now < remembered.askAgainAt) return remembered.turn
    try {
      const { generation, saleId } = room
      if (generation === undefined) return stillAdmitted(remembered?.turn, now)
      const args = {
        generation,
        now_ms: now,
        lead_ms: leadMax,
        account: accountId,
        admission_id: newId<AdmissionId>(now),
      }
      const turn = await scripts.claim(redis, keysOf(saleId), args)
      if (turn.state === "recovering") rooms.lose(room, generation)
      const fresh =
        turn.state === "admitted"
          ? limits.admissionFresh
          : turn.state === "missed" || turn.state === "used"
            ? limits.missedFresh
            : 0
      const askAgainAt = epochMs(turn.state === "admitted" ? Math.min(now + fresh, turn.endsAt) : now + fresh)
      if (fresh > 0) room.turns.set(accountId, { turn, askAgainAt })
      return turn.state === "recovering" ? stillAdmitted(remembered?.turn, now) : turn
    } catch (error) {
      if (isAway(error)) return stillAdmitted(remembered?.turn, now)
      throw error
    }
  }

  const readmit: WaitingRoom["readmit"] = async ({ saleId, accountId, admissionId, grantedAt, endsAt }) => {
    const room = rooms.lookupOpen(saleId)
    if (room?.generation === undefined || grantedAt > room.rebuiltAt + leadMax) return false
    const args = { account: accountId, admission_id: admissionId, granted_ms: grantedAt, ends_ms: endsAt }
    try {
      const { state } = await scripts.readmit(redis, keysOf(saleId), { generation: room.generation, ...args })
      if (state === "readmitted") room.turns.delete(accountId)
      return state === "readmitted"
    } catch (error) {
      // Who has been let in goes on without Redis; the next request asks again.
      if (isAway(error)) return false
      throw error
    }
  }

  const finishes = openFinishes({ redis, rooms, log, max: limits.finishesMax })

  const refresh = async () => {
    await rooms.refresh()
    await finishes.retry()
    const snapshots = rooms.snapshots()
    for (const listener of listeners) {
      try {
        listener(snapshots)
      } catch (error) {
        log.error({ error }, "a listener of the waiting room failed")
      }
    }
  }

  const loop = openLoop({ name: "waiting room", every: limits.refreshEvery, work: refresh, log })

  return {
    async open(settings) {
      const room = await rooms.lookup(settings.saleId, settings)
      if (room?.generation === undefined) throw recoveringFault(settings.saleId)
    },
    async change(saleId, patch) {
      const room = await rooms.lookup(saleId)
      if (!room) throw new Fault("sale_not_found", `No sale is called ${saleId}`)
      if (room.collected) throw new Fault("sale_state", `The waiting room of sale ${saleId} is closed for good`)
      const { generation } = room
      if (generation === undefined) throw recoveringFault(saleId)
      const fields = fieldsOf(patch)
      if (fields.length === 0) return
      const changed = await scripts.change(redis, keysOf(saleId), { generation }, fields)
      if (changed.state === "changed") return rooms.view(room)
      rooms.lose(room, generation)
      throw recoveringFault(saleId)
    },
    join,
    lookupPosition: positions.lookup,
    turn(saleId, accountId) {
      const position = positions.lookup(saleId, accountId)
      const snapshot = rooms.get(saleId)?.snapshot
      if (position !== undefined && snapshot && position > snapshot.nowServing)
        return Promise.resolve({ state: "waiting", position })
      return askTurn(saleId, accountId).catch((error): Turn => {
        if (isAway(error)) return { state: "recovering" }
        throw error
      })
    },
    finish: finishes.finish,
    readmit,
    snapshot: (saleId) => rooms.get(saleId)?.snapshot,
    onTick(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async entries(saleId, page) {
      const room = await rooms.lookup(saleId)
      if (!room) throw new Fault("sale_not_found", `No sale is called ${saleId}`)
      return entries.list(saleId, page)
    },
    lookupAlarm: journal.lookupAlarm,
    async clearAlarm(saleId) {
      const generation = (await rooms.lookup(saleId))?.generation
      if (generation === undefined) throw recoveringFault(saleId)
      await journal.clearAlarm(saleId, generation)
    },
    history: history.of,
    drain: (saleId) => journal.drain(saleId).then(() => {}),
    refresh,
    start: loop.start,
    async stop() {
      await loop.stop()
      rooms.close()
    },
  }
}

/** A join meets at most this many recoveries before it says so. */
const joinAttempts = 3

const closedOutcome = ({ snapshot }: Room, phase: Snapshot["phase"]): JoinOutcome => ({
  state: "closed",
  phase,
  opensAt: snapshot?.opensAt ?? epochMs(0),
  queueOpensAt: snapshot?.queueOpensAt ?? epochMs(0),
})

/** With Redis away an admission that this process knows holds until its end. */
const stillAdmitted = (turn: Turn | undefined, now: EpochMs): Turn =>
  turn?.state === "admitted" && now < turn.endsAt ? turn : { state: "recovering" }

const recoveringFault = (saleId: SaleId) =>
  new Fault(
    "waiting_room_recovering",
    `The waiting room of sale ${trustedId<SaleId>(saleId)} is being rebuilt; try again in a moment`,
  )
