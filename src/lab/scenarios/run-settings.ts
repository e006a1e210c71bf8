import { Fault } from "../../fault.ts"
import { isId, trustedId, type SaleId } from "../../ids.ts"
import type { Millis } from "../../units.ts"
import { catalog, lookupScenario, type Scenario } from "./catalog.ts"
import { durationText, lookupDuration } from "../model/duration.ts"
import { settingsTable, type RunLimits, type RunSettings, type Setting } from "../model/settings.ts"
import { lookupPreset, presets, type Preset } from "./presets.ts"

const fields: string[] = ["scenario", ...settingsTable.map((each) => each.wire), "sale_id", "preset"]

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
  const settings: RunSettings = {
    scenario,
    ...(Object.fromEntries(
      settingsTable.map((each) => [
        each.name,
        valueOf(each, named[each.wire] ?? usualOf(each, own, freshSeed), limits),
      ]),
    ) as Pick<RunSettings, Setting["name"]>),
    preset: preset?.name,
  }
  const saleId = request["sale_id"]
  if (saleId === undefined) return settings
  if (typeof saleId !== "string" || !isId(saleId)) refuse("sale_id", "write the id of a sale, a ULID of 26 characters")
  return { ...settings, saleId: trustedId<SaleId>(saleId) }
}

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

const usualOf = (setting: Setting, own: Scenario["defaults"], freshSeed: number) =>
  own[setting.name] ?? ("usual" in setting ? setting.usual : freshSeed)

const valueOf = (setting: Setting, value: unknown, limits: RunLimits): number =>
  setting.kind === "count"
    ? whole(setting.wire, value, setting.least, setting.most(limits))
    : length(setting.wire, value, setting.least, setting.most(limits))

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
