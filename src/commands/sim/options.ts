import type { Command } from "commander"
import { settingsTable, type Setting } from "../../lab/model/settings.ts"

export type SimOptions = SettingOptions &
  ReportOptions &
  TargetOptions & {
    scenarios?: string
    junit?: string
    repeat?: string
    baseline?: string
    json?: boolean
  }

type Camel<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text
type OptionOf<S extends Setting> = S["flag"] extends `--${infer Name}` ? Camel<Name> : never
type SettingOption = OptionOf<Setting> | "preset"

export type SettingOptions = Partial<Record<SettingOption, string>> & {
  /** The short settings of the scenario where no flag says otherwise. */
  quick?: boolean
}

type SettingFlag = {
  option: SettingOption
  flag: string
  takes: "<n>" | "<time>" | "<name>"
  field: string
  variable?: Extract<Setting, { variable: string }>["variable"]
  says: string
}

const flagFor = (setting: Setting): SettingFlag => ({
  option: optionOf(setting),
  flag: setting.flag,
  takes: setting.kind === "count" ? "<n>" : "<time>",
  field: setting.wire,
  ...("variable" in setting
    ? { variable: setting.variable, says: `${setting.help} (${setting.variable}, ${setting.usual})` }
    : { says: setting.help }),
})

const optionOf = ({ flag }: Setting) =>
  flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()) as SettingOption

export const settings: SettingFlag[] = [
  ...settingsTable.map(flagFor),
  {
    option: "preset",
    flag: "--preset",
    takes: "<name>",
    field: "preset",
    says: "a size of run by its name; `list` tells them",
  },
]

export const withSettings = (command: Command) => {
  for (const { flag, takes, says } of settings) command.option(`${flag} ${takes}`, says)
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
