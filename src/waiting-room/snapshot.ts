import type { SaleId } from "../ids.ts"
import { epochMs, type EpochMs } from "../units.ts"
import { gapsIn, type Gap } from "./gap.ts"
import { leadMax } from "./limits.ts"
import type { Pace } from "./pace.ts"
import { phaseOf, type Phase } from "./phase.ts"
import type { View } from "./scripts.ts"
import { settingsIn, type RoomSettings } from "./settings.ts"

/** Everything public about one sale, refreshed on each tick of every node; reading it costs no store. */
export type Snapshot = {
  saleId: SaleId
  phase: Phase
  nowServing: number
  joined: number
  waiting: number
  shoppers: number
  admitted: number
  admitPerMinute: number
  measuredPerMinute: number
  waitMsPerPosition: { p50: number; p90: number }
  stock: { total: number; available: number; held: number; sold: number }
  message: string
  opensAt: EpochMs
  queueOpensAt: EpochMs
  endsAt: EpochMs
  /** Redis is away or the room is rebuilt: the snapshot is the last that was taken. */
  recovering: boolean
  gaps: Gap[]
  takenAt: EpochMs
  version: number
  journalLag: number
}

export const snapshotOf = (
  saleId: SaleId,
  now: EpochMs,
  { fields, shoppers, restoredAhead }: View,
  pace: Pace,
): Omit<Snapshot, "version"> => {
  const settings = { saleId, ...settingsIn(fields) }
  const count = (field: string) => Number(fields[field] ?? 0)
  const clock = count("clock_ms")
  const roomNow = epochMs(Math.max(clock, Math.min(now, clock + leadMax)))
  return {
    saleId,
    phase: phaseOf(settings, { now: roomNow, soldOut: fields.sold_out === "1" }),
    nowServing: count("now_serving"),
    joined: count("joined"),
    waiting: Math.max(0, count("joined") - count("now_serving") - count("gap_ahead") + restoredAhead),
    shoppers,
    admitted: count("admitted"),
    admitPerMinute: settings.admitPerMinute,
    ...pace,
    stock: {
      total: count("stock_total"),
      available: count("stock_available"),
      held: count("stock_held"),
      sold: count("stock_sold"),
    },
    message: settings.message,
    opensAt: settings.opensAt,
    queueOpensAt: settings.queueOpensAt,
    endsAt: settings.endsAt,
    recovering: false,
    gaps: gapsIn(fields.gaps ?? "").filter((gap) => gap.to > count("now_serving")),
    takenAt: now,
    journalLag: Math.max(0, count("joined") - count("journaled")),
  }
}

/** A hash, so that an unchanged board keeps its ETag on every node and after a restart. */
export const versioned = (taken: Omit<Snapshot, "version">): Snapshot => {
  const { takenAt: _, journalLag: __, ...seen } = taken
  return { ...taken, version: Bun.hash.xxHash32(JSON.stringify(seen)) }
}

/** Of a room that is no longer in Redis. Its stock is the box office's to tell. */
export const pastSnapshot = (
  settings: RoomSettings,
  now: EpochMs,
  { highest, served, admitted }: { highest: number; served: number; admitted: number },
): Snapshot =>
  versioned({
    saleId: settings.saleId,
    phase: "closed",
    nowServing: served,
    joined: highest,
    waiting: 0,
    shoppers: 0,
    admitted,
    admitPerMinute: settings.admitPerMinute,
    measuredPerMinute: 0,
    waitMsPerPosition: { p50: 0, p90: 0 },
    stock: { total: 0, available: 0, held: 0, sold: 0 },
    message: settings.message,
    opensAt: settings.opensAt,
    queueOpensAt: settings.queueOpensAt,
    endsAt: settings.endsAt,
    recovering: false,
    gaps: [],
    takenAt: now,
    journalLag: 0,
  })
