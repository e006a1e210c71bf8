import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Metrics } from "../metrics.ts"
import type { Sql, Transaction } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import { seconds, type EpochMs } from "../units.ts"
import { keepsJournal, type Copy } from "./copy.ts"
import { gapsBehind, gapsText, keepGap, listGaps, type Gap } from "./gap.ts"
import { startOfStream, type Journal } from "./journal/journal.ts"
import { keepSettings } from "./journal/tables.ts"
import { totalsOf, type JournaledRoom, type Totals } from "./journaled-room.ts"
import { keysOf } from "./keys.ts"
import { leadMax, settleFor } from "./limits.ts"
import { clear, restore, seal } from "./scripts.ts"
import { fieldsOf, type RoomSettings } from "./settings.ts"
import type { HighWater, Verified } from "./verified.ts"

type Parts = {
  redis: Redis
  clock: Clock
  log: Log
  journal: Journal
  journalLagMax: number
  metrics?: Pick<Metrics, "counter">
}
type Case = { saleId: SaleId; settings: RoomSettings; highWater: HighWater; room: JournaledRoom; copy: Copy }

/**
 * Fills Redis from the journal, under the lock of the room. The generation is set last: until then every script answers
 * "recovering". Entries of the stream that the journal lacks are copied first and trimmed after the commit.
 */
export const rebuild = async (tx: Transaction, parts: Parts, lost: Case): Promise<Verified> => {
  const { redis, clock, log, metrics } = parts
  const { saleId, settings, highWater, room, copy } = lost
  logLoss(log, lost)
  metrics?.counter("traffic_rebuilds_total", "Rebuilds of waiting rooms that began").inc()
  // A slow disk takes longer than the sessions of the journal may be idle.
  await tx`select set_config('idle_in_transaction_session_timeout', ${String(idleMax)}, true)`
  const token = crypto.randomUUID()
  const restored = await clearRoom(tx, parts, lost, token)
  if (restored === undefined) return { state: "recovering" }

  const now = clock()
  const totals = await totalsOf(tx, saleId)
  const { joined, gaps, added } = await stepOver(tx, parts, lost, totals)
  const nowServing = Math.max(totals.served, copy.nowServing, highWater.nowServing)
  const awayMs = highWater.at === undefined ? 0 : Math.max(0, now - highWater.at - leadMax)
  const load = async (rows: string[], restoredTo: number) =>
    (await restore(redis, keysOf(saleId), { rebuild: token, restored_to: restoredTo, batch: rows.join(" ") })).state ===
    "restored"
  for (let after = restored; ;) {
    const page = await entriesAfter(tx, saleId, after)
    if (page.length === 0) break
    after = page.at(-1)!.position
    const rows = page.map((each) => rowOf(each, gaps, nowServing))
    if (!(await load(rows, after))) return { state: "recovering" }
  }
  for (const rows of pagesOf(await liveAdmissions(tx, saleId, now, awayMs)))
    if (!(await load(rows, totals.highest))) return { state: "recovering" }

  const generation = Math.max(room.generation, copy.generation) + 1
  const fields = [...fieldsOf(settings), ...stateFields({ joined, nowServing, gaps, totals, now })]
  const sealed = await seal(redis, keysOf(saleId), { rebuild: token, generation, entries: totals.entries }, fields)
  if (sealed.state !== "sealed") return { state: "recovering" }
  await keepGap(tx, saleId, added)
  await keepSettings(tx, { saleId, generation, entryId: startOfStream, at: now }, settings)
  await tx`update queue_rooms set generation = ${generation} where sale_id = ${saleId}`
  log.warn(
    { sale_id: saleId, generation, entries: totals.entries, resumed_at: restored, joined, now_serving: nowServing },
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

/** Up to which position the room is restored already. Undefined when another rebuild has begun. */
const clearRoom = async (tx: Transaction, { redis, journal }: Parts, { saleId, room, copy }: Case, token: string) => {
  const keeps = keepsJournal(copy, room)
  const seen = copy.present ? copy.generation : ""
  const of = `${room.generation}:${room.journaledId}:${room.highest}`
  const cleared = await clear(redis, keysOf(saleId), { seen, rebuild: token, of, keeps_journal: Number(keeps) })
  if (cleared.state === "superseded") return undefined
  if (keeps) await journal.copyRest(redis, tx, saleId, room)
  else await tx`update queue_rooms set journaled_id = ${startOfStream} where sale_id = ${saleId}`
  return cleared.state === "resumed" ? cleared.restoredTo : 0
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

type Rebuilt = { joined: number; nowServing: number; gaps: Gap[]; totals: Totals; now: EpochMs }

const stateFields = ({ joined, nowServing, gaps, totals, now }: Rebuilt): (string | number)[] =>
  Object.entries({
    joined,
    now_serving: nowServing,
    journaled_call: totals.served,
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
const idleMax = seconds(60)
/** About 800 KB in one call: on a slow disk each call waits for an fsync or two. */
const pageMax = 10_000

const pagesOf = (rows: string[]) =>
  Array.from({ length: Math.ceil(rows.length / pageMax) }, (_, n) => rows.slice(n * pageMax, (n + 1) * pageMax))

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

const rowOf = ({ accountId, position, joinedAt, used }: Entry, gaps: Gap[], nowServing: number) => {
  const entry = `entry ${accountId} ${position}:${joinedAt}${used ? ":used" : ""}`
  // Positions in a gap are not called in turn; a receipt that claims one is called as late.
  const inGap = position > nowServing && gaps.some((gap) => position >= gap.from && position <= gap.to)
  return inGap ? `${entry} late ${accountId} ${position}` : entry
}

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
  return live.map(
    ({ admissionId, accountId, position, grantedAt, endsAt }) =>
      `admission ${accountId} ${admissionId}:${position}:${grantedAt} shopper ${accountId} ${endsAt}`,
  )
}
