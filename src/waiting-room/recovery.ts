import type { Clock } from "../clock.ts"
import type { AdmissionId, SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Metrics } from "../metrics.ts"
import { transaction, type Pool, type Sql, type Transaction } from "../stores/postgres.ts"
import { openPatient, type Redis } from "../stores/redis.ts"
import { millis, seconds } from "../units.ts"
import { isWhole, keepsJournal, readCopy, type Copy } from "./copy.ts"
import { gapsIn, keepGap } from "./gap.ts"
import { startOfStream, type Journal } from "./journal/journal.ts"
import { lookupJournaled, totalsOf, type JournaledRoom } from "./journaled-room.ts"
import { keepSettings } from "./journal/tables.ts"
import { keysOf, roomsKey } from "./keys.ts"
import { rebuild } from "./rebuild.ts"
import { open } from "./scripts.ts"
import { fieldsOf, type RoomSettings } from "./settings.ts"
import { pastSnapshot, type Snapshot } from "./snapshot.ts"
import type { HighWater, Verified } from "./verified.ts"

export type RecoveryParts = {
  redis: Redis
  sql: Pool
  clock: Clock
  log: Log
  journal: Journal
  settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined>
  journalLagMax: number
  metrics?: Pick<Metrics, "counter">
}
export type Recovery = ReturnType<typeof openRecovery>

/**
 * A process opens a room only after it has verified that Redis holds the generation which Postgres names, with no position
 * missing that is in the journal or was answered. Any other copy is rebuilt from the journal.
 */
export const openRecovery = (parts: RecoveryParts) => {
  const { sql, clock, settingsOf } = parts
  const oneByOne = openQueue()
  return {
    verify: (saleId: SaleId, highWater: HighWater, given?: RoomSettings) =>
      verify(parts, oneByOne, { saleId, highWater, given }),
    /** Those of the admissions whose end the journal has. */
    finishedAmong: async (admissionIds: AdmissionId[]): Promise<Set<AdmissionId>> => {
      const rows = await sql<{ admissionId: AdmissionId }[]>`
        select admission_id from queue_finishes where admission_id = any(${admissionIds}::text[])`
      return new Set(rows.map((each) => each.admissionId))
    },
    recall: async (saleId: SaleId): Promise<Snapshot | undefined> => {
      const settings = await settingsOf(saleId)
      return settings && pastSnapshot(settings, clock(), await totalsOf(sql, saleId))
    },
    /** From Postgres: a lost Redis does not know. */
    listRooms: async (): Promise<SaleId[]> => {
      const rooms = await sql<{ saleId: SaleId }[]>`
        select sale_id from queue_rooms where collected_at is null order by created_at desc limit 1000`
      return rooms.map((each) => each.saleId)
    },
  }
}

type Queue = <T>(work: () => Promise<T>) => Promise<T>

/** Runs works one at a time: a rebuild takes memory and a connection. */
const openQueue = (): Queue => {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}

type Wanted = { saleId: SaleId; highWater: HighWater; given?: RoomSettings }

const verify = async (parts: RecoveryParts, oneByOne: Queue, wanted: Wanted): Promise<Verified> => {
  const { redis, sql, settingsOf } = parts
  const { saleId, highWater, given } = wanted
  for (let left = looksMax; ; left--) {
    const room = await lookupJournaled(sql, saleId)
    if (room?.collectedAt) return { state: "collected" }
    if (room?.opened && isWhole(await readCopy(redis, saleId), room, highWater))
      return enlist(redis, saleId, room.generation)
    const settings = given ?? (await settingsOf(saleId))
    if (!settings) return { state: "unknown_sale" }
    const repaired = await oneByOne(() => repair(parts, saleId, settings, highWater))
    if (repaired.state === "verified") return enlist(redis, saleId, repaired.generation)
    if (repaired.state !== "recovering" || left === 1) return repaired
    // Another process has the lock; mostly it only opens the room.
    await Bun.sleep(lookEvery)
  }
}

const enlist = async (redis: Redis, saleId: SaleId, generation: number): Promise<Verified> => {
  await redis.sadd(roomsKey, saleId)
  return { state: "verified", generation }
}

const repair = (parts: RecoveryParts, saleId: SaleId, settings: RoomSettings, highWater: HighWater) =>
  transaction(parts.sql, async (tx): Promise<Verified> => {
    const room = await lockRoom(tx, parts, saleId)
    if (!room) return { state: "recovering" }
    if (room.collectedAt) return { state: "collected" }
    if (!room.opened) return openFirst(tx, parts, settings, room.generation)
    const copy = await readCopy(parts.redis, saleId)
    if (isWhole(copy, room, highWater)) return { state: "verified", generation: room.generation }
    if (isSealed(copy, room, highWater)) return adopt(tx, parts, settings, copy, room)
    const redis = await openPatient(parts.redis, patience)
    try {
      return await rebuild(tx, { ...parts, redis }, { saleId, settings, highWater, room, copy })
    } finally {
      redis.disconnect()
    }
  })

const lockRoom = async (tx: Transaction, { clock }: RecoveryParts, saleId: SaleId) => {
  const [lock] = await tx<{ had: boolean }[]>`select pg_try_advisory_xact_lock(hashtextextended(${saleId}, 0)) as had`
  if (!lock?.had) return undefined
  await tx`
    insert into queue_rooms (sale_id, generation, created_at)
    values (${saleId}, 1, ${clock()})
    on conflict on constraint queue_rooms_sale_once do nothing`
  return lookupJournaled(tx, saleId, "locked")
}

const openFirst = async (
  tx: Sql,
  { redis, clock }: RecoveryParts,
  settings: RoomSettings,
  generation: number,
): Promise<Verified> => {
  const { saleId } = settings
  const now = clock()
  const opened = await open(redis, keysOf(saleId), { generation, now_ms: now }, fieldsOf(settings))
  if (opened.state === "recovering") return { state: "recovering" }
  // Committed before any join is acknowledged: an empty room in Redis is a lost one from now on.
  await tx`update queue_rooms set opened = true where sale_id = ${saleId}`
  await keepSettings(tx, { saleId, generation, entryId: startOfStream, at: now }, settings)
  return { state: "verified", generation }
}

/** Of a rebuild that sealed Redis and failed to commit. */
const isSealed = (copy: Copy, room: JournaledRoom, highWater: HighWater) =>
  copy.generation > room.generation &&
  isWhole(copy, { ...room, generation: copy.generation, journaledId: startOfStream }, highWater)

const adopt = async (
  tx: Sql,
  { clock }: RecoveryParts,
  settings: RoomSettings,
  copy: Copy,
  room: JournaledRoom,
): Promise<Verified> => {
  const { saleId } = settings
  const journaledId = keepsJournal(copy, room) ? room.journaledId : startOfStream
  await tx`
    update queue_rooms set generation = ${copy.generation}, journaled_id = ${journaledId} where sale_id = ${saleId}`
  for (const gap of gapsIn(copy.gaps)) await keepGap(tx, saleId, gap)
  await keepSettings(tx, { saleId, generation: copy.generation, entryId: startOfStream, at: clock() }, settings)
  return { state: "verified", generation: copy.generation }
}

/** For each call of a rebuild: on a slow disk it waits for the fsyncs of others as well. */
const patience = seconds(30)
const looksMax = 4
const lookEvery = millis(50)
