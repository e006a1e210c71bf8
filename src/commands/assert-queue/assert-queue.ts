import { exitCodes, Refusal, type ExitCode } from "../../exit.ts"
import { isFault } from "../../fault.ts"
import { isId, trustedId, type SaleId } from "../../ids.ts"
import { auditStores } from "../../lab/audit/audit.ts"
import { checkLines } from "../../lab/report/text.ts"
import type { ServerTruth } from "../../lab/model/truth.ts"

export type AssertQueueFlags = { sale: string; json?: boolean }

export type AssertQueueParts = {
  /** Resolves when every acknowledged join is in the journal; may give up when nothing writes it. */
  drain: (saleId: SaleId) => Promise<unknown>
  truth: (saleId: SaleId) => Promise<ServerTruth>
  out: (line: string) => void
}

export const assertQueue = async (
  { sale, json }: AssertQueueFlags,
  { drain, truth, out }: AssertQueueParts,
): Promise<ExitCode> => {
  const saleId = parseSale(sale)
  await drain(saleId)
  const checks = auditStores(await truth(saleId).catch(refuseAbsent(saleId)))
  const passed = checks.every((each) => each.passed || !each.judged)
  const verdict = passed ? "PASS" : "FAIL"
  const shown = checks.map(({ counterExample, ...check }) => ({ ...check, counter_example: counterExample }))
  out(json ? JSON.stringify({ sale_id: sale, verdict, checks: shown }) : [...checkLines(checks), verdict].join("\n"))
  return passed ? exitCodes.pass : exitCodes.fail
}

export const parseSale = (text: string): SaleId => {
  if (!isId(text)) throw new Refusal("usage", `--sale is "${text}"; write the id of a sale, a ULID of 26 characters`)
  return trustedId<SaleId>(text)
}

const refuseAbsent = (saleId: SaleId) => (error: unknown) => {
  if (!isFault(error, "sale_not_found")) throw error
  throw new Refusal(
    "usage",
    `--sale ${saleId}: there is no such sale in these stores; name another, or other stores with --data-dir or REDIS_URL and DATABASE_URL`,
  )
}
