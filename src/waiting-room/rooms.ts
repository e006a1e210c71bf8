import type { SaleId } from "../ids.ts"
import { roomsKey } from "./keys.ts"
import { newKnownRooms, type KnownRooms, type RoomsParts } from "./known-rooms.ts"
import { lookupRoom } from "./loading.ts"
import type { Room } from "./room.ts"
import type { RoomSettings } from "./settings.ts"
import type { Snapshot } from "./snapshot.ts"
import { failed, logFailure, lose, resumeRooms, suspendRooms, verifySoon, view } from "./verification.ts"

export type Rooms = ReturnType<typeof openRooms>

export const openRooms = (parts: RoomsParts) => {
  const known = newKnownRooms(parts)
  const { redis } = parts
  const { bySale } = known
  const onClose = () => suspendRooms(known)
  const onReady = () => resumeRooms(known)
  redis.on("close", onClose)
  redis.on("ready", onReady)

  return {
    load: known.load,
    lookup: (saleId: SaleId, given?: RoomSettings) => lookupRoom(known, saleId, given),
    get: (saleId: SaleId) => bySale.get(saleId),
    /** Undefined while the room takes no calls in this process. */
    lookupOpen: (saleId: SaleId) => {
      const room = bySale.get(saleId)
      return room?.generation === undefined ? undefined : room
    },
    lose: (room: Room, generation: number) => lose(known, room, generation),
    view: (room: Room) => view(known, room),
    snapshots: (): Snapshot[] => [...bySale.values()].flatMap((room) => room.snapshot ?? []),
    refresh: () => refresh(known),
    close: () => {
      redis.off("close", onClose)
      redis.off("ready", onReady)
    },
  }
}

const refresh = async (known: KnownRooms) => {
  const { bySale } = known
  try {
    for (const saleId of (await known.redis.smembers(roomsKey)) as SaleId[])
      if (!bySale.has(saleId)) void lookupRoom(known, saleId).catch((error) => logFailure(known.log, saleId, error))
  } catch (error) {
    for (const room of bySale.values()) if (!room.collected) failed(known, room, error)
  }
  await Promise.all([...bySale.values()].map((room) => refreshRoom(known, room)))
}

const refreshRoom = async (known: KnownRooms, room: Room) => {
  if (room.collected) return
  try {
    if (room.generation !== undefined) await view(known, room)
    else verifySoon(known, room)
  } catch (error) {
    failed(known, room, error)
  }
}
