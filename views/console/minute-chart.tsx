import { clockTime, money, type Look } from "../fan/look.ts"
import { whole } from "../words.ts"

export type Minute = { at: number; tickets: number; revenueCents: number }

/** Tickets sold in each of the last sixty minutes. */
export const MinuteChart = ({ minutes, now, look }: { minutes: Minute[]; now: number; look: Look }) => {
  const [width, height, shown] = [720, 140, 60]
  const first = Math.floor(now / 60_000) * 60_000 - (shown - 1) * 60_000
  const byMinute = new Map(minutes.map((each) => [each.at, each]))
  const bars = Array.from({ length: shown }, (_, index) => byMinute.get(first + index * 60_000)?.tickets ?? 0)
  const most = Math.max(1, ...bars)
  const sum = minutes.filter((each) => each.at >= first)
  const tickets = sum.reduce((total, each) => total + each.tickets, 0)
  const revenue = sum.reduce((total, each) => total + each.revenueCents, 0)
  return (
    <figure class="panel minutes">
      <figcaption>
        Tickets sold a minute: {whole(tickets)} in the last hour for {money(revenue, look)}, at most{" "}
        {whole(Math.max(...bars))} in one minute
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Bars of the last ${shown} minutes; the highest is ${whole(Math.max(...bars))}`}
      >
        <line x1="0" y1={height - 20} x2={width} y2={height - 20} />
        {bars.map((each, index) => {
          const tall = (each / most) * (height - 40)
          return (
            <rect
              x={(index * width) / shown + 1}
              y={height - 20 - tall}
              width={width / shown - 2}
              height={tall}
              rx="2"
              key={index}
            >
              <title>{`${clockTime(first + index * 60_000, look).slice(0, 5)}: ${whole(each)}`}</title>
            </rect>
          )
        })}
        <text x="0" y={height - 4}>
          {clockTime(first, look).slice(0, 5)}
        </text>
        <text x={width} y={height - 4} text-anchor="end">
          {clockTime(now, look).slice(0, 5)}
        </text>
        <text x="0" y="14">
          {whole(most)}
        </text>
      </svg>
    </figure>
  )
}
