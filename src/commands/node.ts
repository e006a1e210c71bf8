import { openAccounts } from "../accounts/accounts.ts"
import { openBoxOffice } from "../box-office/box-office.ts"
import { openClock } from "../clock.ts"
import type { Config } from "../config.ts"
import { openAddresses } from "../guard/address.ts"
import { openBuckets } from "../guard/buckets.ts"
import { openOperatorSessions } from "../guard/operator-sessions.ts"
import { openTokens } from "../guard/tokens.ts"
import type { Parts } from "../http/core/parts.ts"
import { openHealth } from "../http/core/readiness.ts"
import type { SaleId } from "../ids.ts"
import { readTruth } from "../lab/audit/truth-reader.ts"
import type { Log } from "../log.ts"
import { openMetrics, type Metrics } from "../metrics.ts"
import { seconds } from "../units.ts"
import { openDemo } from "./demo.ts"
import { openFront } from "./front.ts"
import { openGauges } from "./gauges.ts"
import { openNodeLab } from "./lab.ts"
import { openRoom, openRoomScheduler } from "./queue.ts"
import { loadSecrets } from "./secrets.ts"
import { openStores, probesOf, type Stores } from "./stores.ts"
import { openTime } from "./time.ts"

export type Node = Awaited<ReturnType<typeof startNode>>

type NodeSettings = {
  config: Config
  log: Log
  shared?: boolean
  runFoldersKept?: number
  /** Nobody but the lab is here, so a run may start the server anew. */
  isPrivate?: boolean
}

/** One traffic process: the composition root. It listens when this resolves; what it opened is closed when it cannot. */
export const startNode = async (settings: NodeSettings) => {
  const { config, log } = settings
  const metrics = openMetrics()
  const stores = await openStores({ config, clock: openClock(), log, metrics })
  try {
    return await startOn(stores, metrics, settings)
  } catch (error) {
    await stores.close()
    throw error
  }
}

const startOn = async (stores: Stores, metrics: Metrics, settings: NodeSettings) => {
  const { config, log, shared = false, runFoldersKept: foldersKept, isPrivate = false } = settings
  const time = await openTime({ stores, log, metrics })
  const { clock, decisive, nodeId } = time
  const secrets = loadSecrets(config)
  const tokens = openTokens({ keys: secrets.jwtKeys, clock: decisive })
  const boxOffice = openBoxOffice({
    sql: stores.shopSql,
    clock: decisive,
    isTrusted: time.isTrusted,
    log,
    signing: secrets.ticketKey,
  })
  const base = { config, clock, log, stores, boxOffice, metrics }
  const queue = { ...base, clock: decisive, time, nodeId }
  const front = openFront({
    openRoom: () => openRoom(queue),
    openBuckets: () => openBuckets({ redis: stores.cache, clock, log }),
    shared,
  })
  const { room, url } = front
  const scheduler = openRoomScheduler(queue)
  const accounts = openAccounts({ sql: stores.sql, clock, log })
  const demo = openDemo({ boxOffice, waitingRoom: room, accounts, tokens, clock })
  const health = openHealth({ probes: probesOf(stores), time, metrics, log, every: seconds(1), within: seconds(2) })
  const gauges = openGauges({ metrics, scheduler, stores, log })
  const storedTruth = (saleId: SaleId) => readTruth(stores.sql, stores.redis, saleId, clock())
  const truth = (saleId: SaleId) => room.drain(saleId).then(() => storedTruth(saleId))
  const operatorSessions = openOperatorSessions({
    sql: stores.sql,
    keys: secrets.jwtKeys,
    clock,
    adminKey: config.adminKey,
  })
  const addresses = openAddresses(config.trustedProxies)
  const restart = isPrivate ? () => front.restart(parts) : undefined
  const lab = openNodeLab({ ...base, demo, room, truth: storedTruth, foldersKept, baseUrl: url, restart })
  // Holds are extended by the time in which nobody could pay, before anybody can.
  await boxOffice.sweeper.tick()
  const parts: Parts = front.listen({
    config,
    clock,
    log,
    metrics,
    boxOffice,
    accounts,
    tokens,
    operatorSessions,
    addresses,
    health,
    lab,
    demo,
    truth,
  })
  const loops = [time, health, room, scheduler, boxOffice.sweeper, boxOffice.flags, gauges]
  for (const loop of loops) loop.start()
  /** Tells the balancer first, then lets requests end, then the loops, then the stores. */
  const close = async () => {
    health.drain()
    await lab?.close()
    await front.stop()
    for (const loop of loops.toReversed()) await loop.stop()
    await stores.close()
  }
  return { url: url(), port: front.port(), parts, stores, close }
}
