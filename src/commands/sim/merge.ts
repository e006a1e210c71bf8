import { isFault } from "../../fault.ts"
import { linesOf, parseAuditLog } from "../../lab/audit/audit-log.ts"
import { checkParts, mergeParts } from "../../lab/segments/merge.ts"
import { parsePart, type Part } from "../../lab/segments/part.ts"
import type { Plan } from "../../lab/segments/plan.ts"
import { runBody } from "../../lab/report/wire.ts"
import { secondBody } from "../../lab/report/second-body.ts"
import { runTable } from "../../lab/report/text.ts"
import { segmentsMost } from "../../lab/segments/segment.ts"
import type { ServerTruth } from "../../lab/model/truth.ts"
import { minutes } from "../../units.ts"
import { exitCodeOf, exitCodes, type ExitCode } from "../../exit.ts"
import { resultOf } from "./output.ts"
import { checkReportPaths, reportPathsOf, writeReports } from "./reports.ts"
import { readPlan } from "./segment.ts"
import { failure, openTarget, type Targeting } from "./target.ts"

export type MergeOptions = { target?: string; json?: boolean; html?: string; csv?: string; reportJson?: string }

export type MergeDeps = {
  targeting: Targeting
  out: (line: string) => void
  say: (text: string) => void
}

/**
 * `traffic sim merge plan.json part-*.ndjson`: one verdict for all machines, with the truth that the server tells.
 * @throws Error with an exitCode and a sentence.
 */
export const simMerge = async (
  planPath: string,
  partPaths: string[],
  options: MergeOptions,
  { targeting, out, say }: MergeDeps,
): Promise<ExitCode> => {
  const paths = reportPathsOf(options)
  await checkReportPaths(paths)
  const plan = await readPlan(planPath)
  if (partPaths.length > segmentsMost)
    throw usage(`${partPaths.length} parts: a test has at most ${segmentsMost} segments, so name the files of one test`)
  const named = await Promise.all(partPaths.map(readPart))
  const parts = checkParts(plan, planPath, named)
  const truth = await readTruth(plan, options.target ?? plan.target, targeting)
  const run = mergeParts(plan, parts, truth)
  const body = runBody(run)
  const points = run.live.map(secondBody)
  for (const path of await writeReports(body, points, paths)) say(`wrote ${path}\n`)
  if (options.json) out(JSON.stringify({ ...resultOf({ body, points }), ...labels(parts) }))
  else out(`${runTable(body).trimEnd()}\n${labelText(parts)}\n`)
  return exitCodeOf(body)
}

const readPart = async (path: string): Promise<Part> => {
  const file = Bun.file(path)
  if (!(await file.exists())) throw usage(`${path}: there is no such file; name the part files of all segments`)
  if (file.size > partMost) throw usage(`${path} is over 2 GB: share the test between more segments`)
  return parsePart(await file.text(), path)
}
const partMost = 2_000_000_000

/** @throws Error with an exitCode when the server does not tell it. */
const readTruth = async (plan: Plan, where: string, targeting: Targeting): Promise<ServerTruth> => {
  const target = await openTarget(where, targeting)
  if ("complaint" in target) throw failure(target)
  const { saleId } = plan.settings
  const answer = await target.send("GET", `/v1/admin/sales/${saleId}/audit-log`, undefined, minutes(5))
  if ("complaint" in answer) throw failure(answer)
  try {
    return await parseAuditLog(linesOf(answer.body!))
  } catch (error) {
    if (!isFault(error)) throw error
    throw failure({ complaint: `${target.origin}: ${error.message}`, code: exitCodes.fail })
  }
}

const labels = (parts: Part[]) => ({
  segments: parts.map(({ segment, people, machine, clock }) => ({
    ...segment,
    people,
    machine,
    clock_offset_ms: clock.offsetMs,
    clock_uncertainty_ms: clock.uncertaintyMs,
  })),
  percentiles: parts.length === 1 ? "exact" : "highest of the segments",
})

const labelText = (parts: Part[]) => {
  const doubt = Math.ceil(Math.max(...parts.map(({ clock }) => clock.uncertaintyMs)))
  const percentiles =
    parts.length === 1
      ? "One segment: percentiles are exact."
      : `Percentiles are the highest of ${parts.length} segments; the one of everybody is no higher. Counts and checks are exact.`
  return `${percentiles}\nThe machines' clocks are known within ${doubt} ms; requests closer than that count as simultaneous.`
}

const usage = (sentence: string) => failure({ complaint: sentence, code: exitCodes.usage })
