import { settingsTable } from "../model/settings.ts"
import type { RunBody } from "./wire.ts"

export const repeatLine = ({ scenario, settings }: Pick<RunBody, "scenario" | "settings">) =>
  ["traffic sim", scenario, ...settingsTable.map(({ wire, flag }) => `${flag} ${String(settings[wire])}`)].join(" ")
