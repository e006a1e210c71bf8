import type { Report } from "../../src/lab/report/report.ts"
import type { ChartView, DrawnLimit, Line } from "../../src/lab/report/charts.ts"
import type { Unit } from "../../src/lab/model/figures.ts"
import { figure, milliseconds, percent, whole } from "../shared/words.ts"

const width = 1000
const height = 100
/** More points than pixels say nothing more. */
const pointsDrawn = 500
const marksDrawn = 40
const crossingsTold = 3

export type ChartProps = Pick<Report, "times" | "lengthSec" | "steady"> & { chart: ChartView; id: string }

/** A line chart with its limits, drawn on the server; everything it shows is said in words beside it. */
export const DrawnChart = ({ chart, times, lengthSec, steady, id }: ChartProps) => {
  const { title, unit, lines, limits } = chart
  const seen = lines.flatMap(({ values }) => values.filter((each) => each !== undefined))
  const highest = highestOf(seen)
  const near = limits.filter((each) => each.value <= Math.max(4 * highest, leastTop[unit] ?? 0))
  const far = limits.filter((each) => !near.includes(each))
  const top = roundUp(Math.max(leastTop[unit] ?? 1, highest, ...near.map((each) => each.value * 1.04)))
  const x = (sec: number) => Math.min(1, sec / lengthSec)
  const y = (value: number) => 1 - Math.min(1, value / top)
  const endOf = (limit: DrawnLimit) => round(x(limit.window?.to ?? lengthSec) * width)
  const told = lines.map((line) => inWords(line, times, unit))
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
      </figcaption>
      <div class="plot">
        <div class="scale" aria-hidden="true">
          <span>{amount(top, unit)}</span>
          <span>{amount(top / 2, unit)}</span>
          <span>0</span>
        </div>
        <div class="drawing">
          <svg class="canvas" role="img" aria-labelledby={`${id}-title ${id}-desc`}>
            <title id={`${id}-title`}>{`${title} over ${whole(lengthSec)} seconds`}</title>
            <desc id={`${id}-desc`}>{[...told, ...limits.flatMap((each) => limitWords(each, unit))].join(" ")}</desc>
            {steady === undefined ? null : (
              <rect
                class="steady"
                x={share(x(steady.from))}
                y="0"
                width={share(x(steady.to) - x(steady.from))}
                height="100%"
              />
            )}
            <svg
              viewBox={`0 0 ${width} ${height}`}
              preserveAspectRatio="none"
              width="100%"
              height="100%"
              overflow="visible"
            >
              <path class="grid" d={`M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}`} />
              {lines.map((line, index) => (
                <path class={`line line-${index}`} d={pathOf(line, times, x, y)} />
              ))}
              {near.map((each) => (
                <path
                  class={`bound bound-${each.kind}`}
                  d={`M${round(x(each.window?.from ?? 0) * width)} ${round(y(each.value) * height)}H${endOf(each)}`}
                />
              ))}
            </svg>
            {limits
              .filter((each) => each.crossings.length > 0)
              .map((each, row) => (
                <Marks limit={each} row={row} x={x} y={y} />
              ))}
            {near.map((each, index) => (
              <text
                class={`bound-name bound-name-${each.kind}`}
                x={share(x(each.window?.to ?? lengthSec))}
                y={share(y(each.value))}
                dx="-4"
                dy={index % 2 === 0 ? "-5" : "13"}
                text-anchor="end"
              >
                {`${each.name} ${amount(each.value, unit)}`}
              </text>
            ))}
            {far.map((each, index) => (
              <text
                class={`bound-name bound-name-${each.kind}`}
                x="100%"
                y="0"
                dx="-4"
                dy={13 + 14 * index}
                text-anchor="end"
              >
                {`↑ ${each.name} ${amount(each.value, unit)}, above this scale`}
              </text>
            ))}
          </svg>
          <svg class="clock" aria-hidden="true">
            {ticks(lengthSec).map((sec) => (
              <text x={share(x(sec))} y="12" text-anchor={sec === 0 ? "start" : x(sec) > 0.97 ? "end" : "middle"}>
                {clockText(sec, lengthSec)}
              </text>
            ))}
          </svg>
        </div>
      </div>
      <ul class="legend">
        {lines.map((line, index) => (
          <li>
            <svg class="swatch" viewBox="0 0 26 8" aria-hidden="true">
              <path class={`line line-${index}`} d="M1 4H25" />
            </svg>
            {told[index]}
          </li>
        ))}
      </ul>
      {limits.some((each) => each.kind !== "pace") ? (
        <ul class="crossings">
          {limits
            .filter((each) => each.kind !== "pace")
            .map((each) => (
              <li class={each.kind === "whole" ? "whole" : each.crossings.length === 0 ? "kept" : "crossed"}>
                {limitWords(each, unit).join(" ")}
              </li>
            ))}
        </ul>
      ) : null}
    </figure>
  )
}

type Scale = (value: number) => number

/** The moment a limit was crossed: a line through the plot, a ring on the limit, a dot at the worst, and words. */
const Marks = ({ limit, row, x, y }: { limit: DrawnLimit; row: number; x: Scale; y: Scale }) => {
  const isHigh = y(limit.value) < 0.3
  return (
    <>
      {limit.crossings.slice(0, marksDrawn).map(({ from, worst, worstAt }, index) => (
        <>
          <line class="moment" x1={share(x(from))} x2={share(x(from))} y1="0" y2="100%" />
          <circle class="moment-dot" cx={share(x(from))} cy={share(y(limit.value))} r="4" />
          <circle class="worst-dot" cx={share(x(worstAt))} cy={share(y(worst))} r="2.5" />
          {index === 0 ? (
            <text
              class="moment-name"
              x={share(x(from))}
              y={isHigh ? "100%" : "0"}
              dx={x(from) > 0.5 ? "-6" : "6"}
              dy={isHigh ? -6 - 14 * row : 12 + 14 * row}
              text-anchor={x(from) > 0.5 ? "end" : "start"}
            >{`crossed at ${seconds(from)}`}</text>
          ) : null}
        </>
      ))}
    </>
  )
}

const limitWords = ({ name, value, kind, window, crossings }: DrawnLimit, unit: Unit): string[] => {
  const bound = `${name} ${amount(value, unit)}${window === undefined ? "" : " in the steady phase"}`
  if (kind === "pace") return [`${bound}.`]
  if (kind === "whole") return [`${bound}: judged over all its answers at once, not second by second.`]
  if (crossings.length === 0) return [`${bound}: never crossed.`]
  const told = crossings.slice(0, crossingsTold).map(({ from, to, worst, worstAt }) => {
    const end = to === undefined ? "until the end" : `until ${seconds(to)}`
    return `crossed at ${seconds(from)}, ${end}, worst ${amount(worst, unit)} at ${seconds(worstAt)}`
  })
  const more = crossings.length - told.length
  return [`${bound}: ${told.join("; ")}${more > 0 ? `; and ${more} more times` : ""}.`]
}

const inWords = ({ name, values }: Line, times: number[], unit: Unit): string => {
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

const leastTop: Partial<Record<Unit, number>> = { share: 0.01 }

/** A value with its unit. */
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

const seconds = (value: number) => `${figure(value)} s`

const pathOf = ({ values }: Line, times: number[], x: Scale, y: Scale) => {
  let pen = "M"
  let path = ""
  for (const { value, at } of thin(values, times)) {
    if (value === undefined) continue
    path += `${pen}${round(x(at) * width)} ${round(y(value) * height)}`
    pen = "L"
  }
  // A single point would be no line at all.
  return path.includes("L") ? path : `${path}h2`
}

/** Of each stretch of a long run its highest value, so that no peak is lost. */
const thin = (values: Line["values"], times: number[]) => {
  const stride = Math.max(1, Math.ceil(values.length / pointsDrawn))
  const points: { value: number | undefined; at: number }[] = []
  for (let from = 0; from < values.length; from += stride) {
    const known = values.slice(from, from + stride).filter((each) => each !== undefined)
    points.push({ value: known.length === 0 ? undefined : Math.max(...known), at: times[from]! })
  }
  return points
}

const highestOf = (values: number[]) => values.reduce((most, each) => Math.max(most, each), 0)

/** A round number, so that the axis reads well. */
const roundUp = (value: number) => {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((each) => each * power).find((each) => each >= value * 0.9999) ?? value
}

const strides = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]
/** Round moments, at most seven. */
const ticks = (lengthSec: number) => {
  const stride = strides.find((each) => lengthSec / each <= 6) ?? 7200
  return Array.from({ length: Math.floor(lengthSec / stride) + 1 }, (_, index) => index * stride)
}

const clockText = (sec: number, lengthSec: number) =>
  lengthSec < 180 || sec === 0
    ? `${sec} s`
    : sec % 60 === 0
      ? `${sec / 60} min`
      : `${Math.floor(sec / 60)}:${String(sec % 60).padStart(2, "0")}`

const share = (value: number) => `${round(Math.max(0, Math.min(1, value)) * 100)}%`
const round = (value: number) => Math.round(value * 10) / 10
