import type { Admission } from "../admission.ts"
import type { Clock } from "../clock.ts"
import { Fault } from "../fault.ts"
import type { HoldId } from "../ids.ts"
import { transaction, type Pool, type Sql } from "../stores/postgres.ts"
import { agreementMax } from "../tellers.ts"
import { later, rfc3339, type EpochMs } from "../units.ts"
import { inWords } from "./refusals.ts"
import { isLive, releaseHolds } from "./release.ts"

/** As the box office keeps it. Holds and orders point at the whole of it. */
type KeptAdmission = Pick<Admission, "admissionId"> & { grantedAt: EpochMs; endsAt: EpochMs }

export const openAdmissions = ({ sql, clock }: { sql: Pool; clock: Clock }) => ({
  /** Gives the hold back and finishes the admission; again is the same as once. @throws Fault admission_invalid. */
  leave: (shopper: Admission): Promise<void> => inWords(() => transaction(sql, (tx) => leave(tx, shopper, clock()))),

  /** When the shopper paid or left. */
  lookupFinish: (shopper: Admission): Promise<EpochMs | undefined> => lookupFinish(sql, shopper),
})

const leave = async (tx: Sql, shopper: Admission, now: EpochMs): Promise<void> => {
  // Checked again under the lock: the account may be in with another admission by now, and the hold is that one's.
  if ((await lockAdmission(tx, shopper)).finishedAt) return
  const [hold] = await tx<{ holdId: HoldId }[]>`
    select hold_id from holds
    where sale_id = ${shopper.saleId} and account_id = ${shopper.accountId} and ${isLive(tx)}
    limit 1
    for update`
  if (hold) await releaseHolds(tx, [hold.holdId], now)
  await finishAdmission(tx, shopper, now)
}

/**
 * Keeps the admission on its first use, follows it when an outage has moved its end, and locks it until the transaction ends, so that one shopper's requests run one after the other.
 * @throws Fault admission_invalid when it has ended or is somebody else's, admission_required when it is finished.
 */
export const enter = async (tx: Sql, shopper: Admission, now: EpochMs): Promise<KeptAdmission> => {
  refuseEnded(shopper, now)
  const { finishedAt, ...admission } = await lockAdmission(tx, shopper)
  if (finishedAt) throw finished()
  return admission
}

/** For reading: no lock, and no row where there is none yet. @throws as `enter`. */
export const refuseFinished = async (sql: Sql, shopper: Admission, now: EpochMs): Promise<void> => {
  refuseEnded(shopper, now)
  if ((await lookupFinish(sql, shopper)) !== undefined) throw finished()
}

const lookupFinish = async (sql: Sql, { admissionId }: Admission): Promise<EpochMs | undefined> => {
  const [row] = await sql<{ finishedAt: EpochMs | null }[]>`
    select finished_at from shop_admissions where admission_id = ${admissionId} limit 1`
  return row?.finishedAt ?? undefined
}

export const finishAdmission = async (tx: Sql, { admissionId }: Admission, now: EpochMs): Promise<void> => {
  await tx`update shop_admissions set finished_at = ${now} where admission_id = ${admissionId} and finished_at is null`
}

/**
 * First requests may come at the same moment. "On conflict" has to cover both unique constraints, which only "do nothing" can:
 * with the key alone the second one breaks shop_admissions_whole.
 * @throws Fault admission_invalid when the admission is kept for another account or sale.
 */
const lockAdmission = async (tx: Sql, { admissionId, saleId, accountId, grantedAt, endsAt }: Admission) => {
  const [, rows] = await Promise.all([
    tx`
      with entered as (
        insert into shop_admissions (admission_id, sale_id, account_id, granted_at, ends_at)
        values (${admissionId}, ${saleId}, ${accountId}, ${grantedAt}, ${endsAt})
        on conflict do nothing
      )
      update shop_admissions set ends_at = ${endsAt}
      where admission_id = ${admissionId} and sale_id = ${saleId} and account_id = ${accountId} and ends_at < ${endsAt}`,
    tx<(KeptAdmission & { finishedAt: EpochMs | null })[]>`
      select admission_id, granted_at, ends_at, finished_at from shop_admissions
      where admission_id = ${admissionId} and sale_id = ${saleId} and account_id = ${accountId}
      for no key update`,
  ])
  const [row] = rows
  if (!row) throw new Fault("admission_invalid", "The admission belongs to somebody else")
  return row
}

/** @throws Fault admission_invalid. */
export const refuseEnded = ({ grantedAt, endsAt }: Pick<Admission, "grantedAt" | "endsAt">, now: EpochMs) => {
  // Its room was set back, and gives another token for the same admission.
  if (grantedAt > later(now, agreementMax))
    throw new Fault("admission_invalid", "The admission was granted on a clock that was wrong; ask for your turn again")
  if (now >= endsAt) throw new Fault("admission_invalid", `The admission ended at ${rfc3339(endsAt)}`)
}

const finished = () => new Fault("admission_required", "This admission is finished; join the waiting room again")
