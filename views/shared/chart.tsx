import type { Charts, ChartView, DrawnLimit, Line } from "../../src/lab/report/charts.ts"
import { amount, areaOf, height, pathOf, round, scaleOf, share, ticks, width, type Scale } from "./chart-scale.ts"
import { clockText, limitWords, lineWords, seconds } from "./chart-words.ts"
import { whole } from "./words.ts"

export type ChartProps = Omit<Charts, "charts"> & {
  chart: ChartView
  id: string
  mark?: number
}
type PlotProps = ChartProps & { scale: Scale }

/** A line chart with its limits, drawn on the server; everything it shows is said in words beside it. */
export const Chart = (props: ChartProps) => {
  const { chart, times } = props
  const scale = scaleOf(chart, props.lengthSec)
  return (
    <figure class="chart">
      <figcaption>
        <h3>{chart.title}</h3>
      </figcaption>
      <Plot {...props} scale={scale} />
      <ul class="legend">
        {chart.lines.map((line, index) => (
          <li>
            <Swatch index={index} />
            {lineWords(line, times, chart.unit)}
          </li>
        ))}
      </ul>
      <Kept chart={chart} />
    </figure>
  )
}

/** The same where many stand side by side and change while they are looked at: what is true now comes first. */
export const BriefChart = (props: ChartProps) => {
  const { chart, times, lengthSec, mark } = props
  const scale = scaleOf(chart, lengthSec)
  const told = ({ values }: Line) =>
    values.findLast((each, index) => each !== undefined && (mark === undefined || times[index]! <= mark + 0.5))
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{chart.title}</span>
        <span class="chart-legend">
          {chart.lines.map((line, index) => (
            <span class="legend">
              <Swatch index={index} />
              {chart.lines.length > 1 ? `${line.name} ` : ""}
              <b>{told(line) === undefined ? "–" : amount(told(line)!, chart.unit)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div class="plot">
        <span class="plot-top" aria-hidden="true">
          {amount(scale.top, chart.unit)}
        </span>
        <svg {...canvasOf} role="img" aria-labelledby={`${props.id}-title ${props.id}-desc`}>
          <Described {...props} />
          {chart.lines.slice(0, 1).map((line) => (
            <path class="area" d={areaOf(line, times, scale)} />
          ))}
          <Drawn {...props} scale={scale} />
          {mark === undefined ? null : <path class="mark-line" d={`M${round(scale.x(mark) * width)} 0V${height}`} />}
        </svg>
        <span class="plot-times" aria-hidden="true">
          <span>0 s</span>
          <span>{Math.round(lengthSec)} s</span>
        </span>
        <BriefLimits chart={chart} scale={scale} />
      </div>
    </figure>
  )
}

const canvasOf = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" }

const BriefLimits = ({ chart: { limits, unit }, scale }: { chart: ChartView; scale: Scale }) =>
  limits.length === 0 ? null : (
    <ul class="plot-limits">
      {limits.map((limit) => (
        <li class={`plot-limit plot-limit-${scale.far.includes(limit) ? "above" : limit.kind}`}>
          {`${limit.name} ${amount(limit.value, unit)}${scale.far.includes(limit) ? ", above this chart" : ""}`}
        </li>
      ))}
    </ul>
  )

const Swatch = ({ index }: { index: number }) => (
  <svg class="swatch" viewBox="0 0 26 8" aria-hidden="true">
    <path class={`line line-${index}`} d="M1 4H25" />
  </svg>
)

const Described = ({ chart: { title, unit, lines, limits }, times, lengthSec, id }: ChartProps) => (
  <>
    <title id={`${id}-title`}>{`${title} over ${whole(lengthSec)} seconds`}</title>
    <desc id={`${id}-desc`}>
      {[...lines.map((each) => lineWords(each, times, unit)), ...limits.map((each) => limitWords(each, unit))].join(
        " ",
      )}
    </desc>
  </>
)

const Drawn = ({ chart, times, lengthSec, scale }: PlotProps) => (
  <>
    <path class="grid" d={`M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}`} />
    {chart.lines.map((line, index) => (
      <path class={`line line-${index}`} d={pathOf(line, times, scale)} />
    ))}
    {scale.near.map(({ kind, value, window = { from: 0, to: lengthSec } }) => (
      <path
        class={`bound bound-${kind}`}
        d={`M${round(scale.x(window.from) * width)} ${round(scale.y(value) * height)}H${round(scale.x(window.to) * width)}`}
      />
    ))}
  </>
)

const Plot = (props: PlotProps) => {
  const { chart, lengthSec, steady, id, scale } = props
  const { x } = scale
  return (
    <div class="plot">
      <div class="scale" aria-hidden="true">
        <span>{amount(scale.top, chart.unit)}</span>
        <span>{amount(scale.top / 2, chart.unit)}</span>
        <span>0</span>
      </div>
      <div class="drawing">
        <svg class="canvas" role="img" aria-labelledby={`${id}-title ${id}-desc`}>
          <Described {...props} />
          {steady === undefined ? null : (
            <rect
              class="steady"
              x={share(x(steady.from))}
              y="0"
              width={share(x(steady.to) - x(steady.from))}
              height="100%"
            />
          )}
          <svg {...canvasOf} width="100%" height="100%" overflow="visible">
            <Drawn {...props} />
          </svg>
          {chart.limits
            .filter((each) => each.crossings.length > 0)
            .map((each, row) => (
              <Marks limit={each} row={row} scale={scale} />
            ))}
          <BoundNames {...props} />
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
  )
}

const BoundNames = ({ chart: { unit }, lengthSec, scale: { near, far, x, y } }: PlotProps) => (
  <>
    {near.map(({ name, value, kind, window }, index) => (
      <text
        class={`bound-name bound-name-${kind}`}
        x={share(x(window?.to ?? lengthSec))}
        y={share(y(value))}
        dx="-4"
        dy={index % 2 === 0 ? "-5" : "13"}
        text-anchor="end"
      >
        {`${name} ${amount(value, unit)}`}
      </text>
    ))}
    {far.map(({ name, value, kind }, index) => (
      <text class={`bound-name bound-name-${kind}`} x="100%" y="0" dx="-4" dy={13 + 14 * index} text-anchor="end">
        {`↑ ${name} ${amount(value, unit)}, above this scale`}
      </text>
    ))}
  </>
)

const marksDrawn = 40

/** The moment a limit was crossed: a line through the plot, a ring on the limit, a dot at the worst, and words. */
const Marks = ({ limit, row, scale: { x, y } }: { limit: DrawnLimit; row: number; scale: Scale }) => {
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

/** What held and what did not; to be over a pace is neither. */
const Kept = ({ chart: { limits, unit } }: { chart: ChartView }) => {
  const told = limits.filter((each) => each.kind !== "pace")
  return told.length === 0 ? null : (
    <ul class="crossings">
      {told.map((each) => (
        <li class={each.kind === "whole" ? "whole" : each.crossings.length === 0 ? "kept" : "crossed"}>
          {limitWords(each, unit)}
        </li>
      ))}
    </ul>
  )
}
