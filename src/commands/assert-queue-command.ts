import { existsSync } from "node:fs"
import { openClock } from "../clock.ts"
import { environment, parseConfig } from "../config.ts"
import { Refusal, type ExitCode } from "../exit.ts"
import { isId } from "../ids.ts"
import { readTruth } from "../lab/audit/truth-reader.ts"
import { openLog } from "../log.ts"
import { openWaitingRoom } from "../waiting-room/waiting-room.ts"
import { assertQueue, type AssertQueueOptions } from "./assert-queue.ts"
import { openStores } from "./stores.ts"

/** `traffic assert-queue`, wired to the configured stores. It writes nothing but the journal's own backlog. */
export const assertQueueCommand = async (flags: AssertQueueOptions & { dataDir?: string }): Promise<ExitCode> => {
  const config = parseConfig(environment(), { dataDir: flags.dataDir })
  const reasons = isId(flags.sale) ? [] : [`--sale is "${flags.sale}"; write the id of a sale, a ULID of 26 characters`]
  if (!config.external && !existsSync(config.dataDir))
    reasons.push(`--data-dir: there are no stores in ${config.dataDir}`)
  if (reasons.length > 0) throw new Refusal("usage", reasons)
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
  try {
    return await assertQueue(flags, {
      drain: waitingRoom.drain,
      truth: (saleId) => readTruth(stores.sql, stores.redis, saleId),
      out: (line) => console.log(line),
    })
  } finally {
    await stores.close()
  }
}
