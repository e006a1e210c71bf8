import { csvRow, type Cell } from "../../csv.ts"
import { readingsOf, startOf, type PointBody } from "./point.ts"
import type { RunBody } from "./wire.ts"

/** A row a second, RFC 4180. Empty cells were not measured. */
export const seriesCsv = (run: Pick<RunBody, "started_at">, points: PointBody[]): string => {
  const readings = readingsOf(points)
  const start = startOf(run.started_at, points)
  return csv([
    ["at", "second", ...readings.map((each) => each.name)],
    ...points.map((point) => [
      point.at,
      Math.round((Date.parse(point.at) - start) / 100) / 10,
      ...readings.map((each) => each.of(point)),
    ]),
  ])
}

/** A row a check, RFC 4180. */
export const checksCsv = ({ checks }: Pick<RunBody, "checks">): string =>
  csv([
    ["check", "result", "expected", "seen", "first_counter_example"],
    ...checks.map(({ name, passed, judged, expected, seen, counter_example }) => [
      name,
      judged ? (passed ? "held" : "broke") : "not judged",
      expected,
      seen,
      counter_example,
    ]),
  ])

const csv = (rows: Cell[][]) => rows.map(csvRow).join("")
