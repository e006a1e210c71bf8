import { exitCodeOf, Refusal, type ExitCode } from "../../../exit.ts"
import { isFault } from "../../../fault.ts"
import { linesOf, parseAuditLog } from "../../../lab/audit/audit-log.ts"
import type { ServerTruth } from "../../../lab/model/truth.ts"
import { runTable } from "../../../lab/report/text.ts"
import { secondBody } from "../../../lab/report/second-body.ts"
import { runBody } from "../../../lab/report/wire.ts"
import { checkParts, mergeParts } from "../../../lab/segments/merge.ts"
import { parsePart, type Part } from "../../../lab/segments/part.ts"
import type { Plan } from "../../../lab/segments/plan.ts"
import { segmentsMost } from "../../../lab/segments/segment.ts"
import { minutes } from "../../../units.ts"
import type { ReportOptions, TargetOptions } from "../options.ts"
import type { SimParts } from "../parts.ts"
import { checkReports, writeReports } from "../reports.ts"
import { resultBody } from "../result.ts"
import { openTarget, type Target } from "../target/target.ts"
import { readPlan } from "./plan-file.ts"

export type MergeOptions = ReportOptions & TargetOptions & { json?: boolean }
type MergeParts = Pick<SimParts, "targeting" | "out" | "progress">

/**
 * `traffic sim merge plan.json part-*.ndjson`: one verdict for all machines, with the truth that the server tells.
 * @throws Refusal
 */
export const merge = async (
  planPath: string,
  partPaths: string[],
  options: MergeOptions,
  { targeting, out, progress }: MergeParts,
): Promise<ExitCode> => {
  await checkReports(options)
  const plan = await readPlan(planPath)
  if (partPaths.length > segmentsMost)
    throw wrong(`${partPaths.length} parts: a test has at most ${segmentsMost} segments, so name the files of one test`)
  const named = await Promise.all(partPaths.map(readPart))
  const parts = checkParts(plan, planPath, named)
  const truth = await readTruth(await openTarget(options.target ?? plan.target, targeting), plan)
  const run = mergeParts(plan, parts, truth)
  const result = { body: runBody(run), points: run.live.map(secondBody) }
  for (const path of await writeReports(result, options)) progress.write(`wrote ${path}\n`)
  if (options.json) out(JSON.stringify({ ...resultBody(result), ...labels(parts) }))
  else out(`${runTable(result.body).trimEnd()}\n${labelText(parts)}\n`)
  return exitCodeOf(result.body)
}

const readPart = async (path: string): Promise<Part> => {
  const file = Bun.file(path)
  if (!(await file.exists())) throw wrong(`${path}: there is no such file; name the part files of all segments`)
  if (file.size > partMost) throw wrong(`${path} is over 2 GB: share the test between more segments`)
  return parsePart(await file.text(), path)
}
const partMost = 2_000_000_000

const readTruth = async ({ send, origin }: Target, { settings }: Plan): Promise<ServerTruth> => {
  const answer = await send("GET", `/v1/admin/sales/${settings.saleId}/audit-log`, undefined, minutes(5))
  try {
    return await parseAuditLog(linesOf(answer.body!))
  } catch (error) {
    if (!isFault(error)) throw error
    throw new Refusal("fail", `${origin}: ${error.message}`, { cause: error })
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

const wrong = (sentence: string) => new Refusal("usage", sentence)
