import type { Command } from "commander"

/** Everything that `traffic sim` may be told, as it was written. */
export type SimOptions = SettingOptions &
  ReportOptions &
  TargetOptions & {
    /** Of `all`: names, separated by commas. */
    scenarios?: string
    junit?: string
    repeat?: string
    /** Runs to be held against: files, or ids of the target. */
    baseline?: string
    json?: boolean
  }

/** The settings of a run: flag, field on the wire and, where there is one, variable. */
export const settings = [
  { option: "vus", flag: "--vus", takes: "<n>", field: "vus_max", variable: "K6_VUS_MAX" },
  { option: "ramp", flag: "--ramp", takes: "<time>", field: "ramp_up", variable: "K6_RAMP_UP" },
  { option: "steady", flag: "--steady", takes: "<time>", field: "steady", variable: "K6_STEADY" },
  { option: "down", flag: "--down", takes: "<time>", field: "ramp_down", variable: "K6_RAMP_DOWN" },
  { option: "admitRate", flag: "--admit-rate", takes: "<n>", field: "admit_per_minute", variable: "K6_ADMIT_PER_MIN" },
  { option: "cap", flag: "--cap", takes: "<n>", field: "waiting_room_cap", variable: "K6_WAITING_ROOM_CAP" },
  { option: "seats", flag: "--seats", takes: "<n>", field: "total_seats", variable: "K6_TOTAL_SEATS" },
  { option: "seed", flag: "--seed", takes: "<n>", field: "seed", variable: undefined },
  { option: "preset", flag: "--preset", takes: "<name>", field: "preset", variable: undefined },
] as const
type SettingName = (typeof settings)[number]["option"]

export type SettingOptions = Partial<Record<SettingName, string>> & {
  /** The short settings of the scenario where no flag says otherwise. */
  quick?: boolean
}

const says: Record<SettingName, string> = {
  vus: "people at the peak (K6_VUS_MAX, 500)",
  ramp: "over which they arrive, such as 10s (K6_RAMP_UP)",
  steady: "how long they stay (K6_STEADY, 30s)",
  down: "how long they take to leave (K6_RAMP_DOWN, 10s)",
  admitRate: "admissions a minute (K6_ADMIT_PER_MIN, 6000)",
  cap: "people who may wait (K6_WAITING_ROOM_CAP, 100000)",
  seats: "seats to sell (K6_TOTAL_SEATS, 500)",
  seed: "the same seed gives the same arrivals",
  preset: "a size of run by its name; `list` tells them",
}

export const withSettings = (command: Command) => {
  for (const { option, flag, takes } of settings) command.option(`${flag} ${takes}`, says[option])
  return command.option("--quick", "the short settings of the scenario")
}

export type ReportOptions = { html?: string; csv?: string; reportJson?: string }

export const withReports = (command: Command, severalRuns = "") =>
  command
    .option("--html <file>", `a report that opens in a browser${severalRuns}`)
    .option("--csv <file>", "every second of the run, a row each")
    .option("--report-json <file>", "the whole run, which `sim compare` and --baseline read")

export type TargetOptions = { target?: string; iOwnThisTarget?: boolean; adminKey?: string }

export const withTarget = (command: Command) =>
  command
    .option("--target <url>", "a running server on this machine instead of a private one")
    .option("--i-own-this-target", "the target is another machine, and it is yours")
    .option("--admin-key <key>", "of the target, where it is another machine (TRAFFIC_ADMIN_KEY)")
