import { Type, type TSchema } from "@sinclair/typebox"
import { t } from "elysia"
import type { Scenario } from "../../../lab/scenarios/catalog.ts"
import { finalStates } from "../../../lab/model/run.ts"
import { figureNames, figureOf, stepFigureNames, stepFigures } from "../../../lab/model/figures.ts"
import type { SecondBody } from "../../../lab/report/second-body.ts"
import { Count, Id, input, Time } from "../../core/schemas.ts"

const Length = t.String({ maxLength: 32, description: "a length of time such as 10s, 1m30s or 500ms" })
const Figure = t.Nullable(t.Number())
const Words = t.Nullable(t.String())

/** Settings of a run, of which each may be absent. */
const Wishes = t.Object({
  vus_max: t.Optional(Count),
  ramp_up: t.Optional(Length),
  steady: t.Optional(Length),
  ramp_down: t.Optional(Length),
  admit_per_minute: t.Optional(Count),
  waiting_room_cap: t.Optional(Count),
  total_seats: t.Optional(Count),
})

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
  vus_max: t.Optional(Type.Integer()),
  ramp_up: t.Optional(Length),
  steady: t.Optional(Length),
  ramp_down: t.Optional(Length),
  admit_per_minute: t.Optional(Type.Integer()),
  waiting_room_cap: t.Optional(Type.Integer()),
  total_seats: t.Optional(Type.Integer()),
  sale_id: t.Optional(Id),
  seed: t.Optional(Type.Integer()),
})

/** Not a UnionEnum: that one puts its first word where a query has none. */
const oneOf = <const Word extends string>(words: readonly Word[]) =>
  Type.Unsafe<Word>(t.Union(words.map((word) => t.Literal(word))))

export const Status = oneOf(["queued", "preparing", "armed", "running", "auditing", ...finalStates])
export const Verdict = oneOf(["PASS", "FAIL", "INCONCLUSIVE"])

/** One second of a run: a member for each figure of the table, as `secondBody` tells it. */
const secondMembers = () => {
  const members: Record<string, TSchema> = { at: Time }
  const nested = { cpu: {}, memory: {} } as Record<string, Record<string, TSchema>>
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
  return { ...members, steps: t.Record(t.String(), t.Object(step)) }
}

export const LiveView = Type.Unsafe<SecondBody>(
  t.Object(secondMembers(), {
    description: "one second of a run; rates are shares of 1, cpu shares of the whole machine",
  }),
)

const SettingsView = t.Object({
  scenario: t.String(),
  vus_max: Count,
  ramp_up: t.String(),
  steady: t.String(),
  ramp_down: t.String(),
  admit_per_minute: Count,
  waiting_room_cap: Count,
  total_seats: Count,
  seed: Count,
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
  defaults: withoutUndefined({
    vus_max: defaults.vusMax,
    ramp_up: defaults.rampUp,
    steady: defaults.steady,
    ramp_down: defaults.rampDown,
    admit_per_minute: defaults.admitPerMinute,
    total_seats: defaults.totalSeats,
  }),
})

type Known<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> }
const withoutUndefined = <T extends object>(members: T) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Known<T>
