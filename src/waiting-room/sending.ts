import type { AccountId } from "../ids.ts"
import { recoveringWhenAway } from "./away.ts"
import { keysOf } from "./keys.ts"
import type { KnownRooms } from "./known-rooms.ts"
import { leadMax } from "./limits.ts"
import type { Joining, OrRecovering, Room } from "./room.ts"
import * as scripts from "./scripts.ts"
import { lose } from "./verification.ts"

export const sendJoins = async (
  known: KnownRooms,
  room: Room,
  items: Joining[],
): Promise<OrRecovering<scripts.JoinAnswer>[]> => {
  const { generation, highWater } = room
  if (generation === undefined) return items.map(() => "recovering")
  const args = {
    generation,
    now_ms: known.clock(),
    lead_ms: leadMax,
    floor: highWater.joined,
    lag_cap: known.limits.journalLagMax,
    batch: batchText(items),
  }
  const reply = await scripts.join(known.redis, keysOf(room.saleId), args).catch(recoveringWhenAway)
  if (reply === "recovering") return items.map(() => "recovering")
  if (reply.state === "recovering") {
    lose(known, room, generation)
    return items.map(() => "recovering")
  }
  // Whoever was answered by a copy that is gone has no place; the next copy is asked.
  if (room.generation !== generation) return items.map(() => "recovering")
  for (let index = 0; index < items.length; index++) {
    const answer = reply.answers[index]!
    if (answer.state === "joined") remember(known, room, items[index]!.accountId, answer.position)
  }
  return reply.answers
}

export const sendFinds = async (
  known: KnownRooms,
  room: Room,
  accounts: AccountId[],
): Promise<OrRecovering<number | undefined>[]> => {
  const { generation, highWater } = room
  if (generation === undefined) return accounts.map(() => "recovering")
  const args = { generation, floor: highWater.joined }
  const reply = await scripts.find(known.redis, keysOf(room.saleId), args, accounts)
  if (reply.state === "recovering") {
    lose(known, room, generation)
    return accounts.map(() => "recovering")
  }
  if (room.generation !== generation) return accounts.map(() => "recovering")
  for (const [index, position] of reply.positions.entries())
    if (position !== undefined) remember(known, room, accounts[index]!, position)
  return reply.positions
}

const remember = ({ positions }: KnownRooms, room: Room, accountId: AccountId, position: number) => {
  room.highWater.joined = Math.max(room.highWater.joined, position)
  positions.remember(room.saleId, accountId, position)
}

const batchText = (items: Joining[]) => {
  let text = ""
  for (const each of items) text += text === "" ? joiningText(each) : ` ${joiningText(each)}`
  return text
}
const joiningText = ({ accountId, receiptPosition }: Joining) =>
  receiptPosition ? `${accountId}:${receiptPosition.position}:${receiptPosition.joinedAt}` : accountId
