import { openClock } from "../../clock.ts"
import type { Config } from "../../config.ts"
import type { SaleId } from "../../ids.ts"
import { readTruth } from "../../lab/audit/truth-reader.ts"
import { openLog } from "../../log.ts"
import { openWaitingRoom } from "../../waiting-room/waiting-room.ts"
import { openStores } from "../stores.ts"

/** Opens the queue in the configured stores, also while another traffic serves from them. */
export const openQueue = async (config: Config) => {
  const log = openLog("warn")
  const clock = openClock()
  const stores = await openStores({ config, clock, log, attach: true })
  const waitingRoom = openWaitingRoom({
    redis: stores.redis,
    sql: stores.journalSql,
    clock,
    log,
    settingsOf: async () => undefined,
  })
  return {
    drain: waitingRoom.drain,
    truth: (saleId: SaleId) => readTruth(stores.sql, stores.redis, saleId),
    close: stores.close,
  }
}
