import type { openBoxOffice } from "../box-office/box-office.ts"
import type { TimeCheck } from "../agreed-clock.ts"
import type { Clock } from "../clock.ts"
import type { Config } from "../config.ts"
import type { Log } from "../log.ts"
import type { Metrics } from "../metrics.ts"
import { minutes } from "../units.ts"
import { openScheduler } from "../waiting-room/scheduler.ts"
import { openWaitingRoom } from "../waiting-room/waiting-room.ts"
import type { Stores } from "./stores.ts"

type QueueParts = {
  config: Config
  clock: Clock
  log: Log
  stores: Stores
  boxOffice: ReturnType<typeof openBoxOffice>
  metrics: Metrics
}

export const openRoom = ({ config, clock, log, stores, boxOffice, metrics }: QueueParts) =>
  openWaitingRoom({
    redis: stores.redis,
    sql: stores.journalSql,
    clock,
    log,
    metrics,
    settingsOf: boxOffice.sales.lookup,
    limits: { journalLagMax: config.joinsWaitingForJournalMax },
  })

export const openRoomScheduler = ({
  config,
  clock,
  time,
  nodeId,
  log,
  stores,
  boxOffice,
  metrics,
}: QueueParts & { time: TimeCheck; nodeId: string }) =>
  openScheduler({
    redis: stores.schedulerRedis,
    sql: stores.journalSql,
    clock,
    time,
    log,
    metrics,
    nodeId,
    stockOf: boxOffice.sales.stock,
    canPay: boxOffice.sweeper.canPay,
    settingsOf: boxOffice.sales.lookup,
    setsBack: !isHere(stores.redisUrl),
    onSetBack: (saleId) => boxOffice.setTimesBack({ saleId, tooLong: true }),
    journalLagMax: config.joinsWaitingForJournalMax,
    retention: minutes(60 * config.finishedSaleRetentionHours),
  })

/** A store behind a socket has the clock of this machine, and is no second opinion. */
const isHere = (url: string) => url.startsWith("unix:")
