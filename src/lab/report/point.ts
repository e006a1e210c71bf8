/** One second of a run on the wire. Older runs and other systems lack some of it. */
export type PointBody = {
  at: string
  people?: Figure
  requests_per_second?: Figure
  failed_rate?: Figure
  p50_ms?: Figure
  p95_ms?: Figure
  p99_ms?: Figure
  stolen_rate?: Figure
  k6_cpu_rate?: Figure
  waiting?: Figure
  now_serving?: Figure
  admissions?: Figure
  admissions_per_second?: Figure
  shoppers?: Figure
  seats_available?: Figure
  seats_held?: Figure
  seats_sold?: Figure
  holds?: Figure
  orders?: Figure
  loop_lag_ms?: Figure
  fsync_ms?: Figure
  postgres_connections?: Figure
  cpu?: Figures<"server" | "redis" | "postgres" | "k6">
  memory?: Figures<"server_mb" | "redis_mb" | "postgres_mb" | "k6_mb" | "redis_used_mb">
  steps?: Record<string, { per_second?: Figure; p95_ms?: Figure; p99_ms?: Figure }> | null
}
type Figure = number | null
type Figures<Name extends string> = Partial<Record<Name, Figure>> | null

/** When everybody was released, ms since 1970; the first point where that was not told. */
export const startOf = (startedAt: string | null, points: PointBody[]): number =>
  [startedAt ?? "", points[0]?.at ?? ""].map(Date.parse).find((each) => !Number.isNaN(each)) ?? 0

/** A number that can be drawn; whatever else came over the wire is absent. */
export const figureOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined

export type Reading = { name: string; of: (point: PointBody) => number | undefined }

const plain = [
  "people",
  "requests_per_second",
  "failed_rate",
  "p50_ms",
  "p95_ms",
  "p99_ms",
  "waiting",
  "now_serving",
  "admissions",
  "admissions_per_second",
  "shoppers",
  "seats_available",
  "seats_held",
  "seats_sold",
  "holds",
  "orders",
  "loop_lag_ms",
  "fsync_ms",
  "postgres_connections",
  "stolen_rate",
  "k6_cpu_rate",
] as const
const processors = ["server", "redis", "postgres", "k6"] as const
const memories = ["server_mb", "redis_mb", "postgres_mb", "k6_mb", "redis_used_mb"] as const
const ofStep = ["per_second", "p95_ms", "p99_ms"] as const

/** Every figure that a point may carry, by the name of its column; rates are shares 0..1. */
export const readingsOf = (points: PointBody[]): Reading[] => [
  ...plain.map((name) => ({ name, of: (point: PointBody) => figureOf(point[name]) })),
  ...processors.map((name) => ({
    name: `cpu_${name}_rate`,
    of: (point: PointBody) => figureOf(point.cpu?.[name]),
  })),
  ...memories.map((name) => ({
    name: `memory_${name}`,
    of: (point: PointBody) => figureOf(point.memory?.[name]),
  })),
  ...stepsOf(points).flatMap((step) =>
    ofStep.map((name) => ({
      name: `${step}_${name}`,
      of: (point: PointBody) => figureOf(point.steps?.[step]?.[name]),
    })),
  ),
]

const stepsMax = 40
const order = ["join", "status", "stream", "admission", "seats", "hold", "checkout"]

/** In the order in which a person takes them; at most 40. */
export const stepsOf = (points: PointBody[], more: string[] = []): string[] => {
  const found = new Set(more)
  for (const { steps } of points) if (steps) for (const step of Object.keys(steps)) found.add(step)
  const place = (step: string) => (order.includes(step) ? order.indexOf(step) : order.length)
  return [...found].toSorted((a, b) => place(a) - place(b) || a.localeCompare(b)).slice(0, stepsMax)
}
