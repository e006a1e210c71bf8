import type { Environment } from "../../config.ts"
import { Refusal } from "../../exit.ts"
import { isFault } from "../../fault.ts"
import { defaultLimits, type RunLimits, type RunSettings } from "../../lab/model/settings.ts"
import { catalog, lookupScenario } from "../../lab/scenarios/catalog.ts"
import { parseRunSettings } from "../../lab/scenarios/run-settings.ts"
import { settings, type SettingOptions } from "./options.ts"

export type RunRequest = { asked: Record<string, unknown>; settings: RunSettings }

/** `seed` is taken where no flag names one. @throws Refusal that names the wrong flag or variable. */
export const parseRequest = (
  name: string,
  options: SettingOptions,
  environment: Environment,
  { seed = Math.floor(Math.random() * 2 ** 31), limits = defaultLimits }: { seed?: number; limits?: RunLimits } = {},
): RunRequest => {
  const scenario = lookupScenario(name)
  if (scenario === undefined)
    throw new Refusal("usage", `there is no scenario ${name}: choose one of ${scenarioNames()}, or all`)
  const named = { scenario: name, ...fieldsFrom(options, environment) }
  const asked = options.quick ? { ...scenario.quick, ...named } : named
  try {
    const parsed = parseRunSettings(asked, limits, seed)
    return { asked: { ...asked, seed: parsed.seed }, settings: parsed }
  } catch (error) {
    if (!isFault(error, "invalid_scenario")) throw error
    throw new Refusal("usage", inFlags(error.facts, asked, options))
  }
}

export const scenarioNames = () => catalog.map((each) => each.name).join(", ")

const fieldsFrom = (options: SettingOptions, environment: Environment): Record<string, unknown> => {
  const fields: Record<string, unknown> = {}
  for (const { field, option, variable, takes } of settings) {
    const text = options[option] ?? (variable && environment[variable])
    if (text === undefined) continue
    fields[field] = takes === "<n>" && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  }
  return fields
}

/** "--steady banana: write a length of time such as 10s". */
const inFlags = ({ field, fix }: Record<string, unknown>, asked: Record<string, unknown>, options: SettingOptions) => {
  const source = settings.find((each) => each.field === field)
  if (source === undefined) return `${String(field)}: ${String(fix)}`
  const name = options[source.option] === undefined && source.variable !== undefined ? source.variable : source.flag
  return `${name} ${String(asked[source.field])}: ${String(fix)}`
}
