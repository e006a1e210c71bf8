import { rm } from "node:fs/promises"
import { resolve } from "node:path"
import type { Clock } from "../../clock.ts"
import { measureOffset } from "../../lab/segments/clock-offset.ts"
import { parsePlan, type Plan } from "../../lab/segments/plan.ts"
import { defaultLimits, runLength } from "../../lab/model/settings.ts"
import { runSegment, type SegmentEnding, type SegmentNews } from "../../lab/segments/segment-run.ts"
import { lookupSegment, segmentsMost, segmentText, shareOf, type Segment } from "../../lab/segments/segment.ts"
import { exitCodes, type ExitCode } from "../../exit.ts"
import { drawOver } from "./output.ts"
import { checkPath } from "./reports.ts"
import type { SimDeps, SimOptions } from "./sim.ts"
import { askClock, failure, openTarget, type Targeting } from "./target.ts"

export type SegmentOptions = SimOptions & { segment?: string; plan?: string; out?: string }

export type SegmentDeps = {
  findK6: () => Promise<{ path: string; version: string } | { missing: string }>
  targeting: Targeting
  clock: Clock
  /** A folder of its own for k6, removed afterwards. */
  folder: () => string
  out: (line: string) => void
  progress: SimDeps["progress"]
  onInterrupt: (stop: () => void) => () => void
}

/**
 * `traffic sim SCENARIO --segment 2/3 --plan plan.json --out part-2.ndjson`: plays one share of a plan from this machine.
 * @throws Error with an exitCode and a sentence.
 */
export const simSegment = async (
  scenario: string | undefined,
  options: SegmentOptions,
  deps: SegmentDeps,
): Promise<ExitCode> => {
  const segment = segmentIn(options.segment)
  if (options.plan === undefined)
    throw usage(
      `--segment ${segmentText(segment)}: name the plan that all segments share with --plan; make it with \`traffic sim prepare ${scenario ?? "SCENARIO"} --target URL > plan.json\``,
    )
  const plan = await readPlan(options.plan)
  refuseContradictions(scenario, options, plan, segment)
  const out = options.out ?? partName(segment)
  await checkPath("--out", out, partName(segment))
  const k6 = await deps.findK6()
  if ("missing" in k6) throw failure({ complaint: k6.missing, code: exitCodes.missing })
  const target = await openTarget(options.target ?? plan.target, deps.targeting)
  if ("complaint" in target) throw failure(target)
  const ask = async () => {
    const now = await askClock(target)
    if (typeof now !== "number") throw failure(now)
    return now
  }
  const stopping = new AbortController()
  const unlisten = deps.onInterrupt(() => stopping.abort())
  const folder = deps.folder()
  const tell = teller(deps, plan, segment)
  try {
    const ending = await runSegment({
      plan,
      segment,
      baseUrl: target.origin,
      isLoopback: target.isLoopback,
      k6,
      folder,
      out: resolve(out),
      clock: deps.clock,
      offset: () => measureOffset(ask, deps.clock),
      announce: tell,
      stop: stopping.signal,
    })
    tell.done()
    return conclude(ending, { segment, out, json: options.json === true }, deps)
  } finally {
    unlisten()
    await rm(folder, { recursive: true, force: true })
  }
}

const partName = ({ index }: Segment) => `part-${index}.ndjson`

const segmentIn = (text: string | undefined): Segment => {
  if (text === undefined) throw usage("--plan and --out belong to a segment: say which one, such as --segment 1/2")
  const segment = lookupSegment(text)
  if (segment === undefined)
    throw usage(`--segment ${text}: write which one of how many, such as 2/3; there are at most ${segmentsMost}`)
  return segment
}

/** @throws Error with an exitCode when the file cannot be read; Refusal when it is no plan of this build. */
export const readPlan = async (path: string): Promise<Plan> => {
  const file = Bun.file(path)
  if (!(await file.exists())) throw usage(`${path}: there is no such file; make it with \`traffic sim prepare\``)
  return parsePlan(await file.text(), path)
}

/** The settings are the plan's. */
const settingFlags = [
  ["vus", "--vus"],
  ["ramp", "--ramp"],
  ["steady", "--steady"],
  ["down", "--down"],
  ["admitRate", "--admit-rate"],
  ["cap", "--cap"],
  ["seats", "--seats"],
  ["seed", "--seed"],
  ["preset", "--preset"],
  ["quick", "--quick"],
] as const

/** A segment is no run of its own. */
const runFlags = [
  ["html", "--html"],
  ["csv", "--csv"],
  ["reportJson", "--report-json"],
  ["baseline", "--baseline"],
  ["repeat", "--repeat"],
  ["scenarios", "--scenarios"],
  ["junit", "--junit"],
] as const

const refuseContradictions = (scenario: string | undefined, options: SegmentOptions, plan: Plan, segment: Segment) => {
  const { settings } = plan
  if (scenario !== settings.scenario)
    throw usage(
      `${options.plan} is a plan of ${settings.scenario}: write traffic sim ${settings.scenario} --segment ${segmentText(segment)} --plan ${options.plan}`,
    )
  const flag = settingFlags.find(([option]) => options[option] !== undefined)
  if (flag !== undefined) throw usage(`${flag[1]}: the plan says that for all segments; leave it out here`)
  const late = runFlags.find(([option]) => options[option] !== undefined)
  if (late !== undefined)
    throw usage(
      `${late[1]}: a segment is a part of a run; reports are written by \`traffic sim merge\`, so leave it out here`,
    )
  const { count } = shareOf(settings.vusMax, segment)
  if (count < 1)
    throw usage(
      `--segment ${segmentText(segment)}: the plan has ${settings.vusMax} people, so use at most ${settings.vusMax} segments`,
    )
  if (count > defaultLimits.vusMax)
    throw usage(
      `--segment ${segmentText(segment)}: that is ${count} people on one machine and ${defaultLimits.vusMax} are the most; use at least ${Math.ceil(settings.vusMax / defaultLimits.vusMax)} segments`,
    )
}

const teller = ({ progress, clock }: SegmentDeps, plan: Plan, segment: Segment) => {
  const name = `segment ${segmentText(segment)} of ${plan.settings.scenario}`
  let saidAt = -Infinity
  const tell = (news: SegmentNews) => {
    if (!progress.isTerminal && clock() - saidAt < 5000) return
    saidAt = clock()
    const line = newsText(name, news, plan)
    if (progress.isTerminal) drawOver(progress, line)
    else progress.write(`${line}\n`)
  }
  return Object.assign(tell, { done: () => progress.isTerminal && progress.write("\r\u001b[2K") })
}

const newsText = (name: string, news: SegmentNews, plan: Plan) => {
  if (news.state === "waiting") return `${name} ready, starts in ${inSeconds(news.startsIn)}`
  const { people, requestsPerSecond } = news.point
  return `${name} running ${inSeconds(news.passed)} of ${inSeconds(runLength(plan.settings))} · ${people} people · ${Math.round(requestsPerSecond)} requests/s`
}
const inSeconds = (length: number) => `${Math.round(length / 1000)}s`

const conclude = (
  ending: SegmentEnding,
  { segment, out, json }: { segment: Segment; out: string; json: boolean },
  deps: SegmentDeps,
): ExitCode => {
  switch (ending.state) {
    case "written": {
      const { people, clock } = ending
      if (json)
        deps.out(
          JSON.stringify({
            segment,
            people,
            part: out,
            clock_offset_ms: clock.offsetMs,
            clock_uncertainty_ms: clock.uncertaintyMs,
          }),
        )
      else
        deps.out(
          `wrote ${out}: ${people} people of segment ${segmentText(segment)}, the clock of the server known within ${Math.ceil(clock.uncertaintyMs)} ms`,
        )
      return exitCodes.pass
    }
    case "late":
      throw usage(
        `--segment ${segmentText(segment)}: the start of the plan was ${inSeconds(ending.by)} before this machine was ready; prepare a new plan with a longer --start-in and run all segments again`,
      )
    case "stopped":
      return exitCodes.interrupted
    case "broken":
      throw failure({ complaint: ending.why, code: exitCodes.fail })
  }
}

const usage = (sentence: string) => failure({ complaint: sentence, code: exitCodes.usage })
