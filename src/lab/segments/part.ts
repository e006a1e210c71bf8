import { open, type FileHandle } from "node:fs/promises"
import { Refusal } from "../../exit.ts"
import { parseHistory, type History } from "../model/history.ts"
import type { ClockOffset } from "./clock-offset.ts"
import type { LoadSecond } from "../model/figures.ts"
import { storedSecond } from "../model/stored-second.ts"
import type { K6Summary } from "../k6/summary.ts"
import { segmentText, type Segment } from "./segment.ts"
import type { Conditions } from "../model/conditions.ts"

export type PartHead = {
  planId: string
  planHash: string
  segment: Segment
  people: number
  trafficVersion: string
  k6Version: string
  scriptHash: string
  machine: string
}

export type PartEnd = { clock: ClockOffset; conditions: Conditions; summary: K6Summary; live: LoadSecond[] }

/** `name` is the file name as the user gave it. Times in the history are on the clock of its machine. */
export type Part = PartHead & PartEnd & { name: string; history: History }

type HeadLine = {
  plan_id: string
  plan_hash: string
  segment: Segment
  people: number
  traffic_version: string
  k6_version: string
  script_hash: string
  machine: string
}
type EndLine = {
  lines: number
  clock_offset_ms: number
  clock_uncertainty_ms: number
  conditions: Conditions
  summary: K6Summary
  live: LoadSecond[]
}

/** Copies the lines of k6 unchanged between head and end; the end has their number, so that truncation is detected. */
export const writePart = async (path: string, head: PartHead, historyPath: string, end: PartEnd): Promise<void> => {
  // Bun.write leaves the tail of a longer file that existed before.
  const file = await open(path, "w")
  try {
    await file.write(`${JSON.stringify({ traffic_part: 1, ...headLine(head) })}\n`)
    const lines = await copyLines(historyPath, file)
    await file.write(`${JSON.stringify({ traffic_part_end: 1, ...endLine(lines, end) })}\n`)
  } finally {
    await file.close()
  }
}

const copyLines = async (historyPath: string, file: FileHandle): Promise<number> => {
  const history = Bun.file(historyPath)
  if (!(await history.exists())) return 0
  let lines = 0
  let last = newline
  for await (const chunk of history.stream()) {
    for (const byte of chunk) if (byte === newline) lines++
    last = chunk.at(-1) ?? last
    await file.writeFile(chunk)
  }
  if (last === newline) return lines
  await file.write("\n")
  return lines + 1
}
const newline = 10

const headLine = (head: PartHead): HeadLine => ({
  plan_id: head.planId,
  plan_hash: head.planHash,
  segment: head.segment,
  people: head.people,
  traffic_version: head.trafficVersion,
  k6_version: head.k6Version,
  script_hash: head.scriptHash,
  machine: head.machine,
})

const endLine = (lines: number, { clock, conditions, summary, live }: PartEnd): EndLine => ({
  lines,
  clock_offset_ms: clock.offsetMs,
  clock_uncertainty_ms: clock.uncertaintyMs,
  conditions,
  summary,
  live,
})

/** @throws Refusal naming the file, what is wrong with it and what to do. */
export const parsePart = (text: string, name: string): Part => {
  const whole = text.endsWith("\n") ? text.slice(0, -1) : text
  const firstEnd = whole.indexOf("\n")
  const lastStart = whole.lastIndexOf("\n")
  const head = recordIn<HeadLine>(firstEnd < 0 ? whole : whole.slice(0, firstEnd), "traffic_part")
  if (head === undefined)
    throw new Refusal(
      "usage",
      `${name} is no part of a test: name the files that \`traffic sim SCENARIO --segment k/n --out FILE\` wrote`,
    )
  const end = recordIn<EndLine>(whole.slice(lastStart + 1), "traffic_part_end")
  const between = lastStart > firstEnd ? whole.slice(firstEnd + 1, lastStart) : ""
  if (end === undefined || end.lines !== (between === "" ? 0 : between.split("\n").length))
    throw new Refusal(
      "usage",
      `${name} is cut off: copy it again from the machine of segment ${segmentText(head.segment)}; when that has no more, prepare a new plan and run all segments again`,
    )
  return {
    planId: head.plan_id,
    planHash: head.plan_hash,
    segment: head.segment,
    people: head.people,
    trafficVersion: head.traffic_version,
    k6Version: head.k6_version,
    scriptHash: head.script_hash,
    machine: head.machine,
    clock: { offsetMs: end.clock_offset_ms, uncertaintyMs: end.clock_uncertainty_ms },
    conditions: end.conditions,
    summary: end.summary,
    live: end.live.map(storedSecond) as LoadSecond[],
    name,
    history: parseHistory(between),
  }
}

const recordIn = <T>(line: string, mark: string): T | undefined => {
  try {
    const { [mark]: marked, ...record } = JSON.parse(line) as Record<string, unknown>
    return marked === 1 ? (record as T) : undefined
  } catch {
    return undefined
  }
}
