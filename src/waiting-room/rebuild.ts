import type { Clock } from "../clock.ts"
import type { SaleId } from "../ids.ts"
import type { Log } from "../log.ts"
import type { Sql, Transaction } from "../stores/postgres.ts"
import type { Redis } from "../stores/redis.ts"
import type { EpochMs } from "../units.ts"
import { isAfter } from "./journal-entry.ts"
import { gapsBehind, gapsText, keepGap, listGaps, type Gap } from "./gap.ts"
import { startOfStream, type Journal } from "./journal.ts"
import { keysOf } from "./keys.ts"
import { leadMax } from "./limits.ts"
import type { Copy, JournaledRoom, Seen, Verified } from "./recovery.ts"
import { clear, restore, seal } from "./scripts.ts"
import { fieldsOf, type RoomSettings } from "./settings.ts"

type Parts = { redis: Redis; clock: Clock; log: Log; journal: Journal; journalLagMax: number }
type Case = { saleId: SaleId; settings: RoomSettings; seen: Seen; room: JournaledRoom; copy: Copy }

/**
 * Fills Redis from the journal, within a transaction that holds the room's lock. The generation is set last: until then every
 * script answers "recovering". What the stream has and the journal has not is copied when the room is closed to everybody, and
 * stays in the stream until that is committed.
 * The counter goes beyond every position that may have been answered and lost; the step is a gap that receipts may fill.
 */
export const rebuild = async (
  tx: Transaction,
  parts: Parts,
  { saleId, settings, seen, room, copy }: Case,
): Promise<Verified> => {
  const { redis, clock, log, journal, journalLagMax } = parts
  log.warn(
    {
      sale_id: saleId,
      generation: copy.generation,
      joined: copy.joined,
      now_serving: copy.nowServing,
      journaled: room.highest,
      told_joined: seen.joined,
      told_now_serving: seen.nowServing,
    },
    "the waiting room is rebuilt from the journal",
  )
  const token = crypto.randomUUID()
  const keys = keysOf(saleId)
  const keeps = keepsJournal(copy, room)
  const seenCopy = copy.present ? copy.generation : ""
  const cleared = await clear(redis, keys, { seen: seenCopy, rebuild: token, keeps_journal: Number(keeps) })
  if (cleared.state !== "cleared") return { state: "recovering" }
  if (keeps) await journal.copyRest(tx, saleId, room)
  else await tx`update queue_rooms set journaled_id = ${startOfStream} where sale_id = ${saleId}`

  const now = clock()
  const awayMs = seen.at === undefined ? 0 : Math.max(0, now - seen.at - leadMax)
  const journaled = await totalsOf(tx, saleId)
  const known = [...(await listGaps(tx, saleId))]
  const top = Math.max(journaled.highest, known.at(-1)?.to ?? 0)
  const joined = Math.max(top, copy.joined, seen.joined) + Math.max(journalLagMax, gapMin)
  const gaps = [...known, { from: top + 1, to: joined }]
  const nowServing = Math.max(journaled.served, copy.nowServing, seen.nowServing)

  const load = async (rows: (string | number)[]) => {
    for (let from = 0; from < rows.length; from += chunkMax * 3)
      if ((await restore(redis, keys, { rebuild: token }, rows.slice(from, from + chunkMax * 3))).state !== "restored")
        return false
    return true
  }
  for (let after = 0; ;) {
    const page = await entriesAfter(tx, saleId, after)
    if (page.length === 0) break
    if (!(await load(page.flatMap((each) => rowsOf(each, gaps, nowServing))))) return { state: "recovering" }
    after = page.at(-1)!.position
  }
  if (!(await load(await liveAdmissions(tx, saleId, now, awayMs)))) return { state: "recovering" }

  const generation = Math.max(room.generation, copy.generation) + 1
  const counters = {
    joined,
    now_serving: nowServing,
    journaled: joined,
    advanced: 0,
    sold_out: 0,
    epoch: journaled.epoch,
  }
  const others = {
    called: journaled.called,
    admitted: journaled.admitted,
    gaps: gapsText(gaps),
    gap_ahead: gapsBehind(gaps, nowServing),
  }
  const clocks = {
    clock_ms: now,
    wall_ms: now,
    refilled_ms: now,
    rebuilt_ms: now,
    credit: 0,
    ...(journaled.alarmed ? { alarm: 1 } : {}),
  }
  const fields = [...fieldsOf(settings), ...Object.entries({ ...counters, ...others, ...clocks }).flat()]
  const sealed = await seal(redis, keys, { rebuild: token, generation, entries: journaled.entries }, fields)
  if (sealed.state !== "sealed") return { state: "recovering" }
  await keepGap(tx, saleId, gaps.at(-1)!)
  await tx`update queue_rooms set generation = ${generation} where sale_id = ${saleId}`
  log.warn(
    { sale_id: saleId, generation, entries: journaled.entries, joined, now_serving: nowServing },
    "the waiting room is rebuilt",
  )
  return { state: "verified", generation }
}

/** The stream goes on where the journal ends, and nothing between them is missing. */
export const keepsJournal = (copy: Copy, room: JournaledRoom) =>
  (copy.generation === room.generation || copy.streamOf === room.generation) && !isAfter(room.journaledId, copy.lastId)

/** No rebuild steps over fewer positions than this. */
const gapMin = 1000
const pageMax = 5000
const chunkMax = 500

export const totalsOf = async (tx: Sql, saleId: SaleId) => {
  const [totals] = await tx<
    {
      entries: number
      highest: number
      admitted: number
      served: number
      called: number
      epoch: number
      alarmed: boolean
    }[]
  >`
    select entry.*, called.*,
      (select count(*) from queue_admissions where sale_id = ${saleId}) as admitted,
      exists (select 1 from queue_rooms where sale_id = ${saleId} and alarm is not null) as alarmed
    from
      (select count(*) as entries, coalesce(max(position), 0) as highest from queue_entries where sale_id = ${saleId}) as entry,
      (
        select coalesce(max(to_position) filter (where not again), 0) as served,
          coalesce(sum(to_position - from_position + 1), 0)::bigint as called,
          coalesce(max(epoch), 0) as epoch
        from queue_calls
        where sale_id = ${saleId}
      ) as called
    limit 1`
  return totals!
}

type Entry = { accountId: string; position: number; joinedAt: Date; used: boolean }

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
  const entry = ["entry", accountId, `${position}:${joinedAt.getTime()}${used ? ":used" : ""}`]
  // Nobody is called inside a gap: whoever a receipt put there comes when now_serving has stepped over it.
  const inGap = position > nowServing && gaps.some((gap) => position >= gap.from && position <= gap.to)
  return inGap ? [...entry, "late", accountId, position] : entry
}

/** Nobody could shop for `awayMs`: all who could before get them back. */
const liveAdmissions = async (tx: Sql, saleId: SaleId, now: EpochMs, awayMs: number) => {
  if (awayMs > 0)
    await tx`
      update queue_admissions admission set ends_at = ends_at + ${awayMs} * interval '1 millisecond'
      where sale_id = ${saleId}
        and ends_at > ${new Date(now - awayMs)}
        and not exists (select 1 from queue_finishes finish where finish.admission_id = admission.admission_id)`
  const live = await tx<{ admissionId: string; accountId: string; position: number; grantedAt: Date; endsAt: Date }[]>`
    select distinct on (account_id) admission_id, account_id, position, granted_at, ends_at
    from queue_admissions admission
    where sale_id = ${saleId}
      and ends_at > ${new Date(now)}
      and not exists (select 1 from queue_finishes finish where finish.admission_id = admission.admission_id)
    order by account_id, granted_at desc
    limit 100000`
  return live.flatMap(({ admissionId, accountId, position, grantedAt, endsAt }) => [
    "admission",
    accountId,
    `${admissionId}:${position}:${grantedAt.getTime()}`,
    "shopper",
    accountId,
    endsAt.getTime(),
  ])
}
