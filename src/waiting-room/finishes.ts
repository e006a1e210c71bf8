import type { AccountId, AdmissionId, SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Redis } from "../stores/redis.ts"
import { isAway } from "./away.ts"
import { keysOf } from "./keys.ts"
import type { Rooms } from "./rooms.ts"
import * as scripts from "./scripts.ts"

type Finish = { saleId: SaleId; accountId: AccountId; admissionId: AdmissionId }

/** Frees the places of shoppers who paid or left. While Redis is away at most `max` finishes are kept and retried. */
export const openFinishes = ({ redis, rooms, log, max }: { redis: Redis; rooms: Rooms; log: Log; max: number }) => {
  const kept = new Map<AdmissionId, Finish>()

  const attempt = async ({ saleId, accountId, admissionId }: Finish): Promise<boolean> => {
    try {
      const room = await rooms.lookup(saleId)
      if (!room || room.collected) return true
      room.turns.delete(accountId)
      const { generation } = room
      if (generation === undefined) return false
      const finished = await scripts.finish(redis, keysOf(saleId), {
        generation,
        account: accountId,
        admission_id: admissionId,
      })
      if (finished.state === "recovering") rooms.lose(room, generation)
      return finished.state !== "recovering"
    } catch (error) {
      if (!isAway(error)) throw error
      return false
    }
  }

  return {
    async finish(saleId: SaleId, accountId: AccountId, admissionId: AdmissionId): Promise<void> {
      const finish = { saleId, accountId, admissionId }
      if (await attempt(finish)) return
      if (kept.size < max) kept.set(admissionId, finish)
      else
        log.warn({ sale_id: saleId }, "too many finishes wait for Redis: this place comes free when its admission ends")
    },
    async retry(): Promise<void> {
      for (const [key, finish] of [...kept].slice(0, retriesMax)) {
        if (!(await attempt(finish))) return
        kept.delete(key)
      }
    },
  }
}

const retriesMax = 500
