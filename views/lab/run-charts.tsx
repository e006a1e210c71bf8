import type { Second } from "../../src/lab/model/figures.ts"
import { Chart, type ChartProps } from "./chart.tsx"
import type { RunView } from "./run-view.ts"
import { milliseconds, percent, sentence, title } from "../shared/words.ts"

const pointsMax = 300

/** The run second by second: the queue and the sale as the server tells them, answer times as k6 measured them, what both used. */
export const Charts = ({ run, mark, swapped = false }: { run: RunView; mark?: number; swapped?: boolean }) => {
  const points = thin(run.points)
  const start = run.startedAt ?? points[0]?.at ?? 0
  const shared: Shared = {
    times: points.map((each) => Math.max(0, (each.at - start) / 1000)),
    lengthSec: run.lengthMs / 1000,
    empty: "Nothing measured yet.",
    mark,
  }
  return (
    <>
      {run.limitedBy === undefined || swapped ? null : (
        <p class="run-facts">
          <b>What limited it:</b> {sentence(run.limitedBy)}
        </p>
      )}
      <div id="charts" class="charts" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
        <SaleCharts run={run} points={points} shared={shared} />
        <LoadCharts run={run} points={points} shared={shared} />
        <MachineCharts points={points} shared={shared} />
      </div>
    </>
  )
}

type Shared = Pick<ChartProps, "times" | "lengthSec" | "empty" | "mark">
type ChartsProps = { points: Second[]; shared: Shared }

const SaleCharts = ({ run, points, shared }: ChartsProps & { run: RunView }) => {
  const pace = run.admitPerMinute / 60
  return (
    <>
      <Chart
        {...shared}
        title="People waiting"
        unit=""
        lines={[{ name: "Waiting", kind: "main", values: points.map((each) => each.waiting) }]}
      />
      <Chart
        {...shared}
        title="Admissions"
        unit="/s"
        lines={[
          {
            name: "Admissions",
            kind: "main",
            values: points.map((each, index) => each.admissionsPerSecond ?? rate(points[index - 1], each)),
          },
        ]}
        level={{ value: pace, name: `pace ${pace < 10 ? Math.round(pace * 10) / 10 : Math.round(pace)}/s` }}
      />
      <Chart
        {...shared}
        title="Seats"
        unit=""
        lines={[
          { name: "Sold", kind: "main", values: points.map((each) => each.seatsSold) },
          { name: "Held", kind: "second", values: points.map((each) => each.seatsHeld) },
        ]}
        level={{ value: run.seats, name: `${run.seats.toLocaleString("en-US")} seats` }}
      />
    </>
  )
}

/** The thresholds of these steps, "" being all requests together. */
const limitsOf = ({ thresholds = [] }: RunView, metric: string, ...steps: string[]): ChartProps["limits"] =>
  thresholds
    .filter((each) => each.metric === metric && steps.includes(each.step ?? ""))
    .slice(0, limitsMax)
    .map(({ step, stat, limit, unit }) => ({
      value: unit === "share" ? limit * 100 : limit,
      name: `${step === undefined ? "" : `${title(step)} `}${stat === "rate" ? "" : `${stat.replace(/[()]/g, "")} `}under ${unit === "share" ? percent(limit) : milliseconds(limit)}`,
    }))
const limitsMax = 4

const LoadCharts = ({ run, points, shared }: ChartsProps & { run: RunView }) => (
  <>
    <Chart
      {...shared}
      title="Time to answer"
      unit="ms"
      lines={[
        { name: "p95", kind: "main", values: points.map((each) => each.p95Ms) },
        { name: "p99", kind: "second", values: points.map((each) => each.p99Ms) },
      ]}
      limits={limitsOf(run, "http_req_duration", "")}
    />
    <Chart
      {...shared}
      title="Join and status poll, p99"
      unit="ms"
      lines={[
        { name: "Join", kind: "main", values: points.map((each) => each.steps?.["join"]?.p99Ms) },
        { name: "Status poll", kind: "second", values: points.map((each) => each.steps?.["status"]?.p99Ms) },
      ]}
      limits={limitsOf(run, "http_req_duration", "join", "status")}
    />
    <Chart
      {...shared}
      title="Failed"
      unit="%"
      lines={[{ name: "Failed", kind: "main", values: points.map((each) => percentOf(each.failedRate)) }]}
      limits={limitsOf(run, "http_req_failed", "")}
    />
    <Chart
      {...shared}
      title="Requests"
      unit="/s"
      lines={[{ name: "Requests", kind: "main", values: points.map((each) => each.requestsPerSecond) }]}
    />
    <Chart
      {...shared}
      title="People with k6"
      unit=""
      lines={[{ name: "People", kind: "main", values: points.map((each) => each.people) }]}
    />
  </>
)

/** A system that does not tell these figures has no empty charts for them. */
const MachineCharts = ({ points, shared }: ChartsProps) => {
  const charts: { title: string; unit: string; main: Reading; second?: Reading }[] = [
    {
      title: "CPU of the machine",
      unit: "%",
      main: ["Server", ({ cpuServer }) => percentOf(cpuServer)],
      second: ["k6", ({ cpuK6 }) => percentOf(cpuK6)],
    },
    {
      title: "CPU of the stores",
      unit: "%",
      main: ["Postgres", ({ cpuPostgres }) => percentOf(cpuPostgres)],
      second: ["Redis", ({ cpuRedis }) => percentOf(cpuRedis)],
    },
    {
      title: "Delays of the server",
      unit: "ms",
      main: ["Event loop", (each) => each.loopLagMs],
      second: ["fsync of Redis", (each) => each.fsyncMs],
    },
    {
      title: "Memory",
      unit: "MiB",
      main: ["Server", (each) => each.memoryServerMb],
      second: ["k6", (each) => each.memoryK6Mb],
    },
    {
      title: "Memory of the stores",
      unit: "MiB",
      main: ["Postgres", (each) => each.memoryPostgresMb],
      second: ["Redis", (each) => each.memoryRedisMb],
    },
    { title: "Connections of Postgres", unit: "", main: ["Connections", (point) => point.postgresConnections] },
  ]
  const valuesOf = ([name, read]: Reading, kind: "main" | "second") => ({ name, kind, values: points.map(read) })
  return (
    <>
      {charts
        .map(({ main, second, ...each }) => ({
          ...each,
          lines: [valuesOf(main, "main"), ...(second === undefined ? [] : [valuesOf(second, "second")])],
        }))
        .filter(({ lines }) => lines.some(({ values }) => values.some((each) => each !== undefined)))
        .map((each) => (
          <Chart {...shared} {...each} />
        ))}
    </>
  )
}

type Reading = [name: string, read: (point: Second) => number | undefined]
const percentOf = (share: number | undefined) => (share === undefined ? undefined : share * 100)

const rate = (before: Second | undefined, now: Second) => {
  if (before?.nowServing === undefined || now.nowServing === undefined || now.at <= before.at) return undefined
  return Math.max(0, ((now.nowServing - before.nowServing) * 1000) / (now.at - before.at))
}

/** Every n-th point, the newest always among them. */
const thin = (points: Second[]) => {
  const step = Math.ceil(points.length / pointsMax)
  return points.filter((_, index) => (points.length - 1 - index) % Math.max(1, step) === 0)
}
