import { Chart } from "./chart.tsx"
import type { PointView, RunView } from "./run-view.ts"

const pointsMax = 300

/** The run second by second: the queue and the sale as the server tells them, answer times as k6 measured them. */
export const Charts = ({ run }: { run: RunView }) => {
  const points = thin(run.points)
  const start = run.startedAt ?? points[0]?.at ?? 0
  const times = points.map((each) => Math.max(0, (each.at - start) / 1000))
  const shared = { times, lengthSec: run.lengthMs / 1000 }
  const pace = run.admitPerMinute / 60
  const quiet = "Nothing measured yet."
  return (
    <div class="charts">
      <Chart
        {...shared}
        title="People waiting"
        unit=""
        lines={[{ name: "Waiting", kind: "main", values: points.map((each) => each.server?.waiting) }]}
        empty={quiet}
      />
      <Chart
        {...shared}
        title="Admissions"
        unit="/s"
        lines={[
          { name: "Admissions", kind: "main", values: points.map((each, index) => rate(points[index - 1], each)) },
        ]}
        level={{ value: pace, name: `pace ${pace < 10 ? Math.round(pace * 10) / 10 : Math.round(pace)}/s` }}
        empty={quiet}
      />
      <Chart
        {...shared}
        title="Time to answer"
        unit="ms"
        lines={[
          { name: "p95", kind: "main", values: points.map((each) => each.p95Ms) },
          { name: "p99", kind: "second", values: points.map((each) => each.p99Ms) },
        ]}
        empty={quiet}
      />
      <Chart
        {...shared}
        title="Seats"
        unit=""
        lines={[
          { name: "Sold", kind: "main", values: points.map((each) => each.server?.sold) },
          { name: "Held", kind: "second", values: points.map((each) => each.server?.held) },
        ]}
        level={{ value: run.seats, name: `${run.seats.toLocaleString("en-US")} seats` }}
        empty={quiet}
      />
      <Chart
        {...shared}
        title="Requests"
        unit="/s"
        lines={[{ name: "Requests", kind: "main", values: points.map((each) => each.requestsPerSecond) }]}
        empty={quiet}
      />
      <Chart
        {...shared}
        title="People with k6"
        unit=""
        lines={[{ name: "People", kind: "main", values: points.map((each) => each.people) }]}
        empty={quiet}
      />
    </div>
  )
}

const rate = (before: PointView | undefined, now: PointView) => {
  if (before?.server === undefined || now.server === undefined || now.at <= before.at) return undefined
  return Math.max(0, ((now.server.nowServing - before.server.nowServing) * 1000) / (now.at - before.at))
}

/** Every n-th point, the newest always among them. */
const thin = (points: PointView[]) => {
  const step = Math.ceil(points.length / pointsMax)
  return points.filter((_, index) => (points.length - 1 - index) % Math.max(1, step) === 0)
}
