import type { SaleId } from "../ids.ts"
import { millis } from "../units.ts"
import { isAway } from "./away.ts"
import type { Rooms } from "./rooms.ts"
import type { Snapshot } from "./snapshot.ts"

/** `unknown` means that nobody has looked yet or a store is away; only `unknown_sale` means that there is none. */
export type Look = { state: "seen"; snapshot: Snapshot } | { state: "unknown" } | { state: "unknown_sale" }

type Looks = { rooms: Rooms; underWay: Map<SaleId, Promise<Look>> }

/** Looks for rooms that this process does not know yet: a few at a time, each for a moment, for anybody may ask for any id. */
export const openLooks = (rooms: Rooms) => {
  const looks: Looks = { rooms, underWay: new Map() }
  return { look: (saleId: SaleId) => look(looks, saleId) }
}

const look = async ({ rooms, underWay }: Looks, saleId: SaleId): Promise<Look> => {
  const snapshot = rooms.get(saleId)?.snapshot
  if (snapshot !== undefined) return { state: "seen", snapshot }
  const asking = underWay.get(saleId)
  if (asking === undefined && underWay.size >= looksMax) return unknown
  const asked = asking ?? find(rooms, saleId).finally(() => underWay.delete(saleId))
  underWay.set(saleId, asked)
  return Promise.race([asked, Bun.sleep(lookFor).then(() => unknown)])
}

const find = async (rooms: Rooms, saleId: SaleId): Promise<Look> => {
  try {
    const room = await rooms.lookup(saleId)
    if (room === undefined) return { state: "unknown_sale" }
    return room.snapshot === undefined ? unknown : { state: "seen", snapshot: room.snapshot }
  } catch (error) {
    if (isAway(error)) return unknown
    throw error
  }
}

const unknown: Look = { state: "unknown" }
const looksMax = 8
const lookFor = millis(250)
