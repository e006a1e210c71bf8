import type { Report } from "./cell.ts"
import { columns, type Column } from "./comparison.ts"
import type { Kind } from "./scene.ts"

const titles: Record<Column, string> = {
  lost: "lost",
  moved: "moved",
  twice: "twice",
  unknownOrders: "unknown orders",
  calledTwice: "called twice",
  sums: "sums",
  other: "other",
}

/** Kinds and what must be zero, as a table of Markdown. */
export const tableOf = (reports: Report[], kinds: Kind[]): string => {
  const rows = kinds.map((kind) =>
    rowOf(
      kind.name,
      reports.filter((each) => each.cell.kind === kind),
    ),
  )
  return [
    ["kind", "cells", "faults", "acknowledged", ...columns.map((each) => titles[each])],
    ["---", ...Array.from({ length: columns.length + 3 }, () => "---:")],
    ...rows,
    rowOf("all", reports),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")
}

const rowOf = (name: string, reports: Report[]) => {
  const sum = (of: (report: Report) => number) => String(reports.reduce((all, each) => all + of(each), 0))
  return [
    name,
    String(reports.length),
    sum((each) => each.cell.faults),
    sum((each) => each.findings.acknowledged),
    ...columns.map((column) => sum((each) => each.findings[column].length)),
  ]
}
