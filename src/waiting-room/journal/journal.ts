import type { SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { isRefusal, transaction, type Pool, type Refusal, type Sql, type Transaction } from "../../stores/postgres.ts"
import type { Redis } from "../../stores/redis.ts"
import { countEntries, highestOf, idAfter, isAfter, noRows, readEntry } from "./entry.ts"
import { writeRows } from "./tables.ts"
import { keysOf } from "../keys.ts"
import { change, trim } from "../scripts.ts"

type Parts = { redis: Redis; sql: Pool; log: Log }
export type Journal = ReturnType<typeof openJournal>

/** Copies the streams of the rooms to Postgres in batches and trims what is committed. */
export const openJournal = (parts: Parts) => {
  const { redis, sql } = parts
  return {
    /**
     * Copies until the stream is empty, at most `batchesMax` batches; true when it is. It also stops at a batch of fewer than
     * `batchMin` joins with nothing behind it: fewer, larger batches cost less in a rush.
     * @throws when a store is away.
     */
    drain: (saleId: SaleId, { batchesMax = 1000, batchMin = 0 } = {}) => drain(parts, saleId, batchesMax, batchMin),
    copyRest: (from: Redis, tx: Transaction, saleId: SaleId, room: CopiedRoom) =>
      copyRest({ ...parts, redis: from }, tx, saleId, room),
    lookupAlarm: async (saleId: SaleId): Promise<string | undefined> => {
      const [room] = await sql<{ alarm: string | null }[]>`
        select alarm from queue_rooms where sale_id = ${saleId} limit 1`
      return room?.alarm ?? undefined
    },
    raiseAlarm: async (saleId: SaleId, generation: number, twice: Refusal & Error): Promise<void> => {
      await change(redis, keysOf(saleId), { generation }, ["alarm", 1])
      await alarm(parts, sql, saleId, twice)
    },
    clearAlarm: async (saleId: SaleId, generation: number): Promise<void> => {
      await change(redis, keysOf(saleId), { generation }, ["alarm", 0])
      await sql`update queue_rooms set alarm = null where sale_id = ${saleId}`
    },
  }
}

const drain = async (parts: Parts, saleId: SaleId, batchesMax: number, batchMin: number): Promise<boolean> => {
  const { redis, sql } = parts
  const generation = Number((await redis.hget(keysOf(saleId).state, "generation")) ?? 0)
  for (let left = batchesMax; left > 0; left--) {
    try {
      const copied = await transaction(sql, (tx) => copy(redis, tx, saleId, { generation, journaledId: startOfStream }))
      if (!copied || !(await trimTo(redis, saleId, generation, copied))) return true
      if (!copied.isFull && copied.count < batchMin) return false
    } catch (error) {
      if (!isGivenTwice(error)) throw error
      await change(redis, keysOf(saleId), { generation }, ["alarm", 1])
      await alarm(parts, sql, saleId, error)
      return false
    }
  }
  return false
}

type CopiedRoom = { generation: number; journaledId: string }

/** Copies the rest of the stream without trimming it, while the room is cleared and nobody adds to it. */
const copyRest = async (parts: Parts, tx: Transaction, saleId: SaleId, room: CopiedRoom): Promise<void> => {
  for (let { journaledId } = room; ;) {
    try {
      const after = { ...room, journaledId }
      const copied = await tx.savepoint((inner) => copy(parts.redis, inner, saleId, after))
      if (!copied) return
      journaledId = copied.lastId
    } catch (error) {
      if (!isGivenTwice(error)) throw error
      await alarm(parts, tx, saleId, error)
    }
  }
}

type Copied = { lastId: string; highest: number; count: number; isFull: boolean }

/** One batch. Undefined when nothing comes after `journaledId` or the room is of another generation. */
const copy = async (
  redis: Redis,
  tx: Sql,
  saleId: SaleId,
  { generation, journaledId }: CopiedRoom,
): Promise<Copied | undefined> => {
  const entries = await redis.xrange(keysOf(saleId).journal, idAfter(journaledId), "+", "COUNT", entriesMax)
  if (entries.length === 0) return undefined
  const [room] = await tx<{ generation: number; journaledId: string; alarmed: boolean }[]>`
    select generation, journaled_id, alarm is not null as alarmed
    from queue_rooms
    where sale_id = ${saleId}
    limit 1
    for update`
  if (room?.generation !== generation) return undefined
  const rows = noRows()
  const known = noRows()
  let lastId = room.journaledId
  for (const [id, fields] of entries) {
    if (countEntries(rows) >= rowsMax) break
    const isNew = isAfter(id, lastId)
    readEntry(isNew ? rows : known, id, fields)
    if (isNew) lastId = id
  }
  await writeRows(tx, saleId, generation, rows, room)
  await tx`update queue_rooms set journaled_id = ${lastId} where sale_id = ${saleId}`
  return {
    lastId,
    highest: Math.max(highestOf(rows), highestOf(known)),
    count: countEntries(rows),
    isFull: entries.length === entriesMax,
  }
}

const trimTo = async (redis: Redis, saleId: SaleId, generation: number, { lastId, highest }: Copied) => {
  const trimmed = await trim(redis, keysOf(saleId), { generation, next_id: idAfter(lastId), journaled: highest })
  return trimmed.state === "trimmed" && trimmed.left > 0
}

export const isGivenTwice = (error: unknown): error is Refusal & Error =>
  isRefusal(error) && error.constraint_name === "queue_entries_position_once"

/** Two accounts with one position: admission of the sale stops until a person has looked, while the journal goes on. */
const alarm = async ({ log }: Parts, tx: Sql, saleId: SaleId, { message, detail = "" }: Refusal) => {
  const found = `${message}. ${detail}`
  log.error({ sale_id: saleId, detail: found }, "a position was given twice: admission of this sale is stopped")
  await tx`update queue_rooms set alarm = ${found} where sale_id = ${saleId}`
}

export const startOfStream = "0-0"
const entriesMax = 128
const rowsMax = 4096
