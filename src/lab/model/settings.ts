import type { SaleId } from "../../ids.ts"
import { millis, minutes, type Millis } from "../../units.ts"
import { durationText } from "./duration.ts"

export type RunSettings = {
  scenario: string
  /** People; each is one VU of k6. */
  vusMax: number
  rampUp: Millis
  steady: Millis
  rampDown: Millis
  admitPerMinute: number
  waitingRoomCap: number
  totalSeats: number
  seed: number
  /** An existing sale to run against; a fresh one is made when it is absent. */
  saleId?: SaleId
  /** What the settings were taken from, before those that were named. */
  preset?: string
}

export type RunLimits = { vusMax: number; totalSeats: number; length: Millis }
export const defaultLimits: RunLimits = { vusMax: 20_000, totalSeats: 200_000, length: minutes(120) }

export const defaultSettings = {
  vus_max: 500,
  ramp_up: "10s",
  steady: "30s",
  ramp_down: "10s",
  admit_per_minute: 6000,
  waiting_room_cap: 100_000,
  total_seats: 500,
} as const

export const runLength = ({ rampUp, steady, rampDown }: RunSettings) => millis(rampUp + steady + rampDown)

/** The same settings as a request, so that a run can be repeated. */
export const requestOf = (settings: RunSettings) => ({
  scenario: settings.scenario,
  vus_max: settings.vusMax,
  ramp_up: durationText(settings.rampUp),
  steady: durationText(settings.steady),
  ramp_down: durationText(settings.rampDown),
  admit_per_minute: settings.admitPerMinute,
  waiting_room_cap: settings.waitingRoomCap,
  total_seats: settings.totalSeats,
  seed: settings.seed,
  ...(settings.saleId === undefined ? {} : { sale_id: settings.saleId }),
})
