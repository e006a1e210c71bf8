import { mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { exitCodes, Refusal, type ExitCode } from "../../../exit.ts"
import { defaultLimits, runLength } from "../../../lab/model/settings.ts"
import { measureOffset } from "../../../lab/segments/clock-offset.ts"
import type { Plan } from "../../../lab/segments/plan.ts"
import { runSegment, type SegmentEnding, type SegmentNews } from "../../../lab/segments/segment-run.ts"
import { lookupSegment, segmentsMost, segmentText, shareOf, type Segment } from "../../../lab/segments/segment.ts"
import { settings, type SimOptions } from "../options.ts"
import { checkOutput } from "../output-file.ts"
import { openLines } from "../output.ts"
import type { SimParts } from "../parts.ts"
import { reportFlags } from "../reports.ts"
import { askClock, openTarget } from "../target/target.ts"
import { readPlan } from "./plan-file.ts"

export type SegmentOptions = SimOptions & { segment?: string; plan?: string; out?: string }
type SegmentParts = Omit<SimParts, "environment" | "privateServer">

/**
 * `traffic sim SCENARIO --segment 2/3 --plan plan.json --out part-2.ndjson`: plays one share of a plan from this machine.
 * @throws Refusal
 */
export const playSegment = async (
  scenario: string | undefined,
  options: SegmentOptions,
  parts: SegmentParts,
): Promise<ExitCode> => {
  const segment = parseSegment(options.segment)
  if (options.plan === undefined)
    throw wrong(
      `--segment ${segmentText(segment)}: name the plan that all segments share with --plan; make it with \`traffic sim prepare ${scenario ?? "SCENARIO"} --target URL > plan.json\``,
    )
  const plan = await readPlan(options.plan)
  refuseContradictions(scenario, options, plan, segment)
  const out = options.out ?? `part-${segment.index}.ndjson`
  await checkOutput({ flag: "--out", path: out, sample: `part-${segment.index}.ndjson` })
  const ending = await play(plan, segment, out, { ...parts, where: options.target ?? plan.target })
  return conclude(ending, { segment, out, json: options.json === true }, parts)
}

const parseSegment = (text: string | undefined): Segment => {
  if (text === undefined) throw wrong("--plan and --out belong to a segment: say which one, such as --segment 1/2")
  const segment = lookupSegment(text)
  if (segment === undefined)
    throw wrong(`--segment ${text}: write which one of how many, such as 2/3; there are at most ${segmentsMost}`)
  return segment
}

const runFlags = {
  ...reportFlags,
  baseline: "--baseline",
  repeat: "--repeat",
  scenarios: "--scenarios",
  junit: "--junit",
} as const

const refuseContradictions = (scenario: string | undefined, options: SegmentOptions, plan: Plan, segment: Segment) => {
  if (scenario !== plan.settings.scenario)
    throw wrong(
      `${options.plan} is a plan of ${plan.settings.scenario}: write traffic sim ${plan.settings.scenario} --segment ${segmentText(segment)} --plan ${options.plan}`,
    )
  const setting = [...settings, { option: "quick", flag: "--quick" } as const].find((each) => options[each.option])
  if (setting !== undefined) throw wrong(`${setting.flag}: the plan says that for all segments; leave it out here`)
  const late = (Object.keys(runFlags) as (keyof typeof runFlags)[]).find((each) => options[each] !== undefined)
  if (late !== undefined)
    throw wrong(
      `${runFlags[late]}: a segment is a part of a run; reports are written by \`traffic sim merge\`, so leave it out here`,
    )
  const { count } = shareOf(plan.settings.vusMax, segment)
  if (count < 1)
    throw wrong(
      `--segment ${segmentText(segment)}: the plan has ${plan.settings.vusMax} people, so use at most ${plan.settings.vusMax} segments`,
    )
  if (count > defaultLimits.vusMax)
    throw wrong(
      `--segment ${segmentText(segment)}: that is ${count} people on one machine and ${defaultLimits.vusMax} are the most; use at least ${Math.ceil(plan.settings.vusMax / defaultLimits.vusMax)} segments`,
    )
}

const play = async (plan: Plan, segment: Segment, out: string, parts: SegmentParts & { where: string }) => {
  const { clock, where, targeting } = parts
  const k6 = await parts.findK6()
  const target = await openTarget(where, targeting)
  const stopping = new AbortController()
  const unlisten = parts.onInterrupt(() => stopping.abort())
  const folder = mkdtempSync(join(tmpdir(), "traffic-segment-"))
  const lines = openLines(parts)
  try {
    const ending = await runSegment({
      plan,
      segment,
      baseUrl: target.origin,
      isLoopback: target.isLoopback,
      k6,
      folder,
      out: resolve(out),
      clock,
      offset: () => measureOffset(() => askClock(target), clock),
      announce: (news) => lines.show(newsText(segment, news, plan)),
      stop: stopping.signal,
    })
    lines.done()
    return ending
  } finally {
    unlisten()
    await rm(folder, { recursive: true, force: true })
  }
}

const newsText = (segment: Segment, news: SegmentNews, { settings }: Plan) => {
  const name = `segment ${segmentText(segment)} of ${settings.scenario}`
  if (news.state === "waiting") return `${name} ready, starts in ${inSeconds(news.startsIn)}`
  const { people, requestsPerSecond } = news.point
  return `${name} running ${inSeconds(news.passed)} of ${inSeconds(runLength(settings))} · ${people} people · ${Math.round(requestsPerSecond)} requests/s`
}
const inSeconds = (length: number) => `${Math.round(length / 1000)}s`

const conclude = (
  ending: SegmentEnding,
  { segment, out, json }: { segment: Segment; out: string; json: boolean },
  parts: SegmentParts,
): ExitCode => {
  switch (ending.state) {
    case "written": {
      const { people, clock } = ending
      if (json)
        parts.out(
          JSON.stringify({
            segment,
            people,
            part: out,
            clock_offset_ms: clock.offsetMs,
            clock_uncertainty_ms: clock.uncertaintyMs,
          }),
        )
      else
        parts.out(
          `wrote ${out}: ${people} people of segment ${segmentText(segment)}, the clock of the server known within ${Math.ceil(clock.uncertaintyMs)} ms`,
        )
      return exitCodes.pass
    }
    case "late":
      throw wrong(
        `--segment ${segmentText(segment)}: the start of the plan was ${inSeconds(ending.by)} before this machine was ready; prepare a new plan with a longer --start-in and run all segments again`,
      )
    case "stopped":
      return exitCodes.interrupted
    case "broken":
      throw new Refusal("fail", ending.why)
  }
}

const wrong = (sentence: string) => new Refusal("usage", sentence)
