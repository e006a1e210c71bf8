import { Type } from "@sinclair/typebox"
import { t } from "elysia"
import type { Scenario } from "../../../lab/scenarios/catalog.ts"
import { finalStates, type Run } from "../../../lab/model/run.ts"
import { pointBody, runBody } from "../../../lab/report/wire.ts"
import { requestOf } from "../../../lab/model/settings.ts"
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

export const LiveView = t.Object(
  {
    at: Time,
    people: t.Number(),
    requests_per_second: t.Number(),
    failed_rate: t.Number(),
    p50_ms: Figure,
    p95_ms: Figure,
    p99_ms: Figure,
    stolen_rate: Figure,
    k6_cpu_rate: Figure,
    waiting: t.Optional(Count),
    now_serving: t.Optional(Count),
    shoppers: t.Optional(Count),
    seats_available: t.Optional(Count),
    seats_held: t.Optional(Count),
    seats_sold: t.Optional(Count),
    admissions: t.Optional(Figure),
    admissions_per_second: t.Optional(Figure),
    holds: t.Optional(Figure),
    orders: t.Optional(Figure),
    loop_lag_ms: t.Optional(Figure),
    fsync_ms: t.Optional(Figure),
    cpu: t.Nullable(
      t.Object({
        server: t.Optional(t.Number()),
        redis: t.Optional(t.Number()),
        postgres: t.Optional(t.Number()),
        k6: t.Optional(t.Number()),
      }),
    ),
    memory: t.Nullable(
      t.Object({
        server_mb: Figure,
        redis_mb: Figure,
        redis_used_mb: Figure,
        postgres_mb: Figure,
        k6_mb: Figure,
      }),
    ),
    postgres_connections: Figure,
    steps: t.Record(t.String(), t.Object({ per_second: Figure, p95_ms: Figure, p99_ms: Figure })),
  },
  { description: "one second of a run; rates are shares of 1, cpu shares of the whole machine" },
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

export const runAnswer = (run: Run) => {
  const newest = run.live.at(-1)
  return { ...runBody(run), settings: requestOf(run.settings), live: newest === undefined ? null : pointBody(newest) }
}

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
