import { clockTime, money, type Look } from "../shared/look.ts"
import { counted, whole } from "../shared/words.ts"

export type Minute = { at: number; tickets: number; revenueCents: number }

const shown = 60

export const MinuteChart = ({ minutes, now, look }: { minutes: Minute[]; now: number; look: Look }) => {
  const first = Math.floor(now / 60_000) * 60_000 - (shown - 1) * 60_000
  const time = (at: number) => clockTime(at, look).slice(0, 5)
  const byMinute = new Map(minutes.map((each) => [each.at, each]))
  const bars = Array.from({ length: shown }, (_, index) => byMinute.get(first + index * 60_000)?.tickets ?? 0)
  const most = Math.max(...bars)
  const tickets = bars.reduce((total, each) => total + each, 0)
  const revenue = minutes
    .filter((each) => each.at >= first)
    .reduce((total, { revenueCents }) => total + revenueCents, 0)
  if (tickets === 0)
    return (
      <p class="panel minutes">
        Nothing was sold in the last hour; as soon as it is, the tickets of each minute show here.
      </p>
    )
  return (
    <figure class="panel minutes">
      <figcaption>
        <b>Tickets sold a minute</b>: {whole(tickets)} in the last hour for {money(revenue, look)}
      </figcaption>
      <div class="bars">
        <span aria-hidden="true">{counted(most, "ticket", "tickets")}</span>
        <svg
          viewBox={`0 0 ${shown} 100`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Bars of the last ${shown} minutes; the highest is ${counted(most, "ticket", "tickets")}`}
        >
          {bars.map((each, index) => (
            <rect x={index + 0.1} y={100 - (each / most) * 100} width="0.8" height={(each / most) * 100} key={index}>
              <title>{`${time(first + index * 60_000)}: ${whole(each)}`}</title>
            </rect>
          ))}
        </svg>
        <span class="times" aria-hidden="true">
          <span>{time(first)}</span>
          <span>{time(now)}</span>
        </span>
      </div>
    </figure>
  )
}
