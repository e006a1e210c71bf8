import type { AdmissionId } from "../ids.ts"
import type { EpochMs } from "../units.ts"
import type { Phase } from "./phase.ts"

export type JoinOutcome =
  | { state: "joined"; position: number; joinedAt: EpochMs; first: boolean }
  | { state: "closed"; phase: Phase; opensAt: EpochMs; queueOpensAt: EpochMs }
  | { state: "full" }
  | { state: "recovering" }
  | { state: "busy" }
  | { state: "unknown_sale" }

export type Turn =
  | { state: "waiting"; position: number }
  /** The call window has ended: admitted as soon as a place is free. */
  | { state: "missed"; position: number }
  /** Paid, left or expired: joining again asks for a second turn, after all first ones. */
  | { state: "used"; position: number }
  | { state: "admitted"; position: number; admissionId: AdmissionId; grantedAt: EpochMs; endsAt: EpochMs }
  | { state: "not_in_queue" }
  | { state: "recovering" }
  | { state: "unknown_sale" }
