import type { SaleId } from "../../ids.ts"
import { millis, minutes, seconds, type Millis } from "../../units.ts"
import { durationText } from "./duration.ts"

export type RunSettings = {
  scenario: string
  vusMax: number
  rampUp: Millis
  steady: Millis
  rampDown: Millis
  admitPerMinute: number
  waitingRoomCap: number
  totalSeats: number
  seed: number
  saleId?: SaleId
  preset?: string
}

export type RunLimits = { vusMax: number; totalSeats: number; length: Millis }
export const defaultLimits: RunLimits = { vusMax: 20_000, totalSeats: 200_000, length: minutes(120) }

type SettingOf<Kind extends string, Usual, Value extends number> = {
  name: keyof RunSettings
  wire: string
  kind: Kind
  flag: string
  variable?: string
  usual?: Usual
  least: Value
  most: (limits: RunLimits) => Value
  help: string
  label: string
  hint: string
}

const usualPace = 6000

/** Each setting of a run, once: the command line, the API, the form and the command that repeats a run read this table. */
export const settingsTable = [
  {
    name: "vusMax",
    wire: "vus_max",
    kind: "count",
    flag: "--vus",
    variable: "K6_VUS_MAX",
    usual: 500,
    least: 1,
    most: ({ vusMax }) => vusMax,
    help: "people at the peak",
    label: "People",
    hint: "Each has an account and an address of their own.",
  },
  {
    name: "rampUp",
    wire: "ramp_up",
    kind: "length",
    flag: "--ramp",
    variable: "K6_RAMP_UP",
    usual: "10s",
    least: seconds(1),
    most: ({ length }) => length,
    help: "over which they arrive",
    label: "They arrive within",
    hint: "Shorter is harder.",
  },
  {
    name: "steady",
    wire: "steady",
    kind: "length",
    flag: "--steady",
    variable: "K6_STEADY",
    usual: "30s",
    least: seconds(1),
    most: ({ length }) => length,
    help: "how long they stay",
    label: "They stay for",
    hint: "Latency is judged in this time.",
  },
  {
    name: "rampDown",
    wire: "ramp_down",
    kind: "length",
    flag: "--down",
    variable: "K6_RAMP_DOWN",
    usual: "10s",
    least: millis(0),
    most: ({ length }) => length,
    help: "how long they take to leave",
    label: "They leave within",
    hint: "Those still waiting give up.",
  },
  {
    name: "admitPerMinute",
    wire: "admit_per_minute",
    kind: "count",
    flag: "--admit-rate",
    variable: "K6_ADMIT_PER_MIN",
    usual: usualPace,
    least: 1,
    most: () => 600_000,
    help: "admissions a minute",
    label: "Let in per minute",
    hint: `Empty: ${usualPace.toLocaleString("en-US")}, or fewer where people are to wait.`,
  },
  {
    name: "waitingRoomCap",
    wire: "waiting_room_cap",
    kind: "count",
    flag: "--cap",
    variable: "K6_WAITING_ROOM_CAP",
    usual: 100_000,
    least: 1,
    most: () => 10_000_000,
    help: "people who may wait",
    label: "Waiting room holds",
    hint: "Whoever comes after that is told to come back.",
  },
  {
    name: "totalSeats",
    wire: "total_seats",
    kind: "count",
    flag: "--seats",
    variable: "K6_TOTAL_SEATS",
    usual: 500,
    least: 1,
    most: ({ totalSeats }) => totalSeats,
    help: "seats to sell",
    label: "Seats",
    hint: "Fewer than people: it sells out.",
  },
  {
    name: "seed",
    wire: "seed",
    kind: "count",
    flag: "--seed",
    least: 0,
    most: () => 2_147_483_647,
    help: "the same seed gives the same arrivals",
    label: "Seed",
    hint: "The same seed, the same arrivals. Empty: a new one.",
  },
] as const satisfies readonly (SettingOf<"count", number, number> | SettingOf<"length", string, Millis>)[]

export type Setting = (typeof settingsTable)[number]
export type SettingName = Setting["wire"]

export type WireSettings = {
  [S in Setting as S["wire"]]: S["kind"] extends "count" ? number : string
}

export const defaultSettings = Object.fromEntries(
  settingsTable.flatMap((each) => ("usual" in each ? [[each.wire, each.usual]] : [])),
) as Omit<WireSettings, "seed">

export const runLength = ({ rampUp, steady, rampDown }: RunSettings) => millis(rampUp + steady + rampDown)

/** The same settings as a request, so that a run can be repeated. */
export const requestOf = (settings: RunSettings): WireSettings & { scenario: string; sale_id?: SaleId } => ({
  scenario: settings.scenario,
  ...(Object.fromEntries(
    settingsTable.map((each) => [
      each.wire,
      each.kind === "count" ? settings[each.name] : durationText(settings[each.name]),
    ]),
  ) as WireSettings),
  ...(settings.saleId === undefined ? {} : { sale_id: settings.saleId }),
})
