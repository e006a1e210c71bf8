import type { SaleId } from "../ids.ts"
import type { Redis } from "../stores/redis.ts"
import { keysOf } from "./keys.ts"
import { change } from "./scripts.ts"
import { fieldsOf, type RoomSettings } from "./settings.ts"

type Parts = { redis: Redis; settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined> }

/**
 * Corrects settings in Redis that differ from Postgres, as after a change while Redis was away. A difference must be seen twice,
 * for a change may be on its way.
 */
export const openReconciliation = ({ redis, settingsOf }: Parts, saleId: SaleId) => {
  const { state } = keysOf(saleId)
  let before = ""

  return {
    reconcile: async (generation: number): Promise<void> => {
      const fields = await redis.hgetall(state)
      const settings = await settingsOf(saleId)
      if (!settings || fields.generation !== String(generation)) return
      const different = differences(fields, fieldsOf(settings))
      const found = JSON.stringify(different)
      if (different.length > 0 && found === before) await change(redis, keysOf(saleId), { generation }, different)
      before = found
    },
  }
}

const differences = (fields: Record<string, string>, settings: (string | number)[]) => {
  const different: (string | number)[] = []
  for (let index = 0; index < settings.length; index += 2)
    if (fields[settings[index]!] !== String(settings[index + 1])) different.push(settings[index]!, settings[index + 1]!)
  return different
}
