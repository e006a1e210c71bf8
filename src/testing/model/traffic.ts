import { mkdtempSync, rmSync } from "node:fs"
import type { NetConnectOpts } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Admission } from "../../admission.ts"
import { openAgreedClock, type AgreedClock } from "../../agreed-clock.ts"
import { openBoxOffice, type BoxOffice } from "../../box-office/box-office.ts"
import { makeSigningKey } from "../../box-office/qr.ts"
import { openShop, type Shop } from "../../http/api/shop.ts"
import { newId, type AccountId, type SaleId } from "../../ids.ts"
import { silentLog } from "../../log.ts"
import { openMetrics } from "../../metrics.ts"
import { openPostgres, type Pool } from "../../stores/postgres.ts"
import { openRedis, redisReady, type Redis } from "../../stores/redis.ts"
import { epochMs, millis, minutes, seconds } from "../../units.ts"
import { keysOf, leaseKeys } from "../../waiting-room/keys.ts"
import { openScheduler, type Scheduler } from "../../waiting-room/scheduler.ts"
import type { Stock } from "../../waiting-room/stocks.ts"
import { openWaitingRoom, type WaitingRoom } from "../../waiting-room/waiting-room.ts"
import { applicationDatabase } from "../application.ts"
import { openMiddleman } from "../faults/middleman.ts"
import { until } from "../until.ts"
import { lookAtQueue } from "./look.ts"
import { sale as played } from "./plain.ts"

export type Traffic = Awaited<ReturnType<typeof openTraffic>>
type Middleman = Awaited<ReturnType<typeof openMiddleman>>

/** One process, as far as it remembers anything. */
type Process = {
  connections: Redis[]
  time: AgreedClock
  room: WaitingRoom
  scheduler: Scheduler
  boxOffice: BoxOffice
  shop: Shop
}
type Ground = {
  time: number
  machineOff: number
  server: ReturnType<typeof startRedis>
  readonly folder: string
  readonly redisUrl: string
  readonly redis: Redis
  readonly owner: Pool
  readonly sql: Pool
  readonly postgresAt: NetConnectOpts
  middleman: Middleman
  postgresIsAway: boolean
  stock: () => Promise<Stock>
  process: Process
}

/** Far in the future, so that Redis, whose clock cannot be moved, never says that a room is ahead. */
const firstMoment = Date.UTC(2060, 0, 1)
const signing = makeSigningKey()

/** Waiting room, scheduler and box office on a Redis that can be killed and a Postgres that can be cut off; the time is moved by hand. */
export const openTraffic = async () => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-model-"))
  const redisUrl = `unix:${join(folder, "redis.sock")}`
  const server = startRedis(folder)
  const redis = openRedis(redisUrl, { commandTimeout: seconds(5) })
  await redisReady(redis, seconds(10))
  const { owner, sql: direct, url } = await applicationDatabase()
  await direct.end()
  const { searchParams, username, pathname } = new URL(url)
  const postgresAt = { path: `${searchParams.get("host")}/.s.PGSQL.5432` }
  const middleman = await openMiddleman(postgresAt)
  const sql = openPostgres(`postgres://${username}@127.0.0.1:${middleman.port}${pathname}`, { max: 4 })
  const stores = { server, folder, redisUrl, redis, owner, sql, postgresAt, middleman }
  const ground = { ...stores, time: firstMoment, machineOff: 0, postgresIsAway: false } as Ground
  ground.stock = async () => ({ total: 0, available: 0, held: 0, sold: 0 })
  ground.process = await startProcess(ground)
  return {
    get time() {
      return ground.time
    },
    redis,
    owner,
    newSale: () => newSale(ground),
    process: () => ground.process,
    pass: (ms: number) => void (ground.time += ms),
    tick: (saleId: SaleId, moves: boolean) => tick(ground, saleId, moves),
    step: (by: number) => {
      ground.machineOff = by
      return ground.process.time.look()
    },
    restart: () => restart(ground),
    killRedis: (saleId: SaleId) => killRedis(ground, saleId),
    flush: () => redis.flushall() as Promise<unknown>,
    /** As a server that has ended: connections break and new ones are refused. */
    cutPostgres: async () => {
      ground.postgresIsAway = true
      await ground.middleman.close()
    },
    mendPostgres: async () => {
      if (!ground.postgresIsAway) return
      ground.middleman = await openMiddleman(ground.postgresAt, ground.middleman.port)
      ground.postgresIsAway = false
      await until("Postgres answers again", () => sql`select 1`.then(isSo, isNot))
    },
    settle: (saleId: SaleId, opens: boolean) => settle(ground, saleId, opens),
    look: (saleId: SaleId, accounts: AccountId[]) => lookAtQueue(redis, saleId, accounts),
    /** Of a sale that is over nothing is left in Redis to tick. */
    forget: () => forget(ground),
    close: () => close(ground),
  }
}

const startRedis = (folder: string) => {
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--logfile", ""]
  const place = ["--port", "0", "--unixsocket", join(folder, "redis.sock"), "--dir", folder]
  return Bun.spawn(["setpriv", "--pdeathsig", "KILL", "--", "redis-server", ...place, ...durable], {
    stdout: "ignore",
    stderr: "ignore",
  })
}

const startProcess = async (ground: Ground): Promise<Process> => {
  const { redisUrl, sql } = ground
  const connect = async () => {
    const redis = openRedis(redisUrl, { commandTimeout: seconds(5) })
    await redisReady(redis, seconds(10))
    return redis
  }
  const connections = [await connect(), await connect()]
  const hand = async () => ground.time
  const time = await openAgreedClock({
    stores: { redis: hand, postgres: hand },
    machine: () => ground.time + ground.machineOff,
    monotonic: () => ground.time - firstMoment,
    log: silentLog,
  })
  const shared = { sql, clock: time.decisive, log: silentLog }
  const boxOffice = openBoxOffice({ ...shared, isTrusted: time.isTrusted, signing })
  const settingsOf = boxOffice.sales.lookup
  const limits = { joinWait: millis(0), admissionFresh: millis(1), missedFresh: millis(0), journalLagMax: 1000 }
  const room = openWaitingRoom({ ...shared, redis: connections[0]!, settingsOf, limits })
  const scheduler = openScheduler({
    ...shared,
    redis: connections[1]!,
    time,
    nodeId: crypto.randomUUID(),
    settingsOf,
    stockOf: () => ground.stock(),
    leaseFor: minutes(60),
    journalLagMax: limits.journalLagMax,
  })
  const shop = openShop({ ...shared, boxOffice, waitingRoom: room, metrics: openMetrics() })
  return { connections, time, boxOffice, room, scheduler, shop }
}

/** As after kill -9: whatever was in memory is gone, and the lease has run out by the time the next one leads. */
const restart = async (ground: Ground) => {
  for (const each of ground.process.connections) each.disconnect()
  await ground.redis.del(leaseKeys.holder)
  ground.process = await startProcess(ground)
}

const killRedis = async (ground: Ground, saleId: SaleId) => {
  const { room, connections } = ground.process
  ground.server.kill("SIGKILL")
  await ground.server.exited
  await until("it is seen that Redis is gone", () => room.snapshot(saleId)?.recovering !== false)
  ground.server = startRedis(ground.folder)
  // A connection that has not noticed yet still says that it is ready.
  for (const each of [ground.redis, ...connections])
    await until("Redis answers again", () => each.ping().then(isSo, isNot))
}

/** Until the room is open in this process, or closed because no store says that it is whole. */
const settle = async (ground: Ground, saleId: SaleId, opens: boolean) => {
  const { room } = ground.process
  const isSettled = () => (room.snapshot(saleId)?.recovering ?? true) === !opens
  if (!opens && isSettled()) return
  await until(`the room is ${opens ? "open" : "closed"}`, async () => {
    await room.refresh()
    if (opens) await room.look(saleId)
    return isSettled()
  })
}

const tick = async (ground: Ground, saleId: SaleId, moves: boolean) => {
  const { scheduler, boxOffice, room } = ground.process
  const stock = await boxOffice.sales.stock(saleId).then(
    (known) => async () => known,
    (error: Error) => () => Promise.reject(error),
  )
  ground.stock = stock
  // A scheduler whose lease or fencing epoch was lost with Redis takes a second tick.
  await until("the room was moved", async () => {
    await scheduler.tick()
    return !moves || Number(await ground.redis.hget(keysOf(saleId).state, "wall_ms")) === ground.time
  })
  if (ground.postgresIsAway) return
  await boxOffice.sweeper.tick()
  if (moves) await room.drain(saleId)
}

const newSale = async ({ process, owner, time }: Ground) => {
  const { boxOffice, room } = process
  const now = epochMs(time)
  const accounts = Array.from({ length: played.people }, () => newId<AccountId>(now))
  await owner`insert into accounts ${owner(accounts.map((id) => ({ id, createdAt: now })))}`
  const { eventId } = await boxOffice.events.create({ name: "Night", venue: "Hall", city: "Graz", startsAt: now })
  const sale = await boxOffice.sales.create({
    eventId,
    opensAt: now,
    endsAt: epochMs(now + minutes(365 * 24 * 60)),
    totalSeats: played.seats,
    priceCents: 4500,
    maxTicketsPerUser: played.perAccount,
    admitPerMinute: played.perMinute,
    shopperCapacity: played.capacity,
    waitingRoomCap: played.waitingMax,
    callWindow: millis(played.callWindow),
    admissionLength: millis(played.admission),
    holdLength: millis(played.hold),
  })
  await boxOffice.sweeper.tick()
  await room.open(sale)
  return { saleId: sale.saleId, accounts }
}

const forget = async (ground: Ground) => {
  await restart(ground)
  await ground.owner`update queue_rooms set collected_at = now() where collected_at is null`
  await ground.redis.flushall()
}

const close = async (ground: Ground) => {
  for (const each of [ground.redis, ...ground.process.connections]) each.disconnect()
  await Promise.all([ground.sql, ground.owner].map((each) => each.end({ timeout: 1 })))
  if (!ground.postgresIsAway) await ground.middleman.close()
  ground.server.kill("SIGKILL")
  await ground.server.exited
  rmSync(ground.folder, { recursive: true, force: true })
}

const isSo = () => true
const isNot = () => false

export const tokenOf = (
  saleId: SaleId,
  accountId: AccountId,
  turn: Omit<Admission, "saleId" | "accountId">,
): Admission => ({
  saleId,
  accountId,
  admissionId: turn.admissionId,
  grantedAt: turn.grantedAt,
  endsAt: turn.endsAt,
})
