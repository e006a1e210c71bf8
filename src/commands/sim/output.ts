import type { Clock } from "../../clock.ts"
import { fitting, usualWidth } from "../../lab/report/lines.ts"
import { progressLine } from "../../lab/report/text.ts"
import type { RunBody } from "../../lab/report/wire.ts"

/** Results go to `out`, everything else to `progress`. */
export type Output = {
  out: (line: string) => void
  progress: {
    isTerminal: boolean
    write: (text: string) => void
    columns?: () => number | undefined
  }
}

export const terminal: Output = {
  out: (line) => console.log(line),
  progress: {
    isTerminal: process.stderr.isTTY === true,
    write: (text) => void process.stderr.write(text),
    columns: () => process.stderr.columns,
  },
}

export const warn = ({ progress }: Pick<Output, "progress">, sentence: string) =>
  progress.write(`traffic: ${sentence}\n`)

export type Shower = ReturnType<typeof showerOf>

/** A bar redrawn in place on a terminal; elsewhere a line every five seconds and at every change. */
export const showerOf = ({ progress, clock }: Pick<Output, "progress"> & { clock: Clock }, heading = "") => {
  const lines = openLines({ progress, clock })
  let shownStatus = ""
  const show = (run: RunBody) => {
    const isChange = run.status !== shownStatus
    shownStatus = run.status
    lines.show(`${heading}${progressLine(run, clock())}`, isChange)
  }
  return Object.assign(show, { done: lines.done })
}

export const openLines = ({ progress, clock }: Pick<Output, "progress"> & { clock: Clock }) => {
  let shownAt = -Infinity
  return {
    show: (line: string, isChange = false) => {
      if (progress.isTerminal) return drawOver(progress, line)
      if (!isChange && clock() - shownAt < 5000) return
      shownAt = clock()
      progress.write(`${line}\n`)
    },
    done: () => void (progress.isTerminal && progress.write("\r\u001b[2K")),
  }
}

const drawOver = ({ write, columns }: Output["progress"], line: string) =>
  write(`\r\u001b[2K${fitting(line.split(" · "), (columns?.() ?? usualWidth) - 1)}`)
