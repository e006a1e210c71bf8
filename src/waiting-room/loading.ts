import type { SaleId } from "../ids.ts"
import type { KnownRooms } from "./known-rooms.ts"
import { newRoom, type Room } from "./room.ts"
import { sendFinds, sendJoins } from "./sending.ts"
import type { RoomSettings } from "./settings.ts"
import { verify } from "./verification.ts"

/** Undefined when there is no such sale. @throws when a store is away and the room is not known here yet. */
export const lookupRoom = (known: KnownRooms, saleId: SaleId, given?: RoomSettings): Promise<Room | undefined> => {
  const { unknown, loading, bySale } = known
  if (given) unknown.delete(saleId)
  else if (unknown.has(saleId)) return Promise.resolve(undefined)
  const already = loading.get(saleId)
  if (already) return already
  const room = bySale.get(saleId)
  if (room) return Promise.resolve(room)
  const loaded = load(known, saleId, given).finally(() => loading.delete(saleId))
  loading.set(saleId, loaded)
  return loaded
}

const load = async (known: KnownRooms, saleId: SaleId, given?: RoomSettings) => {
  const sends = {
    join: (room: Room, items: Parameters<typeof sendJoins>[2]) => sendJoins(known, room, items),
    find: (room: Room, items: Parameters<typeof sendFinds>[2]) => sendFinds(known, room, items),
  }
  const room = newRoom(saleId, sends, known.limits, known.load)
  known.bySale.set(saleId, room)
  try {
    await verify(known, room, given)
  } catch (error) {
    if (!room.snapshot) known.bySale.delete(saleId)
    throw error
  }
  return known.bySale.get(saleId)
}
