import { counted } from "../shared/words.ts"

export type Line = { name: string; values: (number | undefined)[]; kind: "main" | "second" }
export type ChartProps = {
  title: string
  unit: string
  /** Seconds since the start, one for each value. */
  times: number[]
  lines: Line[]
  /** A line that must not be crossed, or the pace that was set. */
  level?: { value: number; name: string }
  /** Thresholds of the run: the figure has to stay below. */
  limits?: { value: number; name: string }[]
  /** The second that is looked at. */
  mark?: number
  lengthSec: number
  /** What to say instead of an empty plot. */
  empty: string
}

const width = 600
const height = 150

/** A small line chart, drawn on the server. The numbers it shows are said in its title too. */
export const Chart = ({ title, unit, times, lines, level, limits = [], mark, lengthSec, empty }: ChartProps) => {
  const seen = lines.flatMap(({ values }) => values.filter((each) => each !== undefined))
  const highest = Math.max(1, ...seen)
  const levels = [...(level === undefined ? [] : [level]), ...limits].map(({ value }) => value)
  const top = roundUp(Math.max(highest, ...levels.filter((each) => each <= 4 * highest)))
  const end = Math.max(lengthSec, times.at(-1) ?? 0, 1)
  const x = (at: number) => round((at / end) * width)
  const y = (value: number) => round(height - (value / top) * height)
  // The second that is looked at, else the newest.
  const told = ({ values }: Line) =>
    values.findLast((each, index) => each !== undefined && (mark === undefined || times[index]! <= mark + 0.5))
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="chart-legend">
          {lines.map((line) => (
            <span class={`legend legend-${line.kind}`}>
              {lines.length > 1 ? `${line.name} ` : ""}
              <b>{told(line) === undefined ? "–" : text(told(line)!)}</b>
              {unit === "" ? "" : ` ${unit}`}
            </span>
          ))}
        </span>
      </figcaption>
      {seen.length < 2 ? (
        <p class="chart-empty">{empty}</p>
      ) : (
        <div class="plot">
          <span class="plot-top" aria-hidden="true">
            {text(top)}
            {unit.startsWith("/") || unit === "" ? unit : ` ${unit}`}
          </span>
          <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img">
            <title>{inWords(title, unit, lines, times)}</title>
            <path class="grid" d={`M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}`} />
            {level !== undefined && level.value <= top ? (
              <path class="level" d={`M0 ${y(level.value)}H${width}`} />
            ) : null}
            {limits
              .filter(({ value }) => value <= top)
              .map(({ value }) => (
                <path class="limit" d={`M0 ${y(value)}H${width}`} />
              ))}
            {mark === undefined ? null : <path class="mark-line" d={`M${x(Math.min(mark, end))} 0V${height}`} />}
            {lines.map(({ values, kind }) => (
              <>
                {kind === "main" ? <path class="area" d={areaOf(values, times, x, y)} /> : null}
                <path class={`line line-${kind}`} d={pathOf(values, times, x, y)} />
              </>
            ))}
          </svg>
          <span class="plot-times" aria-hidden="true">
            <span>0 s</span>
            {level !== undefined && level.value <= top ? <span class="plot-level">{level.name}</span> : null}
            <span>{Math.round(end)} s</span>
          </span>
          {limits.length === 0 ? null : (
            <ul class="plot-limits">
              {limits.map(({ value, name }) => (
                <li class={value <= top ? "plot-limit" : "plot-limit plot-limit-above"}>
                  {name}
                  {value <= top ? "" : ", above this chart"}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </figure>
  )
}

type Scale = (value: number) => number

const pathOf = (values: Line["values"], times: number[], x: Scale, y: Scale) => {
  let pen = "M"
  let path = ""
  values.forEach((value, index) => {
    if (value === undefined) return
    path += `${pen}${x(times[index]!)} ${y(value)}`
    pen = "L"
  })
  return path
}

const areaOf = (values: Line["values"], times: number[], x: Scale, y: Scale) => {
  const known = times.filter((_, index) => values[index] !== undefined)
  return known.length === 0
    ? ""
    : `${pathOf(values, times, x, y)}L${x(known.at(-1)!)} ${height}L${x(known[0]!)} ${height}Z`
}

const inWords = (title: string, unit: string, lines: Line[], times: number[]) => {
  const parts = lines.flatMap(({ name, values }) => {
    const known = values.filter((each) => each !== undefined)
    return known.length === 0
      ? []
      : [
          `${lines.length > 1 ? `${name}: ` : ""}highest ${text(Math.max(...known))}, now ${text(known.at(-1)!)} ${unit}`.trim(),
        ]
  })
  return `${title} over ${counted(Math.round((times.at(-1) ?? 0) - (times[0] ?? 0)), "second", "seconds")}: ${parts.join("; ")}`
}

/** A round number, so that the axis reads well. */
const roundUp = (value: number) => {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((each) => each * power).find((each) => each >= value) ?? value
}

const round = (value: number) => Math.round(value * 10) / 10
const text = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 })
