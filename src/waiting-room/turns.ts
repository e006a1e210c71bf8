import type { Clock } from "../clock.ts"
import { newId, type AccountId, type AdmissionId, type SaleId } from "../ids.ts"
import type { Redis } from "../stores/redis.ts"
import { epochMs, type EpochMs } from "../units.ts"
import { isAway } from "./away.ts"
import type { Entries } from "./entries.ts"
import { keysOf } from "./keys.ts"
import { leadMax, type Limits } from "./limits.ts"
import type { Positions } from "./positions.ts"
import type { Room } from "./room.ts"
import type { Rooms } from "./rooms.ts"
import * as scripts from "./scripts.ts"
import type { Turn } from "./turn.ts"

type Parts = { redis: Redis; clock: Clock; rooms: Rooms; positions: Positions; entries: Entries; limits: Limits }

/** Waiting accounts are answered from memory, so that a poll costs no store operation. */
export const openTurns = (parts: Parts) => {
  const { positions, rooms } = parts
  return {
    turn: (saleId: SaleId, accountId: AccountId): Promise<Turn> => {
      const position = positions.lookup(saleId, accountId)
      const snapshot = rooms.get(saleId)?.snapshot
      if (position !== undefined && snapshot && position > snapshot.nowServing)
        return Promise.resolve({ state: "waiting", position })
      return askTurn(parts, saleId, accountId)
    },
  }
}

const askTurn = async (parts: Parts, saleId: SaleId, accountId: AccountId): Promise<Turn> => {
  try {
    const room = await parts.rooms.lookup(saleId)
    if (!room) return { state: "unknown_sale" }
    if (room.collected) return await parts.entries.turn(saleId, accountId)
    const position = parts.positions.lookup(saleId, accountId) ?? (await room.finds.add(accountId))
    if (position === "recovering") return { state: "recovering" }
    if (position === undefined) return { state: "not_in_queue" }
    if (room.snapshot && position > room.snapshot.nowServing) return { state: "waiting", position }
    return await claim(parts, room, accountId)
  } catch (error) {
    if (isAway(error)) return { state: "recovering" }
    throw error
  }
}

const claim = async (parts: Parts, room: Room, accountId: AccountId): Promise<Turn> => {
  const remembered = room.turns.get(accountId)
  const now = parts.clock()
  if (remembered && now < remembered.askAgainAt) return remembered.turn
  try {
    const turn = await claimNow(parts, room, accountId, now)
    if (turn.state === "recovering") return stillAdmitted(remembered?.turn, now)
    const fresh = freshFor(turn, parts.limits)
    const askAgainAt = epochMs(turn.state === "admitted" ? Math.min(now + fresh, turn.endsAt) : now + fresh)
    if (fresh > 0) room.turns.set(accountId, { turn, askAgainAt })
    return turn
  } catch (error) {
    if (isAway(error)) return stillAdmitted(remembered?.turn, now)
    throw error
  }
}

const claimNow = async ({ redis, rooms }: Parts, room: Room, accountId: AccountId, now: EpochMs): Promise<Turn> => {
  const { generation, saleId } = room
  if (generation === undefined) return { state: "recovering" }
  const admissionId = newId<AdmissionId>(now)
  const args = { generation, now_ms: now, lead_ms: leadMax, account: accountId, admission_id: admissionId }
  const turn = await scripts.claim(redis, keysOf(saleId), args)
  if (turn.state === "recovering") rooms.lose(room, generation)
  return turn
}

const freshFor = (turn: Turn, { admissionFresh, missedFresh }: Limits): number => {
  if (turn.state === "admitted") return admissionFresh
  return turn.state === "missed" || turn.state === "used" ? missedFresh : 0
}

/** While Redis is away a known admission holds until its end. */
const stillAdmitted = (turn: Turn | undefined, now: EpochMs): Turn =>
  turn?.state === "admitted" && now < turn.endsAt ? turn : { state: "recovering" }
