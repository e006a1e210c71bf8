import type { ExitCode } from "../../exit.ts"
import { withCosts } from "../../lab/report/record.ts"
import type { RunBody } from "../../lab/report/wire.ts"
import { fitting, usualWidth } from "../../lab/report/lines.ts"
import { progressLine } from "../../lab/report/text.ts"
import type { Ended } from "./field.ts"
import type { SimDeps } from "./sim.ts"

/** Why nothing came of it, and the exit code that says so. */
export type Complaint = { complaint: string; code: ExitCode }

export const complain = ({ progress }: Pick<SimDeps, "progress">, sentence: string, code: ExitCode): ExitCode => {
  for (const line of sentence.split("\n")) progress.write(`traffic sim: ${line}\n`)
  return code
}

/** A bar that is drawn over on a terminal, a line every five seconds and at every change elsewhere. */
export const showerOf = ({ progress, now }: Pick<SimDeps, "progress" | "now">, heading = "") => {
  let shownAt = -Infinity
  let shownStatus = ""
  const show = (run: RunBody) => {
    const line = `${heading}${progressLine(run, now())}`
    if (progress.isTerminal) return drawOver(progress, line)
    if (run.status === shownStatus && now() - shownAt < 5000) return
    shownAt = now()
    shownStatus = run.status
    progress.write(`${line}\n`)
  }
  return Object.assign(show, { done: () => progress.isTerminal && progress.write("\r\u001b[2K") })
}

/** Writes over the line before. One that wraps could not be drawn over. */
export const drawOver = ({ write, columns }: Pick<SimDeps["progress"], "write" | "columns">, line: string) =>
  write(`\r\u001b[2K${fitting(line.split(" · "), (columns?.() ?? usualWidth) - 1)}`)

export type Shower = ReturnType<typeof showerOf>

/** A run as `--json` prints it; the first five members are what scripts rely on. */
export const resultOf = ({ body, points }: Ended) => ({
  run_id: body.run_id,
  scenario: body.scenario,
  verdict: body.verdict ?? body.status.toUpperCase(),
  checks: body.checks,
  metrics: withCosts(body, points),
  failures: body.failures,
  settings: body.settings,
  sale_id: body.sale_id,
  traffic_version: body.traffic_version,
  k6_version: body.k6_version,
  created_at: body.created_at,
  script_hash: body.script_hash,
  machine: body.machine,
  preset: body.preset,
  segment: body.segment,
  capacity: body.capacity,
  limited_by: body.limited_by,
})
