import { join } from "node:path"
import { openAccounts } from "../accounts/accounts.ts"
import { openBoxOffice } from "../box-office/box-office.ts"
import { type Clock, openClock } from "../clock.ts"
import type { Config } from "../config.ts"
import { openAddresses } from "../guard/address.ts"
import { openBuckets } from "../guard/buckets.ts"
import { openOperatorSessions } from "../guard/operator-sessions.ts"
import { openTokens } from "../guard/tokens.ts"
import { openHealth } from "../http/health.ts"
import type { Parts } from "../http/core/parts.ts"
import { shedInEventMode } from "../http/core/event-mode.ts"
import { openServer } from "../http/server.ts"
import type { SaleId } from "../ids.ts"
import { openLab } from "../lab/lab.ts"
import { readTruth } from "../lab/audit/truth-reader.ts"
import type { Log } from "../log.ts"
import { openLoop } from "../loop.ts"
import { openMetrics } from "../metrics.ts"
import { lookupK6 } from "../programs.ts"
import { millis, minutes, seconds } from "../units.ts"
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
  isPrivate = false,
}: {
  config: Config
  log: Log
  shared?: boolean
  runFoldersKept?: number
  /** Nobody but the lab is here, so a run may start the server anew. */
  isPrivate?: boolean
}) => {
  const clock = openClock()
  const stores = await openStores({ config, clock, log })
  try {
    return await wire({ config, log, clock, stores, shared, runFoldersKept, isPrivate })
  } catch (error) {
    await stores.close()
    throw error
  }
}

type Wiring = {
  config: Config
  log: Log
  clock: Clock
  stores: Stores
  shared: boolean
  runFoldersKept?: number
  isPrivate: boolean
}

const wire = async ({ config, log, clock, stores, shared, runFoldersKept, isPrivate }: Wiring) => {
  const secrets = loadSecrets(config)
  const metrics = openMetrics()
  const tokens = openTokens({ keys: secrets.jwtKeys, clock })
  const boxOffice = openBoxOffice({ sql: stores.shopSql, clock, log, signing: secrets.ticketKey })
  const settingsOf = (saleId: SaleId) => boxOffice.sales.lookup(saleId)
  const openRoom = () =>
    openWaitingRoom({
      redis: stores.redis,
      sql: stores.journalSql,
      clock,
      log,
      settingsOf,
      limits: { journalLagMax: config.joinsWaitingForJournalMax },
    })
  let waitingRoom = openRoom()
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
  const demo = openDemo({
    boxOffice,
    waitingRoom: {
      open: (settings) => waitingRoom.open(settings),
      change: (saleId, patch) => waitingRoom.change(saleId, patch),
    },
    accounts,
    tokens,
    clock,
  })
  const health = openHealth({
    probes: {
      redis: () => stores.redis.ping(),
      redis_cache: () => stores.cache.ping(),
      postgres: () => stores.sql`select 1`,
    },
    metrics,
    log,
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
        seatsAvailable: seen.stock.available,
        seatsHeld: seen.stock.held,
        seatsSold: seen.stock.sold,
        saleId: seen.saleId,
        admissions: seen.admitted,
        seenAt: seen.takenAt,
      }
    )
  }
  const truthOf = (saleId: SaleId) => readTruth(stores.sql, stores.redis, saleId, clock())
  const lab =
    config.mode === "demo" || config.demoKey !== undefined
      ? openLab({
          sql: stores.sql,
          clock,
          log,
          runsDir: join(config.dataDir, "runs"),
          limits: runFoldersKept === undefined ? {} : { foldersKept: runFoldersKept },
          findK6: () => lookupK6(config.k6),
          baseUrl: () => url,
          restart: isPrivate ? () => restart() : undefined,
          mayStart: () => shedInEventMode({ boxOffice }, "The load lab"),
          sale: {
            ...demo,
            truth: truthOf,
            drain: (saleId) => waitingRoom.drain(saleId),
            live: liveOf,
            stores: {
              redis: stores.redis,
              cache: stores.cache,
              sql: stores.sql,
              areOurs: stores.appliance !== undefined,
            },
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
    operatorSessions: openOperatorSessions({
      sql: stores.sql,
      keys: secrets.jwtKeys,
      clock,
      adminKey: config.adminKey,
    }),
    health,
    lab,
    demo,
    truth: async (saleId) => {
      await waitingRoom.drain(saleId)
      return truthOf(saleId)
    },
    buckets: openBuckets({ redis: stores.cache, clock, log }),
    addresses: openAddresses(config.trustedProxies),
  }
  // Holds are extended by the time in which nobody could pay, before anybody can.
  await boxOffice.sweeper.tick()
  let http = openServer(parts).listen({ shared })
  url = http.url
  health.start()
  waitingRoom.start()
  scheduler.start()
  boxOffice.sweeper.start()
  boxOffice.switches.start()
  /** As for those outside when this process is started anew: all connections are cut, and what it remembered of the queue is gone. */
  const restart = async () => {
    await http.stop(millis(0))
    await waitingRoom.stop()
    await Bun.sleep(restartTime)
    waitingRoom = openRoom()
    waitingRoom.start()
    const fresh = { ...parts, waitingRoom, buckets: openBuckets({ redis: stores.cache, clock, log }) }
    http = openServer({ ...fresh, config: { ...config, port: http.port } }).listen({ shared })
  }
  const gauges = openLoop({
    name: "gauges",
    every: seconds(1),
    work: () => {
      metrics.leader.set(scheduler.isLeader() ? 1 : 0)
      for (const [store, { restarts }] of Object.entries(stores.appliance?.state() ?? {}))
        metrics.storeRestarts.set({ store }, restarts)
    },
    log,
  })
  gauges.start()

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
      await gauges.stop()
      await health.stop()
      await boxOffice.switches.stop()
      await boxOffice.sweeper.stop()
      await scheduler.stop()
      await waitingRoom.stop()
      await stores.close()
    },
  }
}

/** About what a start takes with the stores up. */
const restartTime = millis(300)
