import type { Lab } from "../../../lab/lab.ts"
import { isFault } from "../../../fault.ts"
import { durationText } from "../../../lab/model/duration.ts"
import { presets } from "../../../lab/scenarios/presets.ts"
import { defaultSettings, requestOf, runLength, type RunLimits, type RunSettings } from "../../../lab/model/settings.ts"
import { parseRunSettings } from "../../../lab/scenarios/run-settings.ts"
import { boundBody } from "../../../lab/model/threshold.ts"
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
  thresholds: run.thresholds?.map(boundBody),
})

const flags = {
  vus_max: "vus",
  ramp_up: "ramp",
  steady: "steady",
  ramp_down: "down",
  admit_per_minute: "admit-rate",
  waiting_room_cap: "cap",
  total_seats: "seats",
  seed: "seed",
} as const

const commandOf = (run: Run) => {
  const request: Record<string, unknown> = requestOf(run.settings)
  return [
    "./traffic sim",
    run.scenario,
    ...Object.entries(flags).map(([field, flag]) => `--${flag} ${request[field]}`),
  ].join(" ")
}

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
  const { vusMax, totalSeats, length }: RunLimits = lab.limits
  const longest = durationText(length)
  const number = (
    name: FieldName,
    label: string,
    hint: string,
    range: string,
    value: string,
    placeholder = value,
  ): FieldView => ({
    name,
    label,
    hint,
    range,
    value: typed[name] ?? value,
    placeholder,
    kind: "number",
    error: errors[name],
  })
  const time = (name: "ramp_up" | "steady" | "ramp_down", label: string, hint: string, range: string): FieldView => ({
    name,
    label,
    hint,
    range,
    value: typed[name] ?? defaultSettings[name],
    placeholder: defaultSettings[name],
    kind: "text",
    error: errors[name],
  })
  return [
    number(
      "vus_max",
      "People",
      "Each has an account and an address of their own.",
      `1 to ${count(vusMax)}`,
      String(defaultSettings.vus_max),
    ),
    time("ramp_up", "They arrive within", "Shorter is harder.", `1s to ${longest}`),
    time("steady", "They stay for", "Latency is judged in this time.", `1s to ${longest}`),
    time("ramp_down", "They leave within", "Those still waiting give up.", `0s to ${longest}`),
    number(
      "total_seats",
      "Seats",
      "Fewer than people: it sells out.",
      `1 to ${count(totalSeats)}`,
      String(defaultSettings.total_seats),
    ),
    number(
      "admit_per_minute",
      "Let in per minute",
      `Empty: ${count(defaultSettings.admit_per_minute)}, or fewer where people are to wait.`,
      "1 to 600,000",
      "",
      "auto",
    ),
    number(
      "waiting_room_cap",
      "Waiting room holds",
      "Whoever comes after that is told to come back.",
      "1 to 10,000,000",
      String(defaultSettings.waiting_room_cap),
    ),
    number("seed", "Seed", "The same seed, the same arrivals. Empty: a new one.", "0 to 2,147,483,647", "", "random"),
  ]
}

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
  const request: Record<string, unknown> = requestOf(settings)
  return Object.fromEntries(Object.keys(flags).map((field) => [field, String(request[field])]))
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
