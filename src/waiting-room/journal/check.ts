import { trustedId, type AccountId, type AdmissionId, type SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import type { Metrics } from "../../metrics.ts"
import type { Pool } from "../../stores/postgres.ts"
import type { Redis } from "../../stores/redis.ts"
import { epochMs } from "../../units.ts"
import { isGivenTwice, type Journal } from "./journal.ts"
import { idAfter, noRows, type JournalRows } from "./entry.ts"
import { keepSettings, writeRows } from "./tables.ts"
import { lookupJournaled, totalsOf } from "../journaled-room.ts"
import { keysOf } from "../keys.ts"
import { settingsIn } from "../settings.ts"

type Parts = { redis: Redis; sql: Pool; log: Log; journal: Journal; metrics?: Pick<Metrics, "counter"> }
type Checked = { state: "whole" } | { state: "healed" } | { state: "foreign" }

/**
 * Compares the journal with the living room, which has every entry of its sale. A Postgres that was restored to an older backup
 * lacks what Redis has: it is written again. `foreign`: Postgres knows the room as another one, or not at all.
 */
export const checkJournal = async (parts: Parts, saleId: SaleId, generation: number): Promise<Checked> => {
  const { sql, log, journal, metrics } = parts
  const room = await lookupJournaled(sql, saleId)
  if (room?.generation !== generation) {
    log.error({ sale_id: saleId, generation }, "Postgres knows a waiting room of Redis otherwise: it is verified again")
    return { state: "foreign" }
  }
  if ((await lackingIn(parts, saleId)).count <= 0) return { state: "whole" }
  // Receipts that were put back a moment ago may still be on their way.
  await journal.drain(saleId)
  const { count, held, written } = await lackingIn(parts, saleId)
  if (count <= 0) return { state: "whole" }
  log.error(
    { sale_id: saleId, joined: held, journaled: written, count },
    "the journal lacks entries that Redis has: they are written again",
  )
  await healSettings(parts, saleId, generation)
  const healed = await heal(parts, saleId, generation, room.alarm !== null)
  metrics?.counter("traffic_journal_healed_total", "Entries that Postgres had lost and Redis had").inc(healed)
  log.warn({ sale_id: saleId, entries: healed }, "the journal has the entries of the waiting room again")
  return { state: "healed" }
}

/** Redis is read first, so that what is journaled meanwhile is not taken for missing. */
const lackingIn = async ({ redis, sql }: Parts, saleId: SaleId) => {
  const keys = keysOf(saleId)
  const held = await redis.hlen(keys.positions)
  const [joined, journaled] = await redis.hmget(keys.state, "joined", "journaled")
  const [entries] = await sql<{ written: number }[]>`
    select count(*) as written from queue_entries where sale_id = ${saleId} limit 1`
  const { written } = entries!
  return { held, written, count: held - Math.max(0, Number(joined) - Number(journaled)) - written }
}

const heal = async (parts: Parts, saleId: SaleId, generation: number, alarmed: boolean): Promise<number> => {
  const { redis, sql, journal } = parts
  const keys = keysOf(saleId)
  const before = await lackingIn(parts, saleId)
  const write = async (rows: JournalRows) => {
    try {
      await sql.begin((tx) => writeRows(tx, saleId, generation, rows, { alarmed }))
    } catch (error) {
      if (!isGivenTwice(error)) throw error
      await journal.raiseAlarm(saleId, generation, error)
      await sql.begin((tx) => writeRows(tx, saleId, generation, rows, { alarmed: true }))
    }
  }
  for await (const flat of redisPages(redis, keys.positions)) await write(entriesIn(flat))
  for await (const flat of redisPages(redis, keys.admissions)) {
    const accounts = flat.filter((_, index) => index % 2 === 0)
    const ends = accounts.length === 0 ? [] : await redis.zmscore(keys.shoppers, ...accounts)
    await write(admissionsIn(flat, ends))
  }
  await healCalls(parts, saleId, generation)
  return Math.max(0, (await lackingIn(parts, saleId)).written - before.written)
}

/** When each was called is lost: one call says how far the queue has come, so that nobody is called a second time. */
const healCalls = async ({ redis, sql }: Parts, saleId: SaleId, generation: number) => {
  const [nowServing, epoch, clockMs] = await redis.hmget(keysOf(saleId).state, "now_serving", "epoch", "clock_ms")
  const { served } = await totalsOf(sql, saleId)
  if (Number(nowServing) <= served) return
  const rows = noRows()
  rows.calls.push({
    entryId: `healed-${served}`,
    from: served + 1,
    to: Number(nowServing),
    again: false,
    epoch: Number(epoch),
    at: epochMs(Number(clockMs)),
  })
  await sql.begin((tx) => writeRows(tx, saleId, generation, rows, { alarmed: false }))
}

/** When they were changed is lost as well: what the room is set to counts from here on. */
const healSettings = async ({ redis, sql }: Parts, saleId: SaleId, generation: number) => {
  const fields = await redis.hgetall(keysOf(saleId).state)
  const room = await lookupJournaled(sql, saleId)
  if (room === undefined) return
  const since = { generation, entryId: idAfter(room.journaledId), at: epochMs(Number(fields.clock_ms)) }
  await keepSettings(sql, { saleId, ...since }, settingsIn(fields))
}

/** The fields and values of a hash, some hundreds at a time. */
async function* redisPages(redis: Redis, key: string): AsyncGenerator<string[]> {
  for (let cursor = "0"; ;) {
    const [next, flat] = await redis.hscan(key, cursor, "COUNT", pageSize)
    yield flat
    cursor = next
    if (cursor === "0") return
  }
}

const entriesIn = (flat: string[]) => {
  const rows = noRows()
  for (let index = 0; index < flat.length; index += 2) {
    const [position, joinedMs] = flat[index + 1]!.split(":")
    const accountId = trustedId<AccountId>(flat[index]!)
    rows.restored.push({ accountId, position: Number(position), joinedAt: epochMs(Number(joinedMs)) })
  }
  return rows
}

const admissionsIn = (flat: string[], ends: (string | null)[]) => {
  const rows = noRows()
  for (let index = 0; index < flat.length; index += 2) {
    const [admissionId, position, grantedMs] = flat[index + 1]!.split(":")
    const endsMs = ends[index / 2]
    if (endsMs == null) continue
    rows.admissions.push({
      admissionId: trustedId<AdmissionId>(admissionId!),
      accountId: trustedId<AccountId>(flat[index]!),
      position: Number(position),
      grantedAt: epochMs(Number(grantedMs)),
      endsAt: epochMs(Number(endsMs)),
    })
  }
  return rows
}

const pageSize = 1000
