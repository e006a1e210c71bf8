import { createHash } from "node:crypto"
import { Fault, type FaultCode } from "../fault.ts"
import type { AccountId, SaleId } from "../ids.ts"
import type { Pool, Sql } from "../stores/postgres.ts"
import { later, millis, minutes, type EpochMs } from "../units.ts"
import { parseLine } from "./validate.ts"

/** What a client wants to have happen once. The key is the client's, one for each account, sale and operation. */
export type Intent = {
  saleId: SaleId
  accountId: AccountId
  operation: string
  key: string
  body: unknown
}

/** A refusal that is an answer, such as a declined payment, is kept; a Fault that is thrown undoes everything and keeps nothing. */
export type Answer<T> = { state: "done"; value: T } | { state: "refused"; code: FaultCode; detail: string }

export const keyLengthMax = 128
export const keyLife = minutes(24 * 60)

export const parseKey = (key: unknown): string => parseLine(key, "idempotency_key", 1, keyLengthMax)

/**
 * Runs `effect` unless its key was answered before, and keeps its answer in the same transaction.
 * The key is asked before anything else, so that a kept answer is given whatever became of the admission.
 * Two equal requests at one time: the later is told at once that the first is still running, it never waits.
 * @throws Fault idempotency_running, idempotency_mismatch.
 */
export const once = async <T>(
  tx: Sql,
  intent: Intent,
  now: EpochMs,
  effect: () => Promise<Answer<T>>,
): Promise<Answer<T>> => {
  const { saleId, accountId, operation, key } = intent
  const fingerprint = createHash("sha256").update(JSON.stringify(intent.body)).digest("hex")
  const [locks, kept] = await Promise.all([
    tx<{ free: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtextextended(${[saleId, accountId, operation, key].join("\n")}, 0)) as free`,
    tx<{ fingerprint: string; answer: string }[]>`
      select fingerprint, answer from idempotency
      where sale_id = ${saleId} and account_id = ${accountId} and operation = ${operation} and key = ${key}
      limit 1`,
  ])
  const [before] = kept
  if (before && before.fingerprint !== fingerprint)
    throw new Fault("idempotency_mismatch", "Use a new key for a new intent; the same key repeats the same request")
  if (before) return JSON.parse(before.answer) as Answer<T>
  if (!locks[0]!.free)
    throw new Fault(
      "idempotency_running",
      "The first request with this key has no answer yet; ask again with the same key",
      {
        headers: { "retry-after": "1" },
      },
    )
  const answer = JSON.stringify(await effect())
  await tx`
    insert into idempotency (sale_id, account_id, operation, key, fingerprint, answer, answered_at)
    values (${saleId}, ${accountId}, ${operation}, ${key}, ${fingerprint}, ${answer}, ${now})`
  return JSON.parse(answer) as Answer<T>
}

export const valueOf = <T>(answer: Answer<T>): T => {
  if (answer.state === "refused") throw new Fault(answer.code, answer.detail)
  return answer.value
}

export const forgetOldKeys = async (sql: Pool, now: EpochMs): Promise<void> => {
  for (let batch = 0; batch < 4; batch++) {
    const { count } = await sql`
      delete from idempotency where (sale_id, account_id, operation, key) in (
        select sale_id, account_id, operation, key from idempotency
        where answered_at < ${later(now, millis(-keyLife))}
        order by answered_at
        limit 500
        for update skip locked
      )`
    if (count < 500) return
  }
}
