import { readFile } from "node:fs/promises"
import type { RunId, SaleId } from "../../ids.ts"
import type { Log } from "../../log.ts"
import { historyFile } from "../k6/k6.ts"
import { valueOf, type K6Summary } from "../k6/summary.ts"
import { joinHistories, parseHistory, type History } from "../model/history.ts"
import type { ServerTruth } from "../model/truth.ts"
import type { Evidence } from "../verdict/judgement.ts"

export type EvidenceParts = {
  folder: string
  log: Log
  sale: {
    drain(saleId: SaleId): Promise<unknown>
    truth(saleId: SaleId): Promise<ServerTruth>
  }
}

type Asked = { runId: RunId; saleId: SaleId; secondSaleId?: SaleId; /** A second k6 ran beside. */ hasNetwork: boolean }

export const gatherEvidence = async (
  { runId, saleId, secondSaleId, hasNetwork }: Asked,
  summary: K6Summary,
  { folder, log, sale }: EvidenceParts,
): Promise<Evidence> => {
  const text = await said(folder)
  const first = parseHistory(text)
  const second = parseHistory(text, 2)
  checkWhole(summary, first, second)
  const history = hasNetwork ? joinHistories(first, parseHistory(await said(folder, "network"))) : first
  if (history.strange.length > 0)
    log.warn({ run_id: runId, detail: history.strange[0] }, "the script said something unexpected")
  const truthOf = async (id: SaleId) => {
    await sale.drain(id)
    return sale.truth(id)
  }
  const truth = await truthOf(saleId)
  if (secondSaleId === undefined) return { history, truth }
  return { history, truth, second: { history: second, truth: await truthOf(secondSaleId) } }
}

const said = (folder: string, name?: string) => readFile(historyFile(folder, name), "utf8").catch(() => "")

/** @throws Error when the recorded history has fewer joins than k6 counted, since half a history hides breaches. */
export const checkWhole = (summary: K6Summary, ...histories: History[]) => {
  const counted = valueOf(summary, "done{step:join}", "count") ?? 0
  const written = histories.flatMap(({ joins }) => joins).filter(({ position }) => position !== undefined).length
  if (written < counted)
    throw new Error(`k6 counted ${counted} joins and wrote ${written} of them down: is the disk full?`)
}
