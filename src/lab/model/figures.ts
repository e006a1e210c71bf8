import type { EpochMs } from "../../units.ts"

export type Unit = "people" | "seats" | "per second" | "ms" | "share" | "MB" | "count"

type Figure = {
  /** Its name in JSON; "cpu.server" is the member `server` of the object `cpu`. The name in code is the same in camel case. */
  wire: string
  /** A second name in JSON, where clients know it by two. */
  also?: string
  label: string
  line?: string
  unit: Unit
  /** Who tells it: k6, the server of its sale, or the machine of itself and of its processes. */
  group: "load" | "sale" | "machine" | "cpu" | "memory"
  /** Told whenever anything of its group is. */
  isAlways?: true
  /** Two seconds of a long run become one, and their highest value stays; of other figures the first. */
  keepsPeak?: true
  /** Of several machines with k6; without a word the highest stays. */
  machines?: "sum" | "weighed by requests"
  chart?: readonly [name: ChartName, line: number]
}

/**
 * Everything that is measured in each second of a run. The types, the schema of the API, the columns of the CSV, the replay and the
 * charts are read from here, in this order; shares are 0..1, those of `cpu` of the whole machine, memory is resident.
 */
export const figures = {
  people: {
    wire: "people",
    label: "People with k6",
    unit: "people",
    group: "load",
    isAlways: true,
    machines: "sum",
    chart: ["People", 1],
  },
  requestsPerSecond: {
    wire: "requests_per_second",
    label: "Requests",
    unit: "per second",
    group: "load",
    isAlways: true,
    machines: "sum",
    chart: ["Requests", 1],
  },
  failedRate: {
    wire: "failed_rate",
    label: "Failed",
    unit: "share",
    group: "load",
    isAlways: true,
    machines: "weighed by requests",
    chart: ["Errors", 1],
  },
  p50Ms: { wire: "p50_ms", label: "p50", unit: "ms", group: "load", keepsPeak: true },
  p95Ms: {
    wire: "p95_ms",
    label: "p95",
    unit: "ms",
    group: "load",
    keepsPeak: true,
    chart: ["Time to answer, all requests", 1],
  },
  p99Ms: {
    wire: "p99_ms",
    label: "p99",
    unit: "ms",
    group: "load",
    keepsPeak: true,
    chart: ["Time to answer, all requests", 2],
  },
  waiting: { wire: "waiting", label: "Waiting", unit: "people", group: "sale", isAlways: true, chart: ["Queue", 1] },
  nowServing: {
    wire: "now_serving",
    label: "Now serving",
    line: "Called so far",
    unit: "people",
    group: "sale",
    isAlways: true,
    chart: ["Queue", 2],
  },
  admissions: { wire: "admissions", label: "Admissions so far", unit: "people", group: "sale" },
  admissionsPerSecond: {
    wire: "admissions_per_second",
    label: "Admissions",
    unit: "per second",
    group: "sale",
    chart: ["Admissions", 1],
  },
  shoppers: {
    wire: "shoppers",
    label: "Shoppers",
    unit: "people",
    group: "sale",
    isAlways: true,
    chart: ["People", 2],
  },
  seatsAvailable: {
    wire: "seats_available",
    label: "Seats left",
    line: "Available",
    unit: "seats",
    group: "sale",
    isAlways: true,
    chart: ["Seats", 3],
  },
  seatsHeld: { wire: "seats_held", label: "Held", unit: "seats", group: "sale", isAlways: true, chart: ["Seats", 2] },
  seatsSold: { wire: "seats_sold", label: "Sold", unit: "seats", group: "sale", isAlways: true, chart: ["Seats", 1] },
  /** Taken and paid so far, also those of people who have left. */
  holds: { wire: "holds", label: "Holds", unit: "count", group: "sale", chart: ["Holds and orders", 1] },
  orders: { wire: "orders", label: "Orders", unit: "count", group: "sale", chart: ["Holds and orders", 2] },
  /** The longest that the event loop kept anybody waiting in that second. */
  loopLagMs: {
    wire: "loop_lag_ms",
    label: "Event loop late by",
    unit: "ms",
    group: "sale",
    keepsPeak: true,
    chart: ["Inside the server", 1],
  },
  /** The longest of the queue's Redis in that second in whole ms, 0 when each took less than one. */
  fsyncMs: {
    wire: "fsync_ms",
    label: "Redis fsync",
    unit: "ms",
    group: "sale",
    keepsPeak: true,
    chart: ["Inside the server", 2],
  },
  postgresConnections: {
    wire: "postgres_connections",
    label: "Connections to Postgres",
    line: "Connections",
    unit: "count",
    group: "machine",
    chart: ["Connections to Postgres", 1],
  },
  stolenRate: {
    wire: "stolen_rate",
    label: "CPU taken by neighbours",
    line: "Stolen by neighbours",
    unit: "share",
    group: "machine",
    chart: ["CPU", 5],
  },
  cpuServer: {
    wire: "cpu.server",
    label: "CPU of the server",
    line: "Server",
    unit: "share",
    group: "cpu",
    chart: ["CPU", 1],
  },
  cpuRedis: { wire: "cpu.redis", label: "CPU of Redis", line: "Redis", unit: "share", group: "cpu", chart: ["CPU", 2] },
  cpuPostgres: {
    wire: "cpu.postgres",
    label: "CPU of Postgres",
    line: "Postgres",
    unit: "share",
    group: "cpu",
    chart: ["CPU", 3],
  },
  cpuK6: {
    wire: "cpu.k6",
    also: "k6_cpu_rate",
    label: "CPU of k6",
    line: "k6",
    unit: "share",
    group: "cpu",
    chart: ["CPU", 4],
  },
  memoryServerMb: {
    wire: "memory.server_mb",
    label: "Memory of the server",
    line: "Server",
    unit: "MB",
    group: "memory",
    chart: ["Memory", 1],
  },
  memoryRedisMb: {
    wire: "memory.redis_mb",
    label: "Memory of Redis",
    line: "Redis",
    unit: "MB",
    group: "memory",
    chart: ["Memory", 2],
  },
  memoryPostgresMb: {
    wire: "memory.postgres_mb",
    label: "Memory of Postgres",
    line: "Postgres",
    unit: "MB",
    group: "memory",
    chart: ["Memory", 3],
  },
  memoryK6Mb: {
    wire: "memory.k6_mb",
    label: "Memory of k6",
    line: "k6",
    unit: "MB",
    group: "memory",
    chart: ["Memory", 4],
  },
  /** What both Redis allocated. */
  memoryRedisUsedMb: {
    wire: "memory.redis_used_mb",
    label: "Data in Redis",
    unit: "MB",
    group: "memory",
    chart: ["Memory", 5],
  },
} as const satisfies Record<string, Figure>

export const stepFigures = {
  perSecond: { wire: "per_second" },
  p95Ms: { wire: "p95_ms" },
  p99Ms: { wire: "p99_ms" },
} as const satisfies Record<string, Pick<Figure, "wire">>

export type ChartName =
  | "Queue"
  | "Admissions"
  | "Requests"
  | "People"
  | "Time to answer, all requests"
  | "Errors"
  | "CPU"
  | "Memory"
  | "Seats"
  | "Holds and orders"
  | "Inside the server"
  | "Connections to Postgres"

export type Figures = typeof figures
export type FigureName = keyof Figures
export type StepFigureName = keyof typeof stepFigures
type Matching<Part> = { [Name in FigureName]: Figures[Name] extends Part ? Name : never }[FigureName]
type Measured<Group extends Figure["group"]> = {
  [Name in Matching<{ group: Group; isAlways: true }>]: number
} & { [Name in Matching<{ group: Group }>]?: number }

export type LoadSecond = { at: EpochMs; steps?: Record<string, StepSecond> } & Measured<"load">
export type StepSecond = { [Name in StepFigureName]?: number }

export type SaleSecond = Measured<"sale">

/** What the machine says of itself and of the processes of the test. */
export type MachineSecond = Measured<"machine" | "cpu" | "memory"> & {
  /** The one process of the server or a store that used most of a core, 1 being all of it. */
  busiest?: { name: "server" | "redis" | "postgres"; core: number }
}

/** One second of a run, k6, the sale and the machine on one clock. What nobody told is absent. */
export type Second = { at: EpochMs } & Partial<LoadSecond & SaleSecond & MachineSecond>

export const figureNames = (group?: Figure["group"]): FigureName[] =>
  (Object.keys(figures) as FigureName[]).filter((name) => group === undefined || figures[name].group === group)
export const stepFigureNames = Object.keys(stepFigures) as StepFigureName[]
export const figureOf = (name: FigureName): Figure => figures[name]

/** A number that can be drawn; whatever else came from elsewhere is absent. */
export const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined
