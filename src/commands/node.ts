import { join } from "node:path"
import { openAccounts } from "../accounts/accounts.ts"
import { openBoxOffice } from "../box-office/box-office.ts"
import { type Clock, openClock } from "../clock.ts"
import type { Config } from "../config.ts"
import { openAddresses } from "../guard/address.ts"
import { openBuckets } from "../guard/buckets.ts"
import { openTokens } from "../guard/tokens.ts"
import { openHealth } from "../http/health.ts"
import type { Parts } from "../http/parts.ts"
import { openServer } from "../http/server.ts"
import type { SaleId } from "../ids.ts"
import { openLab } from "../lab/lab.ts"
import { readTruth } from "../lab/truth-reader.ts"
import type { Log } from "../log.ts"
import { openMetrics } from "../metrics.ts"
import { findK6 } from "../programs.ts"
import { minutes, seconds } from "../units.ts"
import { openScheduler } from "../waiting-room/scheduler.ts"
import { openWaitingRoom } from "../waiting-room/waiting-room.ts"
import { openDemo } from "./demo.ts"
import { loadSecrets } from "./secrets.ts"
import { openStores, type Stores } from "./stores.ts"

export type Node = Awaited<ReturnType<typeof startNode>>

/** One traffic process: the composition root. It listens when this resolves; what it opened is closed when it cannot. */
export const startNode = async ({
  config,
  log,
  shared = false,
  runFoldersKept,
}: {
  config: Config
  log: Log
  shared?: boolean
  runFoldersKept?: number
}) => {
  const clock = openClock()
  const stores = await openStores({ config, clock, log })
  try {
    return await wire({ config, log, clock, stores, shared, runFoldersKept })
  } catch (error) {
    await stores.close()
    throw error
  }
}

type Wiring = { config: Config; log: Log; clock: Clock; stores: Stores; shared: boolean; runFoldersKept?: number }

const wire = async ({ config, log, clock, stores, shared, runFoldersKept }: Wiring) => {
  const secrets = loadSecrets(config)
  const metrics = openMetrics()
  const tokens = openTokens({ keys: secrets.jwtKeys, clock })
  const boxOffice = openBoxOffice({ sql: stores.shopSql, clock, log, signing: secrets.ticketKey })
  const settingsOf = (saleId: SaleId) => boxOffice.sales.lookup(saleId)
  const waitingRoom = openWaitingRoom({
    redis: stores.redis,
    sql: stores.journalSql,
    clock,
    log,
    settingsOf,
    limits: { journalLagMax: config.joinsWaitingForJournalMax },
  })
  const scheduler = openScheduler({
    redis: stores.schedulerRedis,
    sql: stores.journalSql,
    clock,
    log,
    nodeId: `${process.pid}-${crypto.randomUUID()}`,
    stockOf: boxOffice.sales.stock,
    settingsOf,
    journalLagMax: config.joinsWaitingForJournalMax,
    retention: minutes(60 * config.finishedSaleRetentionHours),
  })
  const accounts = openAccounts({ sql: stores.sql, clock, log })
  const demo = openDemo({ boxOffice, waitingRoom, accounts, tokens, clock })
  const health = openHealth({
    probes: {
      redis: () => stores.redis.ping(),
      redis_cache: () => stores.cache.ping(),
      postgres: () => stores.sql`select 1`,
    },
    metrics,
    every: seconds(1),
    within: seconds(2),
  })
  let url = ""
  const liveOf = (saleId: SaleId) => {
    const seen = waitingRoom.snapshot(saleId)
    return (
      seen && {
        waiting: seen.waiting,
        nowServing: seen.nowServing,
        shoppers: seen.shoppers,
        available: seen.stock.available,
        held: seen.stock.held,
        sold: seen.stock.sold,
      }
    )
  }
  const lab =
    config.mode === "demo" || config.demoKey !== undefined
      ? openLab({
          sql: stores.sql,
          clock,
          log,
          runsDir: join(config.dataDir, "runs"),
          limits: runFoldersKept === undefined ? {} : { foldersKept: runFoldersKept },
          findK6: () => findK6(config.k6),
          baseUrl: () => url,
          sale: {
            ...demo,
            truth: (saleId) => readTruth(stores.sql, stores.redis, saleId),
            drain: waitingRoom.drain,
            live: liveOf,
          },
        })
      : undefined
  const parts: Parts = {
    config,
    clock,
    log,
    metrics,
    waitingRoom,
    boxOffice,
    accounts,
    tokens,
    health,
    lab,
    demo,
    buckets: openBuckets({ redis: stores.cache, clock, log }),
    addresses: openAddresses(config.trustedProxies),
  }
  // Holds are extended by the time in which nobody could pay, before anybody can.
  await boxOffice.sweeper.tick()
  const http = openServer(parts).listen({ shared })
  url = http.url
  health.start()
  waitingRoom.start()
  scheduler.start()
  boxOffice.sweeper.start()
  const gauges = setInterval(() => {
    metrics.leader.set(scheduler.isLeader() ? 1 : 0)
    for (const [store, { restarts }] of Object.entries(stores.appliance?.state() ?? {}))
      metrics.storeRestarts.set({ store }, restarts)
  }, seconds(1))

  return {
    url: http.url,
    port: http.port,
    parts,
    stores,
    /** Tells the balancer first, then lets requests end, then the loops, then the stores. */
    close: async () => {
      health.drain()
      await lab?.close()
      await http.stop(seconds(10))
      clearInterval(gauges)
      health.stop()
      await boxOffice.sweeper.stop()
      await scheduler.stop()
      await waitingRoom.stop()
      await stores.close()
    },
  }
}
