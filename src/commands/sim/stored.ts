import { readdir, readFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { isFault } from "../../fault.ts"
import { isId } from "../../ids.ts"
import { runsPerSideMax } from "../../lab/compare/compare.ts"
import type { SecondBody } from "../../lab/report/second-body.ts"
import { parseRunRecords, recordOf, type RunRecord } from "../../lab/report/record.ts"
import type { SimDeps } from "./sim.ts"
import { exitCodes } from "../../exit.ts"
import type { Complaint } from "./output.ts"
import { openTarget, type Target } from "./target.ts"

type Place = Pick<SimDeps, "targeting"> & { target?: string; /** Whose starred run is meant. */ scenario?: string }

/** The runs that a text names, separated by commas: files, or with a target also ids and `starred`. */
export const readRuns = async (text: string, place: Place): Promise<RunRecord[] | Complaint> => {
  const names = await namesIn(text)
  if (names.length === 0)
    return wrong(`"${text}" names no run: give files that --report-json wrote, separated by commas`)
  const runs: RunRecord[] = []
  for (const name of names.slice(0, runsPerSideMax + 1)) {
    const found = await readRun(name, place)
    if ("complaint" in found) return found
    runs.push(...found)
  }
  return runs.length <= runsPerSideMax
    ? runs
    : wrong(`"${text}" names more than ${runsPerSideMax} runs: give at most as many a side`)
}

/** "new-*.json" stands for the files that are there, and so does the "new-{n}.json" that --repeat wrote to. */
const namesIn = async (text: string): Promise<string[]> => {
  const names = text
    .split(",")
    .map((each) => each.trim().replaceAll("{n}", "*"))
    .filter((each) => each !== "")
  const found = names.map(async (name) => {
    const pattern = basename(name)
    if (!pattern.includes("*")) return [name]
    const glob = new Bun.Glob(pattern)
    const files = (await readdir(dirname(name)).catch(() => [])).filter((each) => glob.match(each))
    return files
      .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
      .map((each) => join(dirname(name), each))
  })
  return (await Promise.all(found)).flat()
}

const readRun = async (name: string, place: Place): Promise<RunRecord[] | Complaint> => {
  const content = await readFile(name, "utf8").catch((error: NodeJS.ErrnoException) => error)
  if (typeof content === "string")
    try {
      return parseRunRecords(content, name)
    } catch (error) {
      if (!isFault(error, "invalid_input")) throw error
      return wrong(error.message)
    }
  const isStored = isId(name) || name === "starred"
  if (!isStored && content.code === "ENOENT")
    return wrong(
      `${name}: there is no such file; give a file that --report-json wrote${place.target === undefined ? "" : ", the id of a run, or starred"}`,
    )
  if (!isStored) return wrong(`${name} cannot be read: ${content.message}`)
  if (place.target === undefined)
    return wrong(`${name}: name the server that keeps the run with --target, or give a file`)
  return readStored(name, place.target, place)
}

const readStored = async (name: string, text: string, place: Place): Promise<RunRecord[] | Complaint> => {
  const target = await openTarget(text, place.targeting)
  if ("complaint" in target) return target
  const runId = name === "starred" ? await starredOf(target, place.scenario) : name
  if (typeof runId !== "string") return runId
  const path = `/v1/demo/loadtest/${runId}`
  const [run, series] = await Promise.all([target.call("GET", path), target.call("GET", `${path}/series`)])
  if ("complaint" in run) return run
  return [recordOf({ run: run.answer, series: "complaint" in series ? [] : series.answer["points"] }, runId)]
}

/** Each scenario has at most one star. */
const starredOf = async ({ call }: Target, scenario: string | undefined): Promise<string | Complaint> => {
  if (scenario === undefined) return wrong("starred: one of the two sides has to be a run by its id or file")
  let before = ""
  for (let page = 0; page < pagesMax; page++) {
    const asked = await call("GET", `/v1/demo/loadtests?scenario=${scenario}&limit=100${before}`)
    if ("complaint" in asked) return asked
    const { runs, next } = asked.answer as { runs: { run_id: string; starred?: boolean }[]; next?: string }
    const found = runs.find((each) => each.starred === true)
    if (found !== undefined) return found.run_id
    if (next === undefined) break
    before = `&before=${next}`
  }
  return wrong(`starred: no run of ${scenario} has a star on this server; star one in the lab, or give its id`)
}
/** Of a hundred runs each. */
const pagesMax = 50

/** The seconds of a run that a server keeps; none where it does not tell them. */
export const seriesOfTarget = async (
  text: string,
  runId: string,
  place: Pick<SimDeps, "targeting">,
): Promise<SecondBody[]> => {
  const target = await openTarget(text, place.targeting)
  if ("complaint" in target) return []
  const asked = await target.call("GET", `/v1/demo/loadtest/${runId}/series`)
  const points = "complaint" in asked ? undefined : asked.answer["points"]
  return Array.isArray(points) ? (points as SecondBody[]) : []
}

const wrong = (complaint: string): Complaint => ({ complaint, code: exitCodes.usage })
