import { crossingsOf, type Crossing } from "./crossing.ts"
import { limitsOf, machineLimits, type Limit } from "./limits.ts"
import { figureOf, stepsOf, type PointBody } from "./point.ts"
import type { RunBody } from "./wire.ts"

export type Window = { from: number; to: number }
export type Unit = "people" | "seats" | "per second" | "ms" | "share" | "MB" | "count"
export type ReportLine = { name: string; values: (number | undefined)[] }
export type DrawnLimit = Pick<Limit, "name" | "value"> & {
  /** Which line it holds for. */
  line: string
  /** To be over a pace is no breach; what is judged as a whole is not followed second by second. */
  kind: "limit" | "pace" | "whole"
  /** The phase in which alone it holds. */
  window?: Window
  crossings: Crossing[]
}
export type ReportChart = {
  title: string
  unit: Unit
  lines: ReportLine[]
  limits: DrawnLimit[]
  /** What to say where nothing was measured. */
  missing: string
}

type Of = (point: PointBody) => unknown

/** Every chart of a run, in the order in which they are read; one without lines was not measured. */
export const chartsOf = (
  run: RunBody,
  points: PointBody[],
  times: number[],
  steady: Window | undefined,
): ReportChart[] => {
  const line = (name: string, of: Of): ReportLine => ({ name, values: points.map((each) => figureOf(of(each))) })
  const limited = (lines: ReportLine[], limits: Limit[]): DrawnLimit[] =>
    limits.map(({ name, value, line: which, breaks, isSteadyOnly, isPace, isWhole }) => ({
      name,
      value,
      line: which,
      kind: isPace ? "pace" : isWhole ? "whole" : "limit",
      ...(isSteadyOnly && steady !== undefined ? { window: steady } : {}),
      crossings:
        isPace || isWhole
          ? []
          : crossingsOf(
              { times, values: lines.find((each) => each.name === which)?.values ?? [] },
              breaks,
              isSteadyOnly ? steady : undefined,
            ),
    }))
  const chart = (
    title: string,
    unit: Unit,
    lines: ReportLine[],
    missing: string,
    limits: Limit[] = [],
  ): ReportChart => {
    const measured = lines.filter((each) => each.values.some((value) => value !== undefined))
    return {
      title,
      unit,
      lines: measured,
      limits: limited(
        measured,
        limits.filter((each) => measured.some(({ name }) => name === each.line)),
      ),
      missing,
    }
  }
  const setting = (name: string) => figureOf(run.settings[name])
  const limits = limitsOf(run)
  const admissions = line("Admissions", (each) => each.admissions_per_second)
  const perMinute = setting("admit_per_minute")
  const cap = setting("waiting_room_cap")
  const seats = setting("total_seats")
  return [
    chart(
      "Queue",
      "people",
      [line("Waiting", (each) => each.waiting), line("Called so far", (each) => each.now_serving)],
      "The server's own figures of the queue are not in this run.",
      cap === undefined || !points.some((each) => (figureOf(each.waiting) ?? 0) > cap / 4)
        ? []
        : [{ line: "Waiting", name: "waiting at most", value: cap, breaks: (value) => value > cap }],
    ),
    chart(
      "Admissions",
      "per second",
      [admissions.values.some((each) => each !== undefined) ? admissions : calledEachSecond(points, times)],
      "The server's own figures of admissions are not in this run.",
      perMinute === undefined
        ? []
        : [{ line: "Admissions", name: "pace that was set", value: perMinute / 60, breaks: () => false, isPace: true }],
    ),
    chart("Requests", "per second", [line("Requests", (each) => each.requests_per_second)], "k6 told no requests."),
    chart(
      "People",
      "people",
      [line("People with k6", (each) => each.people), line("Shoppers", (each) => each.shoppers)],
      "k6 told no people.",
    ),
    chart(
      "Time to answer, all requests",
      "ms",
      [line("p95", (each) => each.p95_ms), line("p99", (each) => each.p99_ms)],
      "k6 told no times to answer.",
      limits.latency(undefined),
    ),
    ...stepsOf(points).map((step) =>
      chart(
        `Time to answer, ${step}`,
        "ms",
        [line("p95", (each) => each.steps?.[step]?.p95_ms), line("p99", (each) => each.steps?.[step]?.p99_ms)],
        `No time to answer was recorded for ${step}.`,
        limits.latency(step),
      ),
    ),
    stepsOf(points).length === 0
      ? chart("Time to answer, by step", "ms", [], "Times by step were not recorded second by second in this run.")
      : chart(
          "Requests by step",
          "per second",
          busiest(stepsOf(points).map((step) => line(step, (each) => each.steps?.[step]?.per_second))),
          "The rate of each step was not recorded.",
        ),
    chart("Errors", "share", [line("Failed", (each) => each.failed_rate)], "k6 told no failures.", limits.failed()),
    chart(
      "CPU",
      "share",
      [
        line("Server", (each) => each.cpu?.server),
        line("Redis", (each) => each.cpu?.redis),
        line("Postgres", (each) => each.cpu?.postgres),
        line("k6", (each) => each.cpu?.k6 ?? each.k6_cpu_rate),
        line("Stolen by neighbours", (each) => each.stolen_rate),
      ],
      "This system does not tell the CPU of its processes.",
      machineLimits,
    ),
    chart(
      "Memory",
      "MB",
      [
        line("Server", (each) => each.memory?.server_mb),
        line("Redis", (each) => each.memory?.redis_mb),
        line("Postgres", (each) => each.memory?.postgres_mb),
        line("k6", (each) => each.memory?.k6_mb),
        line("Data in Redis", (each) => each.memory?.redis_used_mb),
      ],
      "Memory was not recorded in this run.",
    ),
    chart(
      "Seats",
      "seats",
      [
        line("Sold", (each) => each.seats_sold),
        line("Held", (each) => each.seats_held),
        line("Available", (each) => each.seats_available),
      ],
      "The server's own figures of seats are not in this run.",
      seats === undefined
        ? []
        : [{ line: "Sold", name: "sold at most", value: seats, breaks: (value) => value > seats }],
    ),
    chart(
      "Holds and orders",
      "count",
      [line("Holds", (each) => each.holds), line("Orders", (each) => each.orders)],
      "Holds and orders were not recorded second by second in this run.",
    ),
    chart(
      "Inside the server",
      "ms",
      [line("Event loop late by", (each) => each.loop_lag_ms), line("Redis fsync", (each) => each.fsync_ms)],
      "The lag of the event loop and the time of an fsync were not recorded in this run.",
    ),
    chart(
      "Connections to Postgres",
      "count",
      [line("Connections", (each) => each.postgres_connections)],
      "Connections to Postgres were not recorded in this run.",
    ),
  ]
}

const linesMax = 8
/** More lines than these cannot be told apart; the table has them all. */
const busiest = (lines: ReportLine[]) => {
  const most = ({ values }: ReportLine) => values.reduce<number>((high, each) => Math.max(high, each ?? 0), 0)
  const kept = lines.toSorted((a, b) => most(b) - most(a)).slice(0, linesMax)
  return lines.filter((each) => kept.includes(each))
}

/** Where admissions were not recorded, how many were called in each second. */
const calledEachSecond = (points: PointBody[], times: number[]): ReportLine => ({
  name: "Admissions",
  values: points.map((point, index) => {
    const [now, before] = [figureOf(point.now_serving), figureOf(points[index - 1]?.now_serving)]
    const passed = times[index]! - (times[index - 1] ?? Infinity)
    return now === undefined || before === undefined || passed <= 0 ? undefined : Math.max(0, (now - before) / passed)
  }),
})
