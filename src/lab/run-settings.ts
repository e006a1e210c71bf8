import { Fault } from "../fault.ts"
import { isId, trustedId, type SaleId } from "../ids.ts"
import { millis, minutes, seconds, type Millis } from "../units.ts"
import { catalog, lookupScenario } from "./catalog.ts"
import { durationText, lookupDuration } from "./duration.ts"

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
]

/**
 * A request as it came over the wire, snake_case; absent fields take the scenario's default, then the general one.
 * @throws Fault invalid_scenario, with the name of the field and the fix in its facts.
 */
export const parseRunSettings = (
  request: Record<string, unknown>,
  limits: RunLimits,
  freshSeed: number,
): RunSettings => {
  const unknown = Object.keys(request).find((name) => !fields.includes(name))
  if (unknown !== undefined) refuse(unknown, `there is no such setting; there are ${fields.join(", ")}`)
  const scenario = scenarioOf(request["scenario"])
  const { admitPerMinute } = lookupScenario(scenario)!.defaults
  const given = (name: string, otherwise: unknown) => request[name] ?? otherwise
  const settings: RunSettings = {
    scenario,
    vusMax: whole("vus_max", given("vus_max", defaultSettings.vus_max), 1, limits.vusMax),
    rampUp: length("ramp_up", given("ramp_up", defaultSettings.ramp_up), seconds(1), limits.length),
    steady: length("steady", given("steady", defaultSettings.steady), seconds(1), limits.length),
    rampDown: length("ramp_down", given("ramp_down", defaultSettings.ramp_down), millis(0), limits.length),
    admitPerMinute: whole(
      "admit_per_minute",
      given("admit_per_minute", admitPerMinute ?? defaultSettings.admit_per_minute),
      1,
      600_000,
    ),
    waitingRoomCap: whole(
      "waiting_room_cap",
      given("waiting_room_cap", defaultSettings.waiting_room_cap),
      1,
      10_000_000,
    ),
    totalSeats: whole("total_seats", given("total_seats", defaultSettings.total_seats), 1, limits.totalSeats),
    seed: whole("seed", given("seed", freshSeed), 0, 2_147_483_647),
  }
  const saleId = request["sale_id"]
  if (saleId === undefined) return settings
  if (typeof saleId !== "string" || !isId(saleId)) refuse("sale_id", "write the id of a sale, a ULID of 26 characters")
  return { ...settings, saleId: trustedId<SaleId>(saleId) }
}

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
