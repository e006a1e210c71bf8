import type { Clock } from "../clock.ts"
import type { AccountId, SaleId } from "../ids.ts"
import { epochMs, later, type EpochMs } from "../units.ts"
import { isAway } from "./away.ts"
import type { Limits } from "./limits.ts"
import type { Joining, OrRecovering, Room } from "./room.ts"
import type { Rooms } from "./rooms.ts"
import type { JoinAnswer } from "./scripts.ts"
import type { Snapshot } from "./snapshot.ts"
import type { JoinOutcome } from "./turn.ts"

type Parts = { rooms: Rooms; clock: Clock; limits: Limits }
/** `delayed` joins wait for their room to open. */
type Joins = Parts & { delayed: number }

/** Joins at once while the room is open in this process, after a short wait while it recovers. */
export const openJoins = (parts: Parts) => {
  const joins: Joins = { ...parts, delayed: 0 }
  return {
    join: (saleId: SaleId, accountId: AccountId, receiptPosition?: Joining["receiptPosition"]) =>
      join(joins, saleId, { accountId, receiptPosition }),
  }
}

const join = (joins: Joins, saleId: SaleId, joining: Joining): Promise<JoinOutcome> => {
  const { rooms, limits } = joins
  if (rooms.load.items + joins.delayed >= limits.pendingMax) return Promise.resolve({ state: "busy" })
  const room = rooms.lookupOpen(saleId)
  if (room === undefined || room.collected) return joinLater(joins, saleId, joining)
  return room.joins.add<JoinOutcome>(joining, (answer) => outcomeOf(room, answer) ?? joinLater(joins, saleId, joining))
}

const joinLater = async (joins: Joins, saleId: SaleId, joining: Joining): Promise<JoinOutcome> => {
  joins.delayed++
  try {
    const room = await joins.rooms.lookup(saleId)
    return room ? await joinOnceOpen(joins, room, joining) : { state: "unknown_sale" }
  } catch (error) {
    if (isAway(error)) return { state: "recovering" }
    throw error
  } finally {
    joins.delayed--
  }
}

const joinOnceOpen = async (joins: Joins, room: Room, joining: Joining): Promise<JoinOutcome> => {
  const until = later(joins.clock(), joins.limits.joinWait)
  for (let left = attemptsMax; left > 0; left--) {
    if (room.collected) return closedOutcome(room, "closed")
    const joined = room.generation === undefined ? undefined : outcomeOf(room, await room.joins.add(joining))
    if (joined) return joined
    if (left === 1 || !(await isReopened(joins, room, until))) break
  }
  return room.collected ? closedOutcome(room, "closed") : { state: "recovering" }
}

const isReopened = async ({ clock, limits }: Joins, room: Room, until: EpochMs) => {
  const left = until - clock()
  if (left <= 0) return false
  await Promise.race([room.ready.promise, Bun.sleep(Math.min(left, limits.joinWait))])
  return room.generation !== undefined
}

/** Undefined when the room was closed to the call. */
const outcomeOf = (room: Room, answer: OrRecovering<JoinAnswer>): JoinOutcome | undefined => {
  if (answer === "recovering") return undefined
  if (answer.state === "settling") return { state: "recovering" }
  return answer.state === "closed" ? closedOutcome(room, answer.phase) : answer
}

const closedOutcome = ({ snapshot }: Room, phase: Snapshot["phase"]): JoinOutcome => ({
  state: "closed",
  phase,
  opensAt: snapshot?.opensAt ?? epochMs(0),
  queueOpensAt: snapshot?.queueOpensAt ?? epochMs(0),
})

const attemptsMax = 3
