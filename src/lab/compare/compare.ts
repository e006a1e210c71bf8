import { serverCpu, subjectsOf, type Subject } from "./figures.ts"
import { differenceBetween, median, runsForRanks, type Difference } from "./noise.ts"
import { bearable } from "../model/conditions.ts"
import { percentOf } from "../model/percent.ts"
import type { RunRecord } from "../report/record.ts"

export type Finding = Difference["found"] | "cannot_tell"

export type Figure = {
  metric: string
  label: string
  unit: string
  /** One value per run; empty where a side does not have the figure. */
  a: number[]
  b: number[]
  finding: Finding
  why: string
  p?: number
}

export type Comparison = {
  outcome: Finding
  figures: Figure[]
  sureness: string
  notes: string[]
}

/** More runs a side than these add nothing. */
export const runsPerSideMax = 20

export const compareRuns = (a: RunRecord[], b: RunRecord[]): Comparison => {
  const [calmA, calmB] = [a.filter(isCalm), b.filter(isCalm)]
  const isCalmOnly = Math.min(calmA.length, calmB.length) > 0
  const sides: [RunRecord[], RunRecord[]] = isCalmOnly ? [calmA, calmB] : [a, b]
  const figures = subjectsOf([...a, ...b]).map((subject) => figureOf(subject, ...sides))
  const latencies = figures.filter((each) => each.unit === "ms" && each.metric !== serverCpu)
  const telling = latencies.length > 0 ? latencies : figures
  const has = (finding: Finding) => figures.some((each) => each.finding === finding)
  // A difference that the machine may have caused leaves the outcome open.
  const isOpen =
    telling.every((each) => each.finding === "cannot_tell") || figures.some((each) => each.why === machineToBlame)
  const outcome = has("worse") ? "worse" : isOpen ? "cannot_tell" : has("better") ? "better" : "no_difference"
  return { outcome, figures, sureness: surenessOf(sides[0].length, sides[1].length), notes: notesOf(a, b, isCalmOnly) }
}

export const incomparable = (a: RunRecord[], b: RunRecord[]): string[] => {
  const first = a[0]!
  const reasons = new Set<string>()
  for (const run of [...a, ...b]) {
    if (Object.keys(run.metrics).length === 0)
      reasons.add(`${run.name} has no figures: it ended as ${run.verdict ?? run.status}`)
    for (const { what, of } of equals) {
      if (of(first) === of(run)) continue
      reasons.add(`${what} differs: ${of(first)} in ${first.name}, ${of(run)} in ${run.name}`)
    }
    for (const field of new Set([...Object.keys(first.settings), ...Object.keys(run.settings)])) {
      if (mayDiffer.has(field) || String(first.settings[field]) === String(run.settings[field])) continue
      const [one, other] = [first, run].map((each) => `${String(each.settings[field] ?? "absent")} in ${each.name}`)
      reasons.add(`${field} differs: ${one}, ${other}`)
    }
  }
  const names = new Map(a.map((run) => [run.runId, run.name]))
  for (const run of b) {
    const twin = names.get(run.runId)
    if (twin !== undefined) reasons.add(`${twin} and ${run.name} are the same run ${run.runId}`)
  }
  return [...reasons]
}

const equals: { what: string; of: (run: RunRecord) => string }[] = [
  { what: "the scenario", of: (run) => run.scenario },
  { what: "the script", of: (run) => run.scriptHash?.slice(0, 12) ?? "unknown" },
  { what: "the machine", of: (run) => run.machine ?? "unknown" },
  { what: "the segment", of: (run) => run.segment ?? "none" },
]
const mayDiffer = new Set(["scenario", "seed", "sale_id", "preset"])

const figureOf = (
  { metric, label, unit, tolerance, percentile, step }: Subject,
  a: RunRecord[],
  b: RunRecord[],
): Figure => {
  const valuesOf = (runs: RunRecord[]) => runs.flatMap((run) => run.metrics[metric] ?? [])
  const figure = { metric, label, unit, a: valuesOf(a), b: valuesOf(b) }
  const unknown = (why: string): Figure => ({ ...figure, finding: "cannot_tell", why })
  if (figure.a.length < a.length || figure.b.length < b.length) return unknown("not every run has it")
  const fewest = Math.min(...[...a, ...b].map((run) => run.metrics[`${step}_count`] ?? Infinity))
  // A percentile needs a few samples above it: two where runs are repeated, as in the verdict, otherwise ten.
  const above = Math.min(a.length, b.length) >= runsForRanks ? 2 : 10
  const needed = percentile === undefined ? 0 : Math.ceil(above / (1 - percentile / 100) - 1e-6)
  if (fewest < needed) return unknown(`${fewest} samples in a run, it needs ${needed}`)
  const difference = differenceBetween(figure.a, figure.b, tolerance)
  const slower = difference.found === "worse" ? b : a
  if (difference.found !== "no_difference") {
    if (isMachineToBlame(slower, slower === a ? b : a, difference.by)) return unknown(machineToBlame)
    if (difference.by === "band" && unit === "ms" && slower.some(waitedForDisk)) return unknown(machineToBlame)
  }
  return {
    ...figure,
    finding: difference.found,
    why: whyOf(difference),
    ...(difference.p === undefined ? {} : { p: difference.p }),
  }
}

const machineToBlame = "the machine was disturbed in the runs that did worse"

/** A disturbed machine only makes a run slower; among repeated runs it counts when it hit only one side. */
const isMachineToBlame = (slower: RunRecord[], other: RunRecord[], by: Difference["by"]) => {
  const share = (runs: RunRecord[]) => runs.filter(isDisturbed).length / runs.length
  return by === "ranks" ? share(slower) - share(other) > 0.5 : share(slower) > 0
}

/** The limits of the verdict apply here too, because a run that passed over them is no baseline. */
const isDisturbed = ({ metrics }: RunRecord): boolean =>
  (metrics["steal_pct"] ?? 0) > percentOf(bearable.stolen) ||
  (metrics["other_programs_cpu_pct"] ?? 0) > percentOf(bearable.others) ||
  (metrics["k6_cpu_pct"] ?? 0) > percentOf(bearable.k6Cpu) ||
  (metrics["arrival_lag_p99_ms"] ?? 0) > bearable.lagMs ||
  // No build stalls a disk for 500 ms; a neighbour's write does.
  (metrics["fsync_max_ms"] ?? 0) > 500

/** A wait over 150 ms exceeds the fixed band, so it alone may be the difference. */
const waitedForDisk = ({ metrics }: RunRecord) => (metrics["fsync_max_ms"] ?? 0) > 150

const isCalm = (run: RunRecord) => !isDisturbed(run)

const whyOf = ({ by, p }: Difference) =>
  by === "band" ? "by a fixed band" : `p ${(p ?? 1).toFixed(p !== undefined && p < 0.01 ? 4 : 2)}`

const surenessOf = (a: number, b: number): string => {
  const sides = `${a} ${a === 1 ? "run" : "runs"} against ${b}`
  if (Math.min(a, b) >= runsForRanks)
    return `${sides}, told by their ranks: for one figure chance alone does this in less than 1 of 100 comparisons.`
  return `${sides}, rough: what is not half as slow again in the middle, or three times as slow and 150 ms in the tail, passes for chance. Five runs a side (--repeat 5) tell more.`
}

const notesOf = (a: RunRecord[], b: RunRecord[], isCalmOnly: boolean): string[] => {
  const notes: string[] = []
  const runs = [...a, ...b]
  if (runs.every((run) => run.scriptHash === undefined || run.machine === undefined))
    notes.push(
      "The runs do not say on which machine or with which script they were made: make sure that both are the same.",
    )
  const k6 = [...new Set(runs.map((run) => run.k6Version))]
  if (k6.length > 1) notes.push(`The load came from different versions of k6: ${k6.join(", ")}.`)
  const disturbed = runs.filter(isDisturbed).length
  if (disturbed > 0)
    notes.push(
      `In ${disturbed} of ${runs.length} runs the machine or the generator was the limit${isCalmOnly ? "; they are left out" : ": only a large difference would show"}.`,
    )
  const times = (side: RunRecord[]) => side.map((run) => run.createdAt ?? NaN)
  const apart = Math.max(...times(a)) < Math.min(...times(b)) || Math.max(...times(b)) < Math.min(...times(a))
  if (a.length > 1 && b.length > 1 && apart)
    notes.push(
      "All runs of one side came before those of the other, so what the machine did in between counts as a difference: take turns.",
    )
  return notes
}

export const bandOf = (values: number[]) => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
})
