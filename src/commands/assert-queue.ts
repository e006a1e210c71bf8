import { isFault } from "../fault.ts"
import { isId, trustedId, type SaleId } from "../ids.ts"
import { auditStores } from "../lab/audit/audit.ts"
import { checkLines } from "../lab/report/text.ts"
import type { ServerTruth } from "../lab/model/truth.ts"

export type AssertQueueOptions = { sale: string; json?: boolean }

export type AssertQueueDeps = {
  /** Resolves when every acknowledged join is in the journal; may give up when nothing writes it. */
  drain: (saleId: SaleId) => Promise<unknown>
  truth: (saleId: SaleId) => Promise<ServerTruth>
  out: (line: string) => void
  complain: (line: string) => void
}

/** `traffic assert-queue --sale ID`: audits the queue and the box office of one sale. Answers the exit code: 0 all holds, 1 not, 64 no such sale. */
export const assertQueue = async (
  { sale, json }: AssertQueueOptions,
  { drain, truth, out, complain }: AssertQueueDeps,
): Promise<number> => {
  if (!isId(sale)) {
    complain(`traffic assert-queue: --sale ${sale}: write the id of a sale, a ULID of 26 characters`)
    return 64
  }
  const saleId = trustedId<SaleId>(sale)
  await drain(saleId)
  let checks
  try {
    checks = auditStores(await truth(saleId))
  } catch (error) {
    if (!isFault(error, "sale_not_found")) throw error
    complain(`traffic assert-queue: --sale ${sale}: there is no such sale in these stores`)
    return 64
  }
  const passed = checks.every((each) => each.passed || !each.judged)
  const shown = checks.map(({ counterExample, ...check }) => ({
    ...check,
    ...(counterExample === undefined ? {} : { counter_example: counterExample }),
  }))
  if (json) out(JSON.stringify({ sale_id: sale, verdict: passed ? "PASS" : "FAIL", checks: shown }))
  else out([...checkLines(checks), passed ? "PASS" : "FAIL"].join("\n"))
  return passed ? 0 : 1
}
