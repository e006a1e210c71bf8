import { isFault } from "../../../fault.ts"
import { estimateRun, type Estimate } from "../../../lab/scenarios/estimate.ts"
import type { Lab } from "../../../lab/lab.ts"
import { readMachineLimits } from "../../../lab/probe/machine-limits.ts"
import { lookupPreset } from "../../../lab/scenarios/presets.ts"
import { settingsTable, type RunSettings } from "../../../lab/model/settings.ts"
import { parseRunSettings } from "../../../lab/scenarios/run-settings.ts"
import type { EstimateView } from "../../../../views/lab/estimate.tsx"
import { sentence } from "../../../../views/shared/words.ts"

type Fields = Record<string, string | undefined>

/** The form as a request of the lab: an empty field is absent, thousands may be set apart. */
export const requestFrom = (fields: Fields): Record<string, unknown> => {
  const request: Record<string, unknown> = { scenario: fields["scenario"] }
  for (const { wire, kind } of settingsTable) {
    const text = fields[wire]
    if (text?.trim()) request[wire] = kind === "count" ? numberIn(text) : text.replaceAll(" ", "")
  }
  const preset = lookupPreset(fields["preset"] ?? "")
  return preset === undefined || preset.scenario !== request["scenario"] ? request : { ...request, preset: preset.name }
}

const numberIn = (text: string): number | string => {
  const digits = text.trim().replace(/(?<=\d)[,_' ](?=\d{3}(\D|$))/g, "")
  return /^-?\d+(\.\d+)?$/.test(digits) ? Number(digits) : text
}

/** Every field is judged by itself, so that all sentences come at once. */
export const errorsOf = (lab: Lab, fields: Fields) => {
  const request = requestFrom(fields)
  const errors: Partial<Record<string, string>> = {}
  const judge = (one: Record<string, unknown>) => {
    try {
      parseRunSettings(one, lab.limits, 0)
    } catch (error) {
      if (!isFault(error, "invalid_scenario")) throw error
      errors[String(error.facts["field"])] = sentence(String(error.facts["fix"]))
    }
  }
  judge({ scenario: request["scenario"] })
  const scenario = lab.catalog[0]?.name
  for (const { wire } of settingsTable) if (request[wire] !== undefined) judge({ scenario, [wire]: request[wire] })
  return errors
}

export const estimateFrom = (lab: Lab, fields: Fields): Estimate | undefined => {
  let settings: RunSettings
  try {
    settings = parseRunSettings(requestFrom(fields), lab.limits, 0)
  } catch (error) {
    if (!isFault(error, "invalid_scenario")) throw error
    return undefined
  }
  return estimateRun(settings, readMachineLimits())
}

export const estimateView = (estimate: Estimate | undefined): EstimateView =>
  estimate === undefined ? { state: "unclear" } : { state: "known", ...estimate }

export const unreadWarnings = (estimate: Estimate | undefined, fields: Fields) => {
  const read = new Set((fields["accepted"] ?? "").split(","))
  return (estimate?.warnings ?? []).filter(({ code }) => !read.has(code))
}
