import type { SaleId } from "../../ids.ts"
import type { Sql } from "../../stores/postgres.ts"
import type { EpochMs } from "../../units.ts"
import type { JournaledSettings, JournalRows } from "./entry.ts"

export const writeRows = async (
  tx: Sql,
  saleId: SaleId,
  generation: number,
  rows: JournalRows,
  { alarmed }: { alarmed: boolean },
) => {
  const { joins, restored, calls, admissions, finishes, settings, shifts } = rows
  for (const { by, at } of shifts)
    await tx`
      update queue_admissions
      set ends_at = ends_at + ${by} * interval '1 millisecond',
        granted_at = least(
          granted_at + case when granted_at > ${at} then ${by}::int8 else 0 end * interval '1 millisecond',
          ends_at + ${by - 1} * interval '1 millisecond'
        )
      where sale_id = ${saleId}
        and not exists (select 1 from queue_finishes finish where finish.admission_id = queue_admissions.admission_id)`
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
  for (const { entryId, at, held } of settings) await keepSettings(tx, { saleId, generation, entryId, at }, held)
}

type Since = { saleId: SaleId; generation: number; entryId: string; at: EpochMs }

/** What is known of that moment stays. */
export const keepSettings = async (tx: Sql, { saleId, generation, entryId, at }: Since, held: JournaledSettings) => {
  const { admitPerMinute, waitingRoomCap, shopperCapacity, callWindow, admissionLength, paused, closed } = held
  await tx`
    insert into queue_settings (
      sale_id, generation, entry_id, since, admit_per_minute, waiting_room_cap, shopper_capacity, call_window_ms, admission_length_ms,
      paused, closed
    )
    values (
      ${saleId}, ${generation}, ${entryId}, ${at}, ${admitPerMinute}, ${waitingRoomCap}, ${shopperCapacity}, ${callWindow},
      ${admissionLength}, ${paused}, ${closed}
    )
    on conflict on constraint queue_settings_once do nothing`
}
