import { Type, type TSchema } from "@sinclair/typebox"
import { t } from "elysia"
import type { Scenario } from "../../../lab/scenarios/catalog.ts"
import { finalStates } from "../../../lab/model/run.ts"
import { settingsTable, type Setting, type WireSettings } from "../../../lab/model/settings.ts"
import { figureNames, figureOf, stepFigureNames, stepFigures } from "../../../lab/model/figures.ts"
import type { SecondBody } from "../../../lab/report/second-body.ts"
import { Count, Id, input, Time } from "../../core/schemas.ts"

const Length = t.String({ maxLength: 32, description: "a length of time such as 10s, 1m30s or 500ms" })
const Figure = t.Nullable(t.Number())
const Words = t.Nullable(t.String())

const settingsOf = <C extends TSchema, L extends TSchema>(count: C, length: L) =>
  Object.fromEntries(settingsTable.map(({ wire, kind }) => [wire, kind === "count" ? count : length])) as {
    [S in Setting as S["wire"]]: S["kind"] extends "count" ? C : L
  }

const Wishes = t.Omit(t.Object(settingsOf(t.Optional(Count), t.Optional(Length))), ["seed"])
export const DefaultsView = t.Omit(t.Object(settingsOf(Count, t.String())), ["seed"])

export const ScenarioView = t.Object({
  name: t.String(),
  story: t.String(),
  holds: t.String(),
  incident: t.Nullable(t.String({ description: "the real on-sale, or the tradition, that it replays" })),
  defaults: Wishes,
})
export const PresetView = t.Object({ name: t.String(), says: t.String(), scenario: t.String(), settings: Wishes })

export const RunInput = input({
  scenario: t.Optional(t.String({ maxLength: 64, description: "may be absent where the preset names one" })),
  preset: t.Optional(t.String({ maxLength: 64, description: "settings by a name; what else is named comes first" })),
  ...settingsOf(t.Optional(Type.Integer()), t.Optional(Length)),
  sale_id: t.Optional(Id),
})

/** Not a UnionEnum: that one puts its first word where a query has none. */
const oneOf = <const Word extends string>(words: readonly Word[]) =>
  Type.Unsafe<Word>(t.Union(words.map((word) => t.Literal(word))))

export const Status = oneOf(["queued", "preparing", "armed", "running", "auditing", ...finalStates])
export const Verdict = oneOf(["PASS", "FAIL", "INCONCLUSIVE"])

/** One second of a run: a member for each figure of the table, as `secondBody` tells it. */
export const secondSchema = () => {
  const members: Record<string, TSchema> = { at: Time }
  const nested: Record<string, Record<string, TSchema>> = { cpu: {}, memory: {} }
  for (const name of figureNames()) {
    const { wire, also, group, isAlways } = figureOf(name)
    const [part, member] = wire.split(".") as [string, string?]
    if (also !== undefined) members[also] = Figure
    if (member !== undefined) nested[part]![member] = group === "cpu" ? t.Optional(t.Number()) : Figure
    else if (group === "sale") members[part] = t.Optional(isAlways ? Count : Figure)
    else members[part] = isAlways ? t.Number() : Figure
  }
  for (const [part, inside] of Object.entries(nested)) members[part] = t.Nullable(t.Object(inside))
  const step = Object.fromEntries(stepFigureNames.map((name) => [stepFigures[name].wire, Figure]))
  members["steps"] = t.Record(t.String(), t.Object(step))
  const description = "one second of a run; rates are shares of 1, cpu shares of the whole machine"
  return Type.Unsafe<SecondBody>(t.Object(members, { description }))
}

export const LiveView = secondSchema()

const SettingsView = t.Object({
  scenario: t.String(),
  ...settingsOf(Count, t.String()),
  sale_id: t.Optional(Id),
})

export const RunView = t.Object({
  run_id: Id,
  sale_id: Id,
  scenario: t.String(),
  status: Status,
  passed: t.Nullable(t.Boolean()),
  verdict: t.Nullable(Verdict),
  failures: t.Array(t.String()),
  checks: t.Array(
    t.Object({
      name: t.String(),
      passed: t.Boolean(),
      judged: t.Boolean(),
      expected: t.String(),
      seen: t.String(),
      counter_example: t.Optional(t.String()),
    }),
  ),
  metrics: t.Record(t.String(), t.Number(), {
    description: "http_reqs, http_req_failed_rate, http_req_duration_p99_ms and others; empty until the run is over",
  }),
  settings: SettingsView,
  seed: Count,
  traffic_version: t.String(),
  k6_version: t.String(),
  created_at: Time,
  started_at: t.Nullable(Time),
  ended_at: t.Nullable(Time),
  length_ms: Count,
  limited_by: t.Nullable(t.String({ description: "what limited the run, in plain words" })),
  starred: t.Boolean({ description: "whether it is the baseline of its scenario" }),
  script_hash: t.Nullable(t.String({ description: "SHA-256; only runs of the same script are comparable" })),
  machine: Words,
  preset: Words,
  segment: t.Nullable(t.Object({ index: Type.Integer({ minimum: 1 }), of: Type.Integer({ minimum: 1 }) })),
  capacity: t.Nullable(t.Object({ per_second: t.Number(), cause: t.String(), why: t.String() })),
  thresholds: t.Array(
    t.Object({
      metric: t.String(),
      step: t.Optional(t.String()),
      stat: t.String(),
      limit: t.Number(),
      unit: oneOf(["ms", "share", "count"]),
    }),
  ),
  live: t.Nullable(LiveView),
})

export const scenarioBody = ({ name, story, holds, incident, defaults }: Scenario) => ({
  name,
  story,
  holds,
  incident: incident ?? null,
  defaults: Object.fromEntries(
    settingsTable.flatMap(({ name, wire }) => (defaults[name] === undefined ? [] : [[wire, defaults[name]]])),
  ) as Partial<WireSettings>,
})
