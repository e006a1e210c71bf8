import { csvRow, type Cell } from "../../csv.ts"
import { figureNames, figureOf, stepFigureNames, stepFigures, type Second } from "../model/figures.ts"
import { startOf } from "./charts.ts"
import { secondOf, type SecondBody } from "./second-body.ts"
import { stepNames } from "./step-names.ts"
import type { RunBody } from "./wire.ts"

/** One row per second, RFC 4180. Empty cells were not measured. */
export const seriesCsv = (run: Pick<RunBody, "started_at">, series: SecondBody[]): string => {
  const seconds = series.map(secondOf)
  const columns = columnsOf(seconds)
  const start = startOf(run.started_at, seconds)
  return csv([
    ["at", "second", ...columns.map((each) => each.name)],
    ...seconds.map((second, index) => [
      series[index]!.at,
      Math.round((second.at - start) / 100) / 10,
      ...columns.map((each) => each.of(second)),
    ]),
  ])
}

type Column = { name: string; of: (second: Second) => number | undefined }

const columnsOf = (seconds: Second[]): Column[] => {
  const columns = figureNames().flatMap((name) => {
    const { wire, also, group } = figureOf(name)
    const of = (second: Second) => second[name]
    const column = { name: wire.replace(".", "_") + (group === "cpu" ? "_rate" : ""), of, isMember: wire.includes(".") }
    return also === undefined ? [column] : [{ name: also, of, isMember: false }, column]
  })
  const ofSteps = stepNames(seconds).flatMap((step) =>
    stepFigureNames.map((name) => ({
      name: `${step}_${stepFigures[name].wire}`,
      of: ({ steps }: Second) => steps?.[step]?.[name],
    })),
  )
  return [...columns.filter((each) => !each.isMember), ...columns.filter((each) => each.isMember), ...ofSteps]
}

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
