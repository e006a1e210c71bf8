import type { FiguresView, ServerView } from "../../../../views/lab/run-view.ts"
import { title } from "../../../../views/shared/words.ts"
import type { SaleId } from "../../../ids.ts"
import { version } from "../../../version.ts"
import { pulseOf } from "../../api/demo/pulse.ts"
import type { Parts } from "../../core/parts.ts"

export const figuresView = (
  { waitingRoom, metrics, log }: Parts,
  saleId: SaleId | undefined,
): FiguresView | undefined => {
  const seen = saleId === undefined ? undefined : waitingRoom.snapshot(saleId)
  if (seen === undefined) return undefined
  const pulse = pulseOf({ metrics, log })
  const beat = pulse.beat()
  return {
    ...pulse.answers(),
    waiting: seen.waiting,
    nowServing: seen.nowServing,
    joined: seen.joined,
    shoppers: seen.shoppers,
    admissionsPerSecond: seen.measuredPerMinute / 60,
    available: seen.stock.available,
    sold: seen.stock.sold,
    total: seen.stock.total,
    requestsPerSecond: beat.requestsPerSecond,
    errorPct: beat.errorRatePct,
    loopLagMs: beat.loopLagMs,
    phase: seen.phase,
  }
}

export const serverView = ({ health }: Parts, k6: { version: string } | { missing: string }): ServerView => {
  const { ready, stores } = health.readiness()
  return {
    ready,
    away: Object.entries(stores).flatMap(([name, { up }]) => (up ? [] : [title(name)])),
    version,
    k6: "missing" in k6 ? { ready: false, why: k6.missing } : { ready: true, version: k6.version },
  }
}
