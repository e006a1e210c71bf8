import type { AdmissionId } from "../ids.ts"
import type { EpochMs } from "../units.ts"
import type { Phase } from "./phase.ts"

export type JoinOutcome =
  /** `first` is false when the account had joined before. */
  | { state: "joined"; position: number; joinedAt: EpochMs; first: boolean }
  | { state: "closed"; phase: Phase; opensAt: EpochMs; queueOpensAt: EpochMs }
  | { state: "full" }
  | { state: "recovering" }
  /** The journal lags too far behind, or too many joins wait in this process. */
  | { state: "busy" }
  | { state: "unknown_sale" }

export type Turn =
  | { state: "waiting"; position: number }
  /** The call window has ended: let in as soon as a place is free. */
  | { state: "missed"; position: number }
  /** The admission was paid with, left or ran out: joining again asks for another, once nobody waits for a first one. */
  | { state: "used"; position: number }
  | { state: "admitted"; position: number; admissionId: AdmissionId; grantedAt: EpochMs; endsAt: EpochMs }
  | { state: "not_in_queue" }
  | { state: "recovering" }
  | { state: "unknown_sale" }
