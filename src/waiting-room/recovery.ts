import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { millis, type EpochMs } from "../units.ts"
import { gapsIn, keepGap } from "./gap.ts"
import { isAfter } from "./journal-entry.ts"
import { startOfStream, type Journal } from "./journal.ts"
import { keysOf, roomsKey } from "./keys.ts"
import { keepsJournal, rebuild, totalsOf } from "./rebuild.ts"
import { open } from "./scripts.ts"
import { fieldsOf, type RoomSettings } from "./settings.ts"
import { versioned, type Snapshot } from "./snapshot.ts"

/** What this process has told people: a copy that knows less is stale. */
export type Seen = { joined: number; nowServing: number; at?: EpochMs }
export type Verified =
  | { state: "verified"; generation: number }
  | { state: "recovering" }
  | { state: "collected" }
  | { state: "unknown_sale" }

export type RecoveryParts = {
  redis: Redis
  sql: Pool
  clock: Clock
  log: Log
  journal: Journal
  settingsOf: (saleId: SaleId) => Promise<RoomSettings | undefined>
  journalLagMax: number
}
export type Recovery = ReturnType<typeof openRecovery>

/**
 * A room is closed in a process until this has seen that Redis holds the copy which Postgres names, with a counter no lower than
 * the journal's and no lower than what the process answered. Anything else is rebuilt from the journal, never begun anew.
 */
export const openRecovery = (parts: RecoveryParts) => {
  const { redis, sql, clock, settingsOf } = parts
  let turn: Promise<unknown> = Promise.resolve()
  /** One after the other: a rebuild takes memory and a connection. */
  const oneByOne = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }

  const verified = async (saleId: SaleId, generation: number): Promise<Verified> => {
    await redis.sadd(roomsKey, saleId)
    return { state: "verified", generation }
  }

  /** Opens, adopts or rebuilds, in one transaction under a lock that one process of all has. */
  const repair = (saleId: SaleId, settings: RoomSettings, seen: Seen): Promise<Verified> =>
    transaction(sql, async (tx): Promise<Verified> => {
      const [lock] = await tx<
        { had: boolean }[]
      >`select pg_try_advisory_xact_lock(hashtextextended(${saleId}, 0)) as had`
      if (!lock?.had) return { state: "recovering" }
      await tx`
        insert into queue_rooms (sale_id, generation, created_at)
        values (${saleId}, 1, ${new Date(clock())})
        on conflict on constraint queue_rooms_sale_once do nothing`
      const room = (await roomIn(tx, saleId, "locked"))!
      if (room.collectedAt) return { state: "collected" }
      const copy = await copyIn(redis, saleId)
      if (!room.opened) return openFirst(tx, saleId, settings, room.generation)
      if (isWhole(copy, room, seen)) return { state: "verified", generation: room.generation }
      // A rebuild that sealed Redis and could not commit: what is there is whole.
      if (
        copy.generation > room.generation &&
        isWhole(copy, { ...room, generation: copy.generation, journaledId: startOfStream }, seen)
      ) {
        const journaledId = keepsJournal(copy, room) ? room.journaledId : startOfStream
        await tx`
          update queue_rooms set generation = ${copy.generation}, journaled_id = ${journaledId} where sale_id = ${saleId}`
        for (const gap of gapsIn(copy.gaps)) await keepGap(tx, saleId, gap)
        return { state: "verified", generation: copy.generation }
      }
      return rebuild(tx, parts, { saleId, settings, seen, room, copy })
    })

  const openFirst = async (tx: Sql, saleId: SaleId, settings: RoomSettings, generation: number): Promise<Verified> => {
    const opened = await open(redis, keysOf(saleId), { generation, now_ms: clock() }, fieldsOf(settings))
    if (opened.state === "recovering") return { state: "recovering" }
    // Joins are acknowledged only after this is committed: an empty room in Redis is a lost one from now on.
    await tx`update queue_rooms set opened = true where sale_id = ${saleId}`
    return { state: "verified", generation }
  }

  return {
    /** @throws what Redis or Postgres throws when one is away: the room stays closed in this process. */
    async verify(saleId: SaleId, seen: Seen, given?: RoomSettings): Promise<Verified> {
      for (let left = looksMax; ; left--) {
        const room = await roomIn(sql, saleId)
        if (room?.collectedAt) return { state: "collected" }
        if (room?.opened && isWhole(await copyIn(redis, saleId), room, seen)) return verified(saleId, room.generation)
        const settings = given ?? (await settingsOf(saleId))
        if (!settings) return { state: "unknown_sale" }
        const repaired = await oneByOne(() => repair(saleId, settings, seen))
        if (repaired.state === "verified") return verified(saleId, repaired.generation)
        if (repaired.state !== "recovering" || left === 1) return repaired
        // Another process is at it; mostly it only opens the room and is done at once.
        await Bun.sleep(lookEvery)
      }
    },
    /** What is left to tell of a room that Redis has given up; undefined when its sale is gone as well. */
    async recall(saleId: SaleId): Promise<Snapshot | undefined> {
      const settings = await settingsOf(saleId)
      return settings && pastSnapshot(settings, clock(), await totalsOf(sql, saleId))
    },
    /** Every room that should be in Redis, from Postgres: a lost Redis does not know. */
    async listRooms(): Promise<SaleId[]> {
      const rooms = await sql<{ saleId: SaleId }[]>`
        select sale_id from queue_rooms where collected_at is null order by created_at desc limit 1000`
      return rooms.map((each) => each.saleId)
    },
  }
}

export type JournaledRoom = {
  generation: number
  opened: boolean
  journaledId: string
  alarm: string | null
  collectedAt: Date | null
  /** The highest position in the journal. */
  highest: number
}
const looksMax = 4
const lookEvery = millis(50)

/** What Redis has of the room. */
export type Copy = {
  generation: number
  joined: number
  nowServing: number
  gaps: string
  present: boolean
  /** Of which generation the stream is, beside the copy's own: a rebuild keeps it, and may not have come to its end. */
  streamOf: number
  lastId: string
}

const roomIn = async (sql: Sql, saleId: SaleId, locked?: "locked") => {
  const rooms = await sql<JournaledRoom[]>`
    select generation, opened, journaled_id, alarm, collected_at,
      coalesce((select max(position) from queue_entries where sale_id = ${saleId}), 0) as highest
    from queue_rooms
    where sale_id = ${saleId}
    limit 1
    ${locked ? sql`for update` : sql``}`
  return rooms[0]
}

const copyIn = async (redis: Redis, saleId: SaleId): Promise<Copy> => {
  const [generation, joined, nowServing, gaps, streamOf] = await redis.hmget(
    keysOf(saleId).state,
    "generation",
    "joined",
    "now_serving",
    "gaps",
    "stream_of",
  )
  return {
    present: typeof generation === "string",
    generation: Number(generation ?? 0),
    joined: Number(joined ?? 0),
    nowServing: Number(nowServing ?? 0),
    gaps: gaps ?? "",
    streamOf: Number(streamOf ?? 0),
    lastId: await lastIdIn(redis, saleId),
  }
}

/** The last entry that the stream ever had, trimmed or not. */
const lastIdIn = async (redis: Redis, saleId: SaleId): Promise<string> => {
  try {
    const facts = (await redis.xinfo("STREAM", keysOf(saleId).journal)) as unknown[]
    return String(facts[facts.indexOf("last-generated-id") + 1])
  } catch (error) {
    if (error instanceof Error && error.message.includes("no such key")) return "0-0"
    throw error
  }
}

/** A copy that lacks anything which Postgres has, or which this process has told, is an old one. */
const isWhole = (copy: Copy, room: JournaledRoom, seen: Seen) =>
  copy.present &&
  copy.generation === room.generation &&
  copy.joined >= Math.max(room.highest, seen.joined) &&
  !isAfter(room.journaledId, copy.lastId)

/** Of a room that Redis has given up, in a process that never saw it there. Its stock is the box office's to tell. */
const pastSnapshot = (
  settings: RoomSettings,
  now: EpochMs,
  { highest, served, admitted }: Awaited<ReturnType<typeof totalsOf>>,
): Snapshot =>
  versioned({
    saleId: settings.saleId,
    phase: "closed",
    nowServing: served,
    joined: highest,
    waiting: 0,
    shoppers: 0,
    admitted,
    admitPerMinute: settings.admitPerMinute,
    measuredPerMinute: 0,
    waitMsPerPosition: { p50: 0, p90: 0 },
    stock: { total: 0, available: 0, held: 0, sold: 0 },
    message: settings.message,
    opensAt: settings.opensAt,
    queueOpensAt: settings.queueOpensAt,
    endsAt: settings.endsAt,
    recovering: false,
    gaps: [],
    takenAt: now,
    journalLag: 0,
  })
