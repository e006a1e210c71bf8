import { exitCodes, type ExitCode } from "../../exit.ts"
import type { Figure } from "./comparison.ts"
import { median, type Measured } from "./round.ts"

export type Report = ReturnType<typeof reportOf>

export const reportOf = (figures: Figure[]) => ({
  figures: figures.map(({ what, target, pairs, storeOperations, storeOperationsMax }) => {
    const ratios = pairs.map((pair) => pair.ratio)
    const ours = pairs.map((pair) => pair.ours)
    const bare = pairs.map((pair) => pair.bare)
    return {
      what,
      target,
      reached: median(ratios) >= target && storeOperations <= storeOperationsMax,
      rounds: pairs.length,
      ratio: { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios) },
      ours: {
        ...speedOf(ours),
        stores_us: median(ours.map((each) => each.storesUs)),
        p99_ms: median(ours.map((each) => each.p99Ms)),
      },
      bare: speedOf(bare),
      refused_share: median(pairs.map((pair) => 1 - pair.accepted)),
      store_operations: storeOperations,
    }
  }),
})

const speedOf = (side: Measured[]) => ({
  per_second: median(side.map((each) => each.perSecond)),
  server_us: median(side.map((each) => each.serverUs)),
})

export const exitOf = (report: Report, rounds: number): ExitCode => {
  if (report.figures.some((each) => each.rounds < rounds)) return exitCodes.inconclusive
  return report.figures.every((each) => each.reached) ? exitCodes.pass : exitCodes.fail
}

export const tableOf = (report: Report) => {
  const rows = report.figures.map((each) =>
    each.rounds === 0
      ? [each.what, "no quiet round", each.target.toFixed(2), "", "", "", "", "", ""]
      : [
          each.what,
          `${each.ratio.min.toFixed(2)} · ${each.ratio.median.toFixed(2)} · ${each.ratio.max.toFixed(2)}`,
          each.target.toFixed(2),
          each.reached ? "reached" : "MISSED",
          `${each.ours.per_second.toFixed(0)}/s`,
          `${each.bare.per_second.toFixed(0)}/s`,
          `${each.ours.server_us.toFixed(1)} + ${each.ours.stores_us.toFixed(1)} µs`,
          `${each.bare.server_us.toFixed(1)} µs`,
          each.store_operations.toFixed(4),
        ],
  )
  const lines = [
    [
      "path",
      "ratio min · median · max",
      "target",
      "",
      "traffic",
      "bare",
      "CPU server + stores",
      "CPU bare",
      "store operations",
    ],
    ...rows,
  ]
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}
