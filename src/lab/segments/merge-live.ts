import {
  figureNames,
  figureOf,
  stepFigureNames,
  type LoadSecond,
  type StepFigureName,
  type StepSecond,
} from "../model/figures.ts"
import { epochMs, millis, later, type EpochMs } from "../../units.ts"

export type MachineSeconds = { points: LoadSecond[]; offsetMs: number }

/**
 * Sums people and requests, weighs shares by requests and keeps the highest of percentiles. Machines start their
 * seconds at different moments, so each second takes the latest point of a machine, up to 1.5 s old.
 */
export const mergeLive = (machines: MachineSeconds[]): LoadSecond[] => {
  const series = machines
    .map(({ points, offsetMs }) => points.map((each) => ({ ...each, at: epochMs(each.at + offsetMs) })))
    .filter((each) => each.length > 0)
  if (series.length === 0) return []
  const first = Math.min(...series.map((each) => each[0]!.at))
  const last = Math.max(...series.map((each) => each.at(-1)!.at))
  const every = Math.max(...series.map(paceOf))
  const readers = series.map((each) => readerOf(each, every))
  const merged: LoadSecond[] = []
  for (let at = epochMs(first); at <= last && merged.length < pointsMost; at = later(at, millis(every))) {
    const said = readers.map((read) => read(at)).filter((each) => each !== undefined)
    if (said.length > 0) merged.push(together(at, said))
  }
  return merged
}

/** One hour of seconds. */
const pointsMost = 3600
const second = 1000

/** A long run keeps only every second, fourth, ... point. */
const paceOf = (points: LoadSecond[]) =>
  points.length < 2
    ? second
    : Math.max(second, Math.round((points.at(-1)!.at - points[0]!.at) / (points.length - 1) / second) * second)

const readerOf = (points: LoadSecond[], every: number) => {
  let next = 0
  return (at: EpochMs): LoadSecond | undefined => {
    while (next < points.length && points[next]!.at <= at) next++
    const newest = points[next - 1]
    return newest !== undefined && newest.at > at - 1.5 * every ? newest : undefined
  }
}

const together = (at: EpochMs, points: LoadSecond[]): LoadSecond => {
  const merged: Partial<LoadSecond> = { at, steps: stepsOf(points) }
  for (const name of figureNames("load") as LoadFigure[])
    merged[name] = rules[figureOf(name).machines ?? "highest"](name, points)
  return merged as LoadSecond
}

type LoadFigure = Exclude<keyof LoadSecond, "at" | "steps">
type Rule = <Name extends string>(name: Name, points: { [N in Name]?: number }[]) => number | undefined

const sum: Rule = (name, points) => points.reduce((total, each) => total + (each[name] ?? 0), 0)
const highest: Rule = (name, points) => {
  const known = points.flatMap((each) => each[name] ?? [])
  return known.length === 0 ? undefined : Math.max(...known)
}
const rules = {
  sum,
  highest,
  "weighed by requests": (name: LoadFigure, points: LoadSecond[]) => {
    const requests = sum("requestsPerSecond", points)!
    const weighed = points.reduce((total, each) => total + (each[name] ?? 0) * each.requestsPerSecond, 0)
    return requests === 0 ? 0 : weighed / requests
  },
}

const stepsOf = (points: LoadSecond[]): LoadSecond["steps"] => {
  const names = new Set(points.flatMap(({ steps = {} }) => Object.keys(steps)))
  if (names.size === 0) return undefined
  const merged = (step: string): StepSecond => {
    const said = points.flatMap(({ steps = {} }) => steps[step] ?? [])
    const joined = (name: StepFigureName) => (name === "perSecond" ? sum : highest)(name, said)
    return Object.fromEntries(stepFigureNames.map((name) => [name, joined(name)]))
  }
  return Object.fromEntries([...names].map((step) => [step, merged(step)]))
}
