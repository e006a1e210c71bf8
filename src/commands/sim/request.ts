import { isFault } from "../../fault.ts"
import { catalog, lookupScenario } from "../../lab/scenarios/catalog.ts"
import { defaultLimits, type RunLimits, type RunSettings } from "../../lab/model/settings.ts"
import { parseRunSettings } from "../../lab/scenarios/run-settings.ts"
import type { SimOptions } from "./sim.ts"

/** What a run is asked for as, and what that comes to. */
export type Plan = { request: Record<string, unknown>; settings: RunSettings }

/** Field on the wire, flag, variable, and whether it is a number. */
const sources = [
  ["preset", "preset", "--preset", undefined, false],
  ["vus_max", "vus", "--vus", "K6_VUS_MAX", true],
  ["ramp_up", "ramp", "--ramp", "K6_RAMP_UP", false],
  ["steady", "steady", "--steady", "K6_STEADY", false],
  ["ramp_down", "down", "--down", "K6_RAMP_DOWN", false],
  ["admit_per_minute", "admitRate", "--admit-rate", "K6_ADMIT_PER_MIN", true],
  ["waiting_room_cap", "cap", "--cap", "K6_WAITING_ROOM_CAP", true],
  ["total_seats", "seats", "--seats", "K6_TOTAL_SEATS", true],
  ["seed", "seed", "--seed", undefined, true],
] as const
export type EnvironmentName = Exclude<(typeof sources)[number][3], undefined>
export type SimEnvironment = Partial<Record<EnvironmentName, string>>

/** A scenario with the flags, or a sentence that names the wrong one. `freshSeed` is taken where no flag names one. */
export const planOf = (
  name: string,
  options: SimOptions,
  environment: SimEnvironment,
  freshSeed = Math.floor(Math.random() * 2 ** 31),
  limits: RunLimits = defaultLimits,
): Plan | { wrong: string } => {
  const scenario = lookupScenario(name)
  if (scenario === undefined) return { wrong: `there is no scenario ${name}: choose one of ${scenarioNames()}, or all` }
  const request = { scenario: name, ...requestFrom(options, environment) }
  const asked = options.quick ? { ...scenario.quick, ...request } : request
  try {
    const settings = parseRunSettings(asked, limits, freshSeed)
    return { request: { ...asked, seed: settings.seed }, settings }
  } catch (error) {
    if (!isFault(error, "invalid_scenario")) throw error
    return { wrong: inFlags(error.facts, asked, options) }
  }
}

export const scenarioNames = () => catalog.map((each) => each.name).join(", ")

export const placeholderOf = (scenario: string) => (scenario === "all" ? "{scenario}" : "{n}")

/** Where the reports of one run of several go. */
export const reportPathsOf = ({ html, csv, reportJson }: SimOptions, scenario: string, n = 1) => {
  const fill = (path: string) => path.replaceAll("{scenario}", scenario).replaceAll("{n}", String(n))
  return {
    ...(html === undefined ? {} : { html: fill(html) }),
    ...(csv === undefined ? {} : { csv: fill(csv) }),
    ...(reportJson === undefined ? {} : { json: fill(reportJson) }),
  }
}

/** Flags come before variables; what neither names keeps the default of the preset or the scenario. */
const requestFrom = (options: SimOptions, environment: SimEnvironment): Record<string, unknown> => {
  const request: Record<string, unknown> = {}
  for (const [field, option, , variable, isNumber] of sources) {
    const text = options[option] ?? (variable === undefined ? undefined : environment[variable])
    if (text === undefined) continue
    request[field] = isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  }
  return request
}

/** "--steady banana: write a length of time such as 10s". */
const inFlags = ({ field, fix }: Record<string, unknown>, request: Record<string, unknown>, options: SimOptions) => {
  const source = sources.find((each) => each[0] === field)
  if (source === undefined) return `${String(field)}: ${String(fix)}`
  const name = options[source[1]] === undefined && source[3] !== undefined ? source[3] : source[2]
  return `${name} ${String(request[source[0]])}: ${String(fix)}`
}
