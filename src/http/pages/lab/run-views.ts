import type { Lab } from "../../../lab/lab.ts"
import { isFault } from "../../../fault.ts"
import { durationText } from "../../../lab/model/duration.ts"
import { presets } from "../../../lab/scenarios/presets.ts"
import {
  requestOf,
  runLength,
  type RunLimits,
  type RunSettings,
  settingsTable,
  type Setting,
} from "../../../lab/model/settings.ts"
import { repeatLine } from "../../../lab/report/repeat.ts"
import { parseRunSettings } from "../../../lab/scenarios/run-settings.ts"
import { chartsOf } from "../../../lab/report/charts.ts"
import { runBody } from "../../../lab/report/wire.ts"
import type { Run } from "../../../lab/model/run.ts"
import { version } from "../../../version.ts"
import type { FieldName, FieldView, ScenarioView } from "../../../../views/lab/setup.tsx"
import type { FiguresView, RunView, ServerView } from "../../../../views/lab/run-view.ts"
import type { PresetView } from "../../../../views/lab/presets.tsx"
import { span, title } from "../../../../views/shared/words.ts"
import type { Parts } from "../../core/parts.ts"
import { pulseOf } from "../../api/demo/pulse.ts"
import type { SaleId } from "../../../ids.ts"

/** What the pages show, out of what the rooms know. */
export const runView = (run: Run): RunView => ({
  runId: run.runId,
  scenario: run.scenario,
  state: run.state,
  verdict: run.verdict,
  failures: run.failures,
  checks: run.checks,
  metrics: run.metrics,
  limitedBy: run.limitedBy,
  points: run.live,
  charts: chartsOf(runBody(run), run.live),
  people: run.settings.vusMax,
  seats: run.settings.totalSeats,
  admitPerMinute: run.settings.admitPerMinute,
  lengthMs: runLength(run.settings),
  steadyMs: { from: run.settings.rampUp, to: run.settings.rampUp + run.settings.steady },
  command: commandOf(run),
  k6Version: run.k6Version,
  trafficVersion: run.trafficVersion,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  starred: run.starred ?? false,
  preset: run.preset,
})

const commandOf = ({ scenario, settings }: Run) => `./${repeatLine({ scenario, settings: requestOf(settings) })}`

export const scenarioView = ({ name, story, holds, defaults }: Lab["catalog"][number]): ScenarioView => ({
  name,
  title: title(name),
  story,
  holds,
  admitPerMinute: defaults.admitPerMinute,
})

export type Typed = Partial<Record<FieldName, string>>

/** The fields of the form, with what was typed or else the defaults. */
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

/** What an empty field stands for, where that is no one value. */
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

/** The same settings again, as text in the form. */
export const typedOf = (settings: RunSettings): Typed => {
  const request = requestOf(settings)
  return Object.fromEntries(settingsTable.map(({ wire }) => [wire, String(request[wire])]))
}

const count = (value: number) => value.toLocaleString("en-US")

export const figuresView = (
  { waitingRoom, metrics, log }: Parts,
  saleId: SaleId | undefined,
): FiguresView | undefined => {
  const seen = saleId === undefined ? undefined : waitingRoom.snapshot(saleId)
  if (seen === undefined) return undefined
  const pulse = pulseOf({ metrics, log })
  const beat = pulse.beat()
  return {
    ...pulse.answers(),
    waiting: seen.waiting,
    nowServing: seen.nowServing,
    joined: seen.joined,
    shoppers: seen.shoppers,
    admissionsPerSecond: seen.measuredPerMinute / 60,
    available: seen.stock.available,
    sold: seen.stock.sold,
    total: seen.stock.total,
    requestsPerSecond: beat.requestsPerSecond,
    errorPct: beat.errorRatePct,
    loopLagMs: beat.loopLagMs,
    phase: seen.phase,
  }
}

export const serverView = ({ health }: Parts, k6: { version: string } | { missing: string }): ServerView => {
  const { ready, stores } = health.readiness()
  return {
    ready,
    away: Object.entries(stores).flatMap(([name, { up }]) => (up ? [] : [title(name)])),
    version,
    k6: "missing" in k6 ? { ready: false, why: k6.missing } : { ready: true, version: k6.version },
  }
}
