import type { Unit } from "../../src/lab/model/figures.ts"
import type { ChartView, DrawnLimit, Line } from "../../src/lab/report/charts.ts"
import { figure, milliseconds, percent } from "./words.ts"

export const width = 1000
export const height = 100
/** More would say nothing more, and a run under way is drawn each second. */
const pointsDrawn = 300

/** 0..1 of the drawing for a second, and for a value from its top. */
export type Scale = {
  top: number
  x: (sec: number) => number
  y: (value: number) => number
  /** Limits on the drawing, and those far above it. */
  near: DrawnLimit[]
  far: DrawnLimit[]
}

export const scaleOf = ({ lines, limits, unit }: ChartView, lengthSec: number): Scale => {
  const highest = lines.flatMap(({ values }) => values).reduce<number>((most, each) => Math.max(most, each ?? 0), 0)
  const least = unit === "share" ? 0.01 : 1
  const near = limits.filter((each) => each.value <= Math.max(4 * highest, unit === "share" ? least : 0))
  const top = roundUp(Math.max(least, highest, ...near.map((each) => each.value * 1.04)))
  return {
    top,
    x: (sec) => Math.min(1, sec / lengthSec),
    y: (value) => 1 - Math.min(1, value / top),
    near,
    far: limits.filter((each) => !near.includes(each)),
  }
}

const roundUp = (value: number) => {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((each) => each * power).find((each) => each >= value * 0.9999) ?? value
}

export const pathOf = ({ values }: Line, times: number[], { x, y }: Scale): string => {
  const points = thin(values, times).map(({ value, at }) => `${round(x(at) * width)} ${round(y(value) * height)}`)
  // A single point would be no line at all.
  return points.length === 0 ? "" : `M${points.join("L")}${points.length === 1 ? "h2" : ""}`
}

export const areaOf = (line: Line, times: number[], scale: Scale): string => {
  const known = thin(line.values, times)
  const [first, last] = [known[0], known.at(-1)].map((each) => round(scale.x(each?.at ?? 0) * width))
  return known.length === 0 ? "" : `${pathOf(line, times, scale)}L${last} ${height}L${first} ${height}Z`
}

/** Of each stretch of a long run its highest value, so that no peak is lost. */
const thin = (values: Line["values"], times: number[]) => {
  const stride = Math.max(1, Math.ceil(values.length / pointsDrawn))
  const points: { value: number; at: number }[] = []
  for (let from = 0; from < values.length; from += stride) {
    const known = values.slice(from, from + stride).filter((each) => each !== undefined)
    if (known.length > 0) points.push({ value: Math.max(...known), at: times[from]! })
  }
  return points
}

const strides = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]
export const ticks = (lengthSec: number): number[] => {
  const stride = strides.find((each) => lengthSec / each <= 6) ?? 7200
  return Array.from({ length: Math.floor(lengthSec / stride) + 1 }, (_, index) => index * stride)
}

export const amount = (value: number, unit: Unit): string => {
  switch (unit) {
    case "ms":
      return milliseconds(value)
    case "share":
      return percent(value)
    case "per second":
      return `${figure(value)}/s`
    case "MB":
      return `${figure(value)} MB`
    default:
      return figure(value)
  }
}

export const share = (value: number) => `${round(Math.max(0, Math.min(1, value)) * 100)}%`
export const round = (value: number) => Math.round(value * 10) / 10
