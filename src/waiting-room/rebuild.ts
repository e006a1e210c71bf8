import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Sql, Transaction } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import type { EpochMs } from "../units.ts"
import { keepsJournal, type Copy } from "./copy.ts"
import { gapsBehind, gapsText, keepGap, listGaps, type Gap } from "./gap.ts"
import { startOfStream, type Journal } from "./journal.ts"
import { totalsOf, type JournaledRoom, type Totals } from "./journaled-room.ts"
import { keysOf } from "./keys.ts"
import { leadMax, settleFor } from "./limits.ts"
import { clear, restore, seal } from "./scripts.ts"
import { fieldsOf, type RoomSettings } from "./settings.ts"
import type { HighWater, Verified } from "./verified.ts"

type Parts = { redis: Redis; clock: Clock; log: Log; journal: Journal; journalLagMax: number }
type Case = { saleId: SaleId; settings: RoomSettings; highWater: HighWater; room: JournaledRoom; copy: Copy }

/**
 * Fills Redis from the journal, under the lock of the room. The generation is set last: until then every script answers
 * "recovering". Entries of the stream that the journal lacks are copied first and trimmed after the commit.
 */
export const rebuild = async (tx: Transaction, parts: Parts, lost: Case): Promise<Verified> => {
  const { redis, clock, log } = parts
  const { saleId, settings, highWater, room, copy } = lost
  logLoss(log, lost)
  const token = crypto.randomUUID()
  if (!(await clearRoom(tx, parts, lost, token))) return { state: "recovering" }

  const now = clock()
  const totals = await totalsOf(tx, saleId)
  const { joined, gaps, added } = await stepOver(tx, parts, lost, totals)
  const nowServing = Math.max(totals.served, copy.nowServing, highWater.nowServing)
  const awayMs = highWater.at === undefined ? 0 : Math.max(0, now - highWater.at - leadMax)
  const load = (rows: (string | number)[]) => restoreRows(redis, saleId, token, rows)
  for (let after = 0; ;) {
    const page = await entriesAfter(tx, saleId, after)
    if (page.length === 0) break
    if (!(await load(page.flatMap((each) => rowsOf(each, gaps, nowServing))))) return { state: "recovering" }
    after = page.at(-1)!.position
  }
  if (!(await load(await liveAdmissions(tx, saleId, now, awayMs)))) return { state: "recovering" }

  const generation = Math.max(room.generation, copy.generation) + 1
  const fields = [...fieldsOf(settings), ...stateFields({ joined, nowServing, gaps, totals, now })]
  const sealed = await seal(redis, keysOf(saleId), { rebuild: token, generation, entries: totals.entries }, fields)
  if (sealed.state !== "sealed") return { state: "recovering" }
  await keepGap(tx, saleId, added)
  await tx`update queue_rooms set generation = ${generation} where sale_id = ${saleId}`
  log.warn(
    { sale_id: saleId, generation, entries: totals.entries, joined, now_serving: nowServing },
    "the waiting room is rebuilt",
  )
  return { state: "verified", generation }
}

const logLoss = (log: Log, { saleId, highWater, room, copy }: Case) =>
  log.warn(
    {
      sale_id: saleId,
      generation: copy.generation,
      joined: copy.joined,
      now_serving: copy.nowServing,
      journaled: room.highest,
      told_joined: highWater.joined,
      told_now_serving: highWater.nowServing,
    },
    "the waiting room is rebuilt from the journal",
  )

/** False when another rebuild has begun. */
const clearRoom = async (tx: Transaction, { redis, journal }: Parts, { saleId, room, copy }: Case, token: string) => {
  const keeps = keepsJournal(copy, room)
  const seen = copy.present ? copy.generation : ""
  const cleared = await clear(redis, keysOf(saleId), { seen, rebuild: token, keeps_journal: Number(keeps) })
  if (cleared.state !== "cleared") return false
  if (keeps) await journal.copyRest(tx, saleId, room)
  else await tx`update queue_rooms set journaled_id = ${startOfStream} where sale_id = ${saleId}`
  return true
}

/** Skips every position that may have been answered and lost; receipts may claim those in the gap. */
const stepOver = async (
  tx: Transaction,
  { journalLagMax }: Parts,
  { saleId, highWater, copy }: Case,
  { highest }: Totals,
): Promise<{ joined: number; gaps: Gap[]; added: Gap }> => {
  const known = [...(await listGaps(tx, saleId))]
  const top = Math.max(highest, known.at(-1)?.to ?? 0)
  const joined = Math.max(top, copy.joined, highWater.joined) + Math.max(journalLagMax, gapMin)
  const added = { from: top + 1, to: joined }
  return { joined, gaps: [...known, added], added }
}

const restoreRows = async (redis: Redis, saleId: SaleId, token: string, rows: (string | number)[]) => {
  for (let from = 0; from < rows.length; from += chunkMax * 3) {
    const restored = await restore(redis, keysOf(saleId), { rebuild: token }, rows.slice(from, from + chunkMax * 3))
    if (restored.state !== "restored") return false
  }
  return true
}

type Rebuilt = { joined: number; nowServing: number; gaps: Gap[]; totals: Totals; now: EpochMs }

const stateFields = ({ joined, nowServing, gaps, totals, now }: Rebuilt): (string | number)[] =>
  Object.entries({
    joined,
    now_serving: nowServing,
    journaled: joined,
    advanced: 0,
    sold_out: 0,
    epoch: totals.epoch,
    called: totals.called,
    admitted: totals.admitted,
    gaps: gapsText(gaps),
    gap_ahead: gapsBehind(gaps, nowServing),
    clock_ms: now,
    wall_ms: now,
    refilled_ms: now,
    rebuilt_ms: now,
    settles_ms: now + settleFor,
    credit: 0,
    ...(totals.alarmed ? { alarm: 1 } : {}),
  }).flat()

const gapMin = 1000
const pageMax = 5000
const chunkMax = 500

type Entry = { accountId: string; position: number; joinedAt: EpochMs; used: boolean }

const entriesAfter = (tx: Sql, saleId: SaleId, after: number) => tx<Entry[]>`
  select account_id, position, joined_at,
    exists (
      select 1 from queue_admissions admission
      where admission.sale_id = entry.sale_id and admission.account_id = entry.account_id
    ) as used
  from queue_entries entry
  where sale_id = ${saleId} and position > ${after}
  order by position
  limit ${pageMax}`

const rowsOf = ({ accountId, position, joinedAt, used }: Entry, gaps: Gap[], nowServing: number) => {
  const entry = ["entry", accountId, `${position}:${joinedAt}${used ? ":used" : ""}`]
  // Positions in a gap are not called in turn; a receipt that claims one is called as late.
  const inGap = position > nowServing && gaps.some((gap) => position >= gap.from && position <= gap.to)
  return inGap ? [...entry, "late", accountId, position] : entry
}

/** Extends the admissions by the time in which nobody could shop. */
const liveAdmissions = async (tx: Sql, saleId: SaleId, now: EpochMs, awayMs: number) => {
  if (awayMs > 0)
    await tx`
      update queue_admissions admission set ends_at = ends_at + ${awayMs} * interval '1 millisecond'
      where sale_id = ${saleId}
        and ends_at > ${now - awayMs}
        and not exists (select 1 from queue_finishes finish where finish.admission_id = admission.admission_id)`
  const live = await tx<
    { admissionId: string; accountId: string; position: number; grantedAt: EpochMs; endsAt: EpochMs }[]
  >`
    select distinct on (account_id) admission_id, account_id, position, granted_at, ends_at
    from queue_admissions admission
    where sale_id = ${saleId}
      and ends_at > ${now}
      and not exists (select 1 from queue_finishes finish where finish.admission_id = admission.admission_id)
    order by account_id, granted_at desc
    limit 100000`
  return live.flatMap(({ admissionId, accountId, position, grantedAt, endsAt }) => [
    "admission",
    accountId,
    `${admissionId}:${position}:${grantedAt}`,
    "shopper",
    accountId,
    endsAt,
  ])
}
