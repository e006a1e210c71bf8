import { figureNames, figureOf, type Second } from "../../src/lab/model/figures.ts"
import { amount } from "../shared/chart-scale.ts"
import type { RunView } from "./run-view.ts"
import { whole } from "../shared/words.ts"

export type ReplayProps = { run: RunView; second: number; playing?: boolean }

export const secondsOf = (run: RunView): number[] => run.live.map((each) => secondOf(run, each))

const secondOf = ({ startedAt, live }: RunView, { at }: Second) =>
  Math.max(0, Math.round((at - (startedAt ?? live[0]?.at ?? at)) / 1000))

/** The newest second that was measured at `second` or before, else the first. */
const pointAt = (run: RunView, second: number): Second | undefined =>
  run.live.findLast((each) => secondOf(run, each) <= second) ?? run.live[0]

/** A run gone through second by second, by links; it plays by itself where there is JavaScript. */
export const Replay = ({ run, second, playing = false }: ReplayProps) => {
  const point = pointAt(run, second)
  if (point === undefined) return null
  const seconds = secondsOf(run)
  const [first, last] = [seconds[0]!, seconds.at(-1)!]
  const now = secondOf(run, point)
  const next = seconds.find((each) => each > now)
  const to = (at: number) => `/lab/runs/${run.runId}?second=${Math.min(last, Math.max(first, at))}#replay`
  return (
    <div
      id="replay"
      class="replay"
      {...(playing && next !== undefined
        ? {
            "hx-get": `/lab/runs/${run.runId}/replay?second=${next}`,
            "hx-trigger": "load delay:500ms",
            "hx-swap": "outerHTML",
          }
        : {})}
    >
      <h3>
        Second {whole(now)} of {whole(last)}
      </h3>
      <nav class="replay-steps" aria-label="Seconds of the run">
        <a href={to(first)}>First</a>
        <a href={to(now - 10)}>10 s back</a>
        <a href={to(seconds.findLast((each) => each < now) ?? first)}>Back</a>
        <a id="replay-next" href={to(next ?? last)}>
          Next
        </a>
        <a href={to(now + 10)}>10 s on</a>
        <a href={to(last)}>Last</a>
        {playing || next === undefined ? null : (
          <a
            id="play"
            href={to(next)}
            hx-get={`/lab/runs/${run.runId}/replay?second=${next}`}
            hx-target="#replay"
            hx-swap="outerHTML"
          >
            Play
          </a>
        )}
        {playing && next !== undefined ? (
          <a id="halt" href={to(now)}>
            Halt
          </a>
        ) : null}
      </nav>
      <dl class="replay-figures">
        {figuresOf(point).map(([name, text]) => (
          <div class="metric">
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

const figuresOf = (second: Second): [name: string, text: string][] =>
  figureNames().map((name) => {
    const { label, unit } = figureOf(name)
    const value = second[name]
    return [label, value === undefined ? "–" : amount(value, unit)]
  })
