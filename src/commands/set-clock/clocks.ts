import { openAgreedClock } from "../../agreed-clock.ts"
import { openBoxOffice } from "../../box-office/box-office.ts"
import { openClock } from "../../clock.ts"
import type { Config } from "../../config.ts"
import type { SaleId } from "../../ids.ts"
import { openLog } from "../../log.ts"
import { listRoomsInRedis, setClock } from "../../waiting-room/set-clock.ts"
import { clocksOf, openStores } from "../stores.ts"

/** Opens the configured stores and asks them for the time, also while another traffic serves from them. */
export const openClocks = async (config: Config) => {
  const log = openLog("error")
  const stores = await openStores({ config, clock: openClock(), log, attach: true })
  try {
    const time = await openAgreedClock({ stores: clocksOf(stores), log })
    const boxOffice = openBoxOffice({ sql: stores.shopSql, clock: time.decisive, log })
    return {
      list: () => listRoomsInRedis(stores.redis),
      exists: async (saleId: SaleId) => (await boxOffice.sales.lookup(saleId)) !== undefined,
      setRoom: (saleId: SaleId) => setClock({ redis: stores.redis, clock: time.decisive, time }, saleId),
      setBoxOffice: (saleId: SaleId) => boxOffice.setTimesBack({ saleId, tooLong: true }),
      close: stores.close,
    }
  } catch (error) {
    await stores.close()
    throw error
  }
}
