import type { RunId, SaleId } from "../../ids.ts"
import type { EpochMs } from "../../units.ts"
import type { Check } from "./check.ts"
import type { SaleSecond, Second } from "./figures.ts"
import type { Threshold } from "./threshold.ts"
import type { RunSettings } from "./settings.ts"
import type { Verdict } from "./verdict.ts"

export const finalStates = ["passed", "failed", "inconclusive", "cancelled", "interrupted", "error"] as const
export type FinalState = (typeof finalStates)[number]
export type RunState = "queued" | "preparing" | "armed" | "running" | "auditing" | FinalState

export const isFinal = (state: RunState): state is FinalState => (finalStates as readonly string[]).includes(state)

export const finalStateOf: Record<Verdict, FinalState> = {
  PASS: "passed",
  FAIL: "failed",
  INCONCLUSIVE: "inconclusive",
}

export type LiveTruth = SaleSecond & {
  saleId?: SaleId
  seenAt?: EpochMs
}

/** The answer of a search for capacity: how many per second, and what gave way. */
export type Capacity = { perSecond: number; cause: string; why: string }

/** Only who drives a run writes it, see play/driver.ts; everybody else is given it as it stands. */
export type Run = Readonly<{
  runId: RunId
  scenario: string
  state: RunState
  settings: RunSettings
  saleId: SaleId
  trafficVersion: string
  k6Version: string
  verdict?: Verdict
  failures: string[]
  checks: Check[]
  metrics: Record<string, number>
  live: Second[]
  limitedBy?: string
  /** The baseline that later runs of its scenario are held against. */
  starred?: boolean
  /** SHA-256 in hex of the script that k6 ran; runs are comparable only when it is equal. */
  scriptHash?: string
  /** Such as "2 x Intel Xeon 2.50GHz, 24 GB". */
  machine?: string
  preset?: string
  segment?: { index: number; of: number }
  capacity?: Capacity
  thresholds?: Threshold[]
  createdAt: EpochMs
  startedAt?: EpochMs
  endedAt?: EpochMs
}>
