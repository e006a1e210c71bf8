import { BriefChart } from "../shared/chart.tsx"
import { sentence } from "../shared/words.ts"
import type { RunView } from "./run-view.ts"

export const Charts = ({ run, mark, swapped = false }: { run: RunView; mark?: number; swapped?: boolean }) => {
  const { charts, ...shared } = run.charts
  const drawn = charts.filter((each) => each.lines.length > 0)
  return (
    <>
      {run.limitedBy === undefined || swapped ? null : (
        <p class="run-facts">
          <b>What limited it:</b> {sentence(run.limitedBy)}
        </p>
      )}
      <div id="charts" class="charts" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
        {drawn.length === 0 ? <p class="chart-empty">Nothing measured yet.</p> : null}
        {drawn.map((chart, index) => (
          <BriefChart {...shared} chart={chart} mark={mark} id={`chart-${index}`} />
        ))}
      </div>
    </>
  )
}
