import type { RunBody } from "./wire.ts"

const flagOf: [string, string][] = [
  ["vus_max", "--vus"],
  ["ramp_up", "--ramp"],
  ["steady", "--steady"],
  ["ramp_down", "--down"],
  ["admit_per_minute", "--admit-rate"],
  ["waiting_room_cap", "--cap"],
  ["total_seats", "--seats"],
  ["seed", "--seed"],
]

/** The command that repeats a run with the same arrivals. */
export const repeatLine = ({ scenario, settings }: Pick<RunBody, "scenario" | "settings">) =>
  ["traffic sim", scenario, ...flagOf.map(([field, flag]) => `${flag} ${String(settings[field])}`)].join(" ")
