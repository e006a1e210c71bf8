import { join } from "node:path"
import type { openBoxOffice } from "../box-office/box-office.ts"
import type { Clock } from "../clock.ts"
import type { Config } from "../config.ts"
import { shedInEventMode } from "../http/core/event-mode.ts"
import type { SaleId } from "../ids.ts"
import { openLab, type LabParts } from "../lab/lab.ts"
import type { ServerTruth } from "../lab/model/truth.ts"
import type { Log } from "../log.ts"
import { lookupK6 } from "../programs.ts"
import type { Snapshot, WaitingRoom } from "../waiting-room/waiting-room.ts"
import type { Demo } from "./demo.ts"
import type { Stores } from "./stores.ts"

type NodeLabParts = {
  config: Config
  clock: Clock
  log: Log
  stores: Stores
  boxOffice: ReturnType<typeof openBoxOffice>
  demo: Demo
  room: Pick<WaitingRoom, "drain" | "snapshot">
  truth: (saleId: SaleId) => Promise<ServerTruth>
  foldersKept?: number
} & Pick<LabParts, "baseUrl" | "restart">

/** The lab of this node: its runs load this very server. Undefined in production unless a demo key is set. */
export const openNodeLab = (parts: NodeLabParts) => {
  const { config, clock, log, stores, boxOffice, demo, room, truth, foldersKept, baseUrl, restart } = parts
  if (config.mode !== "demo" && config.demoKey === undefined) return undefined
  return openLab({
    sql: stores.sql,
    clock,
    log,
    runsDir: join(config.dataDir, "runs"),
    limits: foldersKept === undefined ? {} : { foldersKept },
    findK6: () => lookupK6(config.k6),
    baseUrl,
    restart,
    mayStart: () => shedInEventMode({ boxOffice }, "The load lab"),
    sale: {
      ...demo,
      truth,
      drain: room.drain,
      live: (saleId) => liveOf(room.snapshot(saleId)),
      stores: {
        redis: stores.redis,
        cache: stores.cache,
        sql: stores.sql,
        areOurs: stores.appliance !== undefined,
      },
    },
  })
}

const liveOf = (seen: Snapshot | undefined) =>
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
