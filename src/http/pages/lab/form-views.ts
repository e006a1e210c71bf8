import type { PresetView } from "../../../../views/lab/presets.tsx"
import type { FieldName, FieldView, ScenarioView } from "../../../../views/lab/setup.tsx"
import { span, title } from "../../../../views/shared/words.ts"
import { isFault } from "../../../fault.ts"
import type { Lab } from "../../../lab/lab.ts"
import { durationText } from "../../../lab/model/duration.ts"
import {
  requestOf,
  runLength,
  settingsTable,
  type RunLimits,
  type RunSettings,
  type Setting,
} from "../../../lab/model/settings.ts"
import { presets } from "../../../lab/scenarios/presets.ts"
import { parseRunSettings } from "../../../lab/scenarios/run-settings.ts"

export const scenarioView = ({ name, story, holds, defaults }: Lab["catalog"][number]): ScenarioView => ({
  name,
  title: title(name),
  story,
  holds,
  admitPerMinute: defaults.admitPerMinute,
})

export type Typed = Partial<Record<FieldName, string>>

export const fieldViews = (lab: Lab, typed: Typed, errors: Partial<Record<string, string>>): FieldView[] => {
  return inForm.map((wire) => {
    const setting = settingsTable.find((each) => each.wire === wire)!
    const { label, hint } = setting
    const usual = "usual" in setting ? String(setting.usual) : ""
    const empty: string | undefined = placeholders[wire]
    return {
      name: wire,
      label,
      hint,
      range: rangeOf(setting, lab.limits),
      value: typed[wire] ?? (empty === undefined ? usual : ""),
      placeholder: empty ?? usual,
      kind: setting.kind === "count" ? "number" : "text",
      error: errors[wire],
    }
  })
}

const inForm: FieldName[] = [
  "vus_max",
  "ramp_up",
  "steady",
  "ramp_down",
  "total_seats",
  "admit_per_minute",
  "waiting_room_cap",
  "seed",
]

const placeholders: Partial<Record<FieldName, string>> = { admit_per_minute: "auto", seed: "random" }

const rangeOf = (setting: Setting, limits: RunLimits) =>
  setting.kind === "count"
    ? `${count(setting.least)} to ${count(setting.most(limits))}`
    : `${durationText(setting.least)} to ${durationText(setting.most(limits))}`

/** What presets stand for, a line each; those that this lab may not run are left out. */
export const presetViews = (lab: Lab): PresetView[] =>
  presets.flatMap(({ name, says, scenario }) => {
    const settings = presetSettings(lab, name)
    if (settings === undefined) return []
    const facts = `${count(settings.vusMax)} people · ${span(runLength(settings))}`
    return [{ name, says, scenario: title(scenario), facts }]
  })

const presetSettings = (lab: Lab, preset: string): RunSettings | undefined => {
  try {
    return parseRunSettings({ preset }, lab.limits, 0)
  } catch (error) {
    if (isFault(error, "invalid_scenario")) return undefined
    throw error
  }
}

export const typedOf = (settings: RunSettings): Typed => {
  const request = requestOf(settings)
  return Object.fromEntries(settingsTable.map(({ wire }) => [wire, String(request[wire])]))
}

const count = (value: number) => value.toLocaleString("en-US")
