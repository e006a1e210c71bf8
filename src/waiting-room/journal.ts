import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import { isRefusal, transaction, type Pool, type Refusal, type Sql, type Transaction } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { countEntries, highestOf, idAfter, isAfter, noRows, readEntry, type JournalRows } from "./journal-entry.ts"
import { keysOf } from "./keys.ts"
import { change, trim } from "./scripts.ts"

export type Journal = ReturnType<typeof openJournal>

/** Copies the streams of the rooms to Postgres in batches and trims what is committed. */
export const openJournal = ({ redis, sql, log }: { redis: Redis; sql: Pool; log: Log }) => {
  /** Undefined when nothing comes after `after` or the room is of another generation. */
  const copy = async (
    tx: Sql,
    saleId: SaleId,
    generation: number,
    after = startOfStream,
  ): Promise<Copied | undefined> => {
    const entries = await redis.xrange(keysOf(saleId).journal, idAfter(after), "+", "COUNT", entriesMax)
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
    await write(tx, saleId, generation, rows, room)
    await tx`update queue_rooms set journaled_id = ${lastId} where sale_id = ${saleId}`
    return {
      lastId,
      highest: Math.max(highestOf(rows), highestOf(known)),
      count: countEntries(rows),
      isFull: entries.length === entriesMax,
    }
  }

  const trimTo = async (saleId: SaleId, generation: number, { lastId, highest }: Copied) => {
    const trimmed = await trim(redis, keysOf(saleId), { generation, next_id: idAfter(lastId), journaled: highest })
    return trimmed.state === "trimmed" && trimmed.left > 0
  }

  /**
   * Two accounts with one position, which must never be: admission of the sale stops until a person has looked. The journal
   * keeps the first of the two and goes on.
   */
  const alarm = async (within: Sql, saleId: SaleId, { message, detail = "" }: Refusal) => {
    log.error(
      { sale_id: saleId, detail: `${message}. ${detail}` },
      "a position was given twice: admission of this sale is stopped",
    )
    await within`update queue_rooms set alarm = ${`${message}. ${detail}`} where sale_id = ${saleId}`
  }

  return {
    /** Copies the rest of the stream without trimming it, while the room is cleared and nobody adds to it. */
    async copyRest(
      tx: Transaction,
      saleId: SaleId,
      { generation, journaledId }: { generation: number; journaledId: string },
    ): Promise<void> {
      for (let after = journaledId; ;) {
        try {
          const copied = await tx.savepoint((inner) => copy(inner, saleId, generation, after))
          if (!copied) return
          after = copied.lastId
        } catch (error) {
          if (!isGivenTwice(error)) throw error
          await alarm(tx, saleId, error)
        }
      }
    },
    lookupAlarm: async (saleId: SaleId): Promise<string | undefined> => {
      const [room] = await sql<{ alarm: string | null }[]>`
        select alarm from queue_rooms where sale_id = ${saleId} limit 1`
      return room?.alarm ?? undefined
    },
    clearAlarm: async (saleId: SaleId, generation: number): Promise<void> => {
      await change(redis, keysOf(saleId), { generation }, ["alarm", 0])
      await sql`update queue_rooms set alarm = null where sale_id = ${saleId}`
    },
    /**
     * Copies until the stream is empty, at most `batchesMax` batches; true when it is. It also stops at a batch of fewer than
     * `batchMin` joins with nothing behind it: fewer, larger batches cost less in a rush.
     * @throws when a store is away.
     */
    async drain(saleId: SaleId, { batchesMax = 1000, batchMin = 0 } = {}): Promise<boolean> {
      const generation = Number((await redis.hget(keysOf(saleId).state, "generation")) ?? 0)
      for (let left = batchesMax; left > 0; left--) {
        try {
          const copied = await transaction(sql, (tx) => copy(tx, saleId, generation))
          if (!copied || !(await trimTo(saleId, generation, copied))) return true
          if (!copied.isFull && copied.count < batchMin) return false
        } catch (error) {
          if (!isGivenTwice(error)) throw error
          await change(redis, keysOf(saleId), { generation }, ["alarm", 1])
          await alarm(sql, saleId, error)
          return false
        }
      }
      return false
    },
  }
}

type Copied = { lastId: string; highest: number; count: number; isFull: boolean }

const isGivenTwice = (error: unknown): error is Refusal & Error =>
  isRefusal(error) && error.constraint_name === "queue_entries_position_once"

export const startOfStream = "0-0"
const entriesMax = 128
const rowsMax = 4096

const write = async (
  tx: Sql,
  saleId: SaleId,
  generation: number,
  rows: JournalRows,
  { alarmed }: { alarmed: boolean },
) => {
  const { joins, restored, calls, admissions, finishes, shiftMs } = rows
  // A replay changes nothing. Another account at the same position breaks queue_entries_position_once, unless the alarm is on
  // already.
  const unlessKnown = alarmed
    ? tx`on conflict do nothing`
    : tx`on conflict on constraint queue_entries_account_once do nothing`
  if (joins.length > 0)
    await tx`
      insert into queue_entries (sale_id, account_id, position, joined_at, restored)
      select ${saleId}, account_id, from_position + nth - 1, to_timestamp(joined_ms / 1000.0), false
      from unnest(
        ${joins.map((each) => each.from)}::bigint[],
        ${joins.map((each) => each.joinedMs)}::text[]::bigint[],
        ${joins.map((each) => each.accounts)}::text[]
      ) as batch (from_position, joined_ms, accounts)
      cross join lateral unnest(string_to_array(accounts, ' ')) with ordinality as entry (account_id, nth)
      ${unlessKnown}`
  if (restored.length > 0)
    await tx`
      insert into queue_entries (sale_id, account_id, position, joined_at, restored)
      select ${saleId}, account_id, position, joined_at, true
      from unnest(
        ${restored.map((each) => each.accountId)}::text[],
        ${restored.map((each) => each.position)}::bigint[],
        ${restored.map((each) => each.joinedAt)}::timestamptz[]
      ) as entry (account_id, position, joined_at)
      ${unlessKnown}`
  if (calls.length > 0)
    await tx`
      insert into queue_calls (sale_id, generation, entry_id, from_position, to_position, again, epoch, called_at)
      select ${saleId}, ${generation}, entry_id, from_position, to_position, again, epoch, called_at
      from unnest(
        ${calls.map((each) => each.entryId)}::text[],
        ${calls.map((each) => each.from)}::bigint[],
        ${calls.map((each) => each.to)}::bigint[],
        ${calls.map((each) => `${each.again}`)}::text[]::boolean[],
        ${calls.map((each) => each.epoch)}::bigint[],
        ${calls.map((each) => each.at)}::timestamptz[]
      ) as call (entry_id, from_position, to_position, again, epoch, called_at)
      on conflict on constraint queue_calls_once do nothing`
  if (admissions.length > 0)
    await tx`
      insert into queue_admissions (admission_id, sale_id, account_id, position, granted_at, ends_at)
      select admission_id, ${saleId}, account_id, position, granted_at, ends_at
      from unnest(
        ${admissions.map((each) => each.admissionId)}::text[],
        ${admissions.map((each) => each.accountId)}::text[],
        ${admissions.map((each) => each.position)}::bigint[],
        ${admissions.map((each) => each.grantedAt)}::timestamptz[],
        ${admissions.map((each) => each.endsAt)}::timestamptz[]
      ) as admission (admission_id, account_id, position, granted_at, ends_at)
      on conflict on constraint queue_admissions_once do nothing`
  if (finishes.length > 0)
    await tx`
      insert into queue_finishes (admission_id, sale_id, reason, finished_at)
      select admission_id, ${saleId}, reason, finished_at
      from unnest(
        ${finishes.map((each) => each.admissionId)}::text[],
        ${finishes.map((each) => each.reason)}::text[],
        ${finishes.map((each) => each.at)}::timestamptz[]
      ) as finish (admission_id, reason, finished_at)
      on conflict on constraint queue_finishes_once do nothing`
  if (shiftMs > 0)
    await tx`
      update queue_admissions
      set ends_at = ends_at + ${shiftMs} * interval '1 millisecond'
      where sale_id = ${saleId}
        and not exists (select 1 from queue_finishes finish where finish.admission_id = queue_admissions.admission_id)`
}
