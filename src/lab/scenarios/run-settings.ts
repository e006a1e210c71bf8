import { Fault } from "../../fault.ts"
import { isId, trustedId, type SaleId } from "../../ids.ts"
import { millis, seconds, type Millis } from "../../units.ts"
import { catalog, lookupScenario } from "./catalog.ts"
import { durationText, lookupDuration } from "../model/duration.ts"
import { defaultSettings, type RunLimits, type RunSettings } from "../model/settings.ts"
import { lookupPreset, presets, type Preset } from "./presets.ts"

const fields = [
  "scenario",
  "vus_max",
  "ramp_up",
  "steady",
  "ramp_down",
  "admit_per_minute",
  "waiting_room_cap",
  "total_seats",
  "seed",
  "sale_id",
  "preset",
]

/**
 * A request as it came over the wire, snake_case; absent fields take those of the preset, if one is named, then the scenario's
 * default, then the general one.
 * @throws Fault invalid_scenario, with the name of the field and the fix in its facts.
 */
export const parseRunSettings = (
  request: Record<string, unknown>,
  limits: RunLimits,
  freshSeed: number,
): RunSettings => {
  const unknown = Object.keys(request).find((name) => !fields.includes(name))
  if (unknown !== undefined) refuse(unknown, `there is no such setting; there are ${fields.join(", ")}`)
  const preset = presetOf(request["preset"])
  const scenario = scenarioOf(request["scenario"] ?? preset?.scenario)
  const own = lookupScenario(scenario)!.defaults
  const named: Record<string, unknown> = { ...preset?.settings, ...given(request) }
  const taken = (name: string, otherwise: unknown) => named[name] ?? otherwise
  const settings: RunSettings = {
    scenario,
    vusMax: whole("vus_max", taken("vus_max", own.vusMax ?? defaultSettings.vus_max), 1, limits.vusMax),
    rampUp: length("ramp_up", taken("ramp_up", own.rampUp ?? defaultSettings.ramp_up), seconds(1), limits.length),
    steady: length("steady", taken("steady", own.steady ?? defaultSettings.steady), seconds(1), limits.length),
    rampDown: length(
      "ramp_down",
      taken("ramp_down", own.rampDown ?? defaultSettings.ramp_down),
      millis(0),
      limits.length,
    ),
    admitPerMinute: whole(
      "admit_per_minute",
      taken("admit_per_minute", own.admitPerMinute ?? defaultSettings.admit_per_minute),
      1,
      600_000,
    ),
    waitingRoomCap: whole(
      "waiting_room_cap",
      taken("waiting_room_cap", defaultSettings.waiting_room_cap),
      1,
      10_000_000,
    ),
    totalSeats: whole(
      "total_seats",
      taken("total_seats", own.totalSeats ?? defaultSettings.total_seats),
      1,
      limits.totalSeats,
    ),
    seed: whole("seed", taken("seed", freshSeed), 0, 2_147_483_647),
    ...(preset === undefined ? {} : { preset: preset.name }),
  }
  const saleId = request["sale_id"]
  if (saleId === undefined) return settings
  if (typeof saleId !== "string" || !isId(saleId)) refuse("sale_id", "write the id of a sale, a ULID of 26 characters")
  return { ...settings, saleId: trustedId<SaleId>(saleId) }
}

/** null counts as absent. */
const given = (request: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined && value !== null))

const presetOf = (name: unknown): Preset | undefined => {
  if (name === undefined || name === null) return undefined
  const preset = typeof name === "string" ? lookupPreset(name) : undefined
  if (preset === undefined) refuse("preset", `choose one of ${presets.map((each) => each.name).join(", ")}`)
  return preset
}

const scenarioOf = (name: unknown): string => {
  const names = catalog.map((each) => each.name).join(", ")
  if (typeof name !== "string" || lookupScenario(name) === undefined) refuse("scenario", `choose one of ${names}`)
  return name
}

const whole = (field: string, value: unknown, least: number, most: number): number => {
  const isWhole = typeof value === "number" && Number.isInteger(value)
  if (!isWhole || value < least || value > most) refuse(field, `write a whole number from ${least} to ${most}`)
  return value
}

const length = (field: string, value: unknown, least: Millis, most: Millis): Millis => {
  const found = typeof value === "string" ? lookupDuration(value) : undefined
  if (found === undefined) refuse(field, "write a length of time such as 10s, 1m30s or 500ms")
  if (found < least || found > most)
    refuse(field, `choose a length from ${durationText(least)} to ${durationText(most)}`)
  return found
}

const refuse: (field: string, fix: string) => never = (field, fix) => {
  throw new Fault("invalid_scenario", `${field}: ${fix}`, { facts: { field, fix } })
}
