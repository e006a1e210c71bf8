import type { Admission } from "../admission.ts"
import type { Redis } from "../stores/redis.ts"
import { isAway } from "./away.ts"
import { keysOf } from "./keys.ts"
import { leadMax } from "./limits.ts"
import type { Rooms } from "./rooms.ts"
import * as scripts from "./scripts.ts"

type Parts = { redis: Redis; rooms: Rooms }

/** Redis is asked only if the room was rebuilt since the admission. */
export const readmit = async ({ redis, rooms }: Parts, admission: Admission): Promise<boolean> => {
  const { saleId, accountId, admissionId, grantedAt, endsAt } = admission
  const room = rooms.lookupOpen(saleId)
  if (room?.generation === undefined || grantedAt > room.rebuiltAt + leadMax) return false
  const args = { account: accountId, admission_id: admissionId, granted_ms: grantedAt, ends_ms: endsAt }
  try {
    const { state } = await scripts.readmit(redis, keysOf(saleId), { generation: room.generation, ...args })
    if (state === "readmitted") room.turns.delete(accountId)
    return state === "readmitted"
  } catch (error) {
    // Shoppers go on without Redis; the next request asks again.
    if (isAway(error)) return false
    throw error
  }
}
