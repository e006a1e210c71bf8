import { readdir, readFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { Refusal } from "../../exit.ts"
import { isFault } from "../../fault.ts"
import { isId } from "../../ids.ts"
import { runsPerSideMax } from "../../lab/compare/compare.ts"
import { parseRunRecords, type RunRecord } from "../../lab/report/record.ts"
import { findStarred, readRecord } from "./target/stored.ts"
import { openTarget, type Targeting } from "./target/target.ts"

type Place = { targeting: Targeting; target?: string; /** Whose starred run is meant. */ scenario?: string }

/** The runs that a text names, separated by commas: files, or with a target also ids and `starred`. @throws Refusal */
export const readRuns = async (text: string, place: Place): Promise<RunRecord[]> => {
  const names = await namesIn(text)
  if (names.length === 0)
    throw wrong(`"${text}" names no run: give files that --report-json wrote, separated by commas`)
  const runs: RunRecord[] = []
  for (const name of names.slice(0, runsPerSideMax + 1)) runs.push(...(await readNamed(name, place)))
  if (runs.length > runsPerSideMax)
    throw wrong(`"${text}" names more than ${runsPerSideMax} runs: give at most as many a side`)
  return runs
}

/** "new-*.json" stands for the files that are there, and so does the "new-{n}.json" that --repeat wrote to. */
const namesIn = async (text: string): Promise<string[]> => {
  const names = text
    .split(",")
    .map((each) => each.trim().replaceAll("{n}", "*"))
    .filter((each) => each !== "")
  return (await Promise.all(names.map(filesLike))).flat()
}

const filesLike = async (name: string): Promise<string[]> => {
  const pattern = basename(name)
  if (!pattern.includes("*")) return [name]
  const glob = new Bun.Glob(pattern)
  const files = (await readdir(dirname(name)).catch(() => [])).filter((each) => glob.match(each))
  return files.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).map((each) => join(dirname(name), each))
}

const readNamed = async (name: string, place: Place): Promise<RunRecord[]> => {
  const content = await readFile(name, "utf8").catch((error: NodeJS.ErrnoException) => error)
  if (typeof content === "string") return parseRecords(content, name)
  const isStored = isId(name) || name === "starred"
  if (!isStored && content.code === "ENOENT")
    throw wrong(
      `${name}: there is no such file; give a file that --report-json wrote${place.target === undefined ? "" : ", the id of a run, or starred"}`,
    )
  if (!isStored) throw wrong(`${name} cannot be read: ${content.message}`)
  if (place.target === undefined)
    throw wrong(`${name}: name the server that keeps the run with --target, or give a file`)
  const target = await openTarget(place.target, place.targeting)
  return [await readRecord(target, name === "starred" ? await findStarred(target, place.scenario) : name)]
}

const parseRecords = (content: string, name: string): RunRecord[] => {
  try {
    return parseRunRecords(content, name)
  } catch (error) {
    if (!isFault(error, "invalid_input")) throw error
    throw wrong(error.message)
  }
}

const wrong = (sentence: string) => new Refusal("usage", sentence)
