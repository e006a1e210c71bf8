import type { Unit } from "../../src/lab/model/figures.ts"
import type { DrawnLimit, Line } from "../../src/lab/report/charts.ts"
import { amount } from "./chart-scale.ts"
import { figure } from "./words.ts"

const crossingsTold = 3

export const lineWords = ({ name, values }: Line, times: number[], unit: Unit): string => {
  let highest = -Infinity
  let at = 0
  values.forEach((value, index) => {
    if (value === undefined || value <= highest) return
    highest = value
    at = times[index]!
  })
  const last = values.findLast((each) => each !== undefined) ?? 0
  return `${name}: highest ${amount(highest, unit)} at ${seconds(at)}, last ${amount(last, unit)}.`
}

export const limitWords = ({ name, value, kind, window, crossings }: DrawnLimit, unit: Unit): string => {
  const bound = `${name} ${amount(value, unit)}${window === undefined ? "" : " in the steady phase"}`
  if (kind === "pace") return `${bound}.`
  if (kind === "whole") return `${bound}: judged over all its answers at once, not second by second.`
  if (crossings.length === 0) return `${bound}: never crossed.`
  const told = crossings.slice(0, crossingsTold).map(({ from, to, worst, worstAt }) => {
    const end = to === undefined ? "until the end" : `until ${seconds(to)}`
    return `crossed at ${seconds(from)}, ${end}, worst ${amount(worst, unit)} at ${seconds(worstAt)}`
  })
  const more = crossings.length - told.length
  return `${bound}: ${told.join("; ")}${more > 0 ? `; and ${more} more times` : ""}.`
}

export const seconds = (value: number) => `${figure(value)} s`

export const clockText = (sec: number, lengthSec: number) =>
  lengthSec < 180 || sec === 0
    ? `${sec} s`
    : sec % 60 === 0
      ? `${sec / 60} min`
      : `${Math.floor(sec / 60)}:${String(sec % 60).padStart(2, "0")}`
