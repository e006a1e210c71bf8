import type { AccountId, AdmissionId, SaleId } from "../ids.ts"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import type { Redis } from "../stores/redis.ts"
import type { EpochMs } from "../units.ts"
import { isAway } from "./away.ts"
import { keysOf } from "./keys.ts"
import { rememberFinished } from "./room.ts"
import type { Rooms } from "./rooms.ts"
import * as scripts from "./scripts.ts"

type Parts = { redis: Redis; rooms: Rooms; clock: Clock; log: Log; max: number }
type Finish = { saleId: SaleId; accountId: AccountId; admissionId: AdmissionId; at?: EpochMs }

/** Frees the places of shoppers who paid or left. While Redis is away at most `max` finishes are kept and retried. */
export const openFinishes = ({ redis, rooms, clock, log, max }: Parts) => {
  const kept = new Map<AdmissionId, Finish>()

  const attempt = async ({ saleId, accountId, admissionId, at }: Finish): Promise<boolean> => {
    try {
      const room = await rooms.lookup(saleId)
      if (!room || room.collected) return true
      rememberFinished(room, accountId, admissionId, at ?? clock())
      const { generation } = room
      if (generation === undefined) return false
      const finished = await scripts.finish(redis, keysOf(saleId), {
        generation,
        account: accountId,
        admission_id: admissionId,
        at_ms: at ?? 0,
      })
      if (finished.state === "recovering") rooms.lose(room, generation)
      return finished.state !== "recovering"
    } catch (error) {
      if (!isAway(error)) throw error
      return false
    }
  }

  return {
    async finish(saleId: SaleId, accountId: AccountId, admissionId: AdmissionId, at?: EpochMs): Promise<void> {
      const finish = { saleId, accountId, admissionId, at }
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
