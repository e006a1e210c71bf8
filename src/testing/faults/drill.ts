import { tmpdir } from "node:os"
import { join } from "node:path"
import { isRed, runCell, type Cell, type Report } from "./cell.ts"
import { columns, nothingFound } from "./comparison.ts"
import { openGround, type Ground } from "./ground.ts"
import type { Kind } from "./scene.ts"

export type Drill = { cells: Cell[]; jobs: number; tell: (line: string) => void; isStopped?: () => boolean }

/** Plays all cells, some side by side, each job on a ground of its own. */
export const drill = async ({ cells, jobs, tell, isStopped = () => false }: Drill): Promise<Report[]> => {
  const left = [...cells]
  const reports: Report[] = []
  const job = async () => {
    while (left.length > 0 && !isStopped()) {
      const ground = await openGround()
      try {
        for (let used = 0; used < cellsPerGround && left.length > 0 && !isStopped(); used++) {
          const report = await played(ground, left.shift()!)
          reports.push(report)
          tell(lineOf(report, reports.length, cells.length))
          // What went wrong must not weigh on the cells that follow.
          if (isRed(report.findings)) break
        }
      } finally {
        await ground.close().catch((error: unknown) => {
          tell(`the ground was not left clean: ${error}`)
          reports.at(-1)?.findings.other.push(String(error))
        })
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: jobs }, job))
  for (const each of ended) if (each.status === "rejected") tell(`a job ended early: ${each.reason}`)
  return reports
}

/** A cell whose stores cannot even be asked is as red as one that lost something. */
const played = async (ground: Ground, cell: Cell): Promise<Report> => {
  try {
    return await runCell(ground, cell, join(tmpdir(), "traffic-faults"))
  } catch (error) {
    const findings = { ...nothingFound(), other: [`the cell could not be judged: ${error}`] }
    return { cell, findings, strikes: [], rare: new Map(), tookMs: 0 }
  }
}

const cellsPerGround = 20

/** The cells of several kinds, dealt out in turn so that the long kinds do not all come last. */
export const cellsOf = (wanted: { kind: Kind; faults: number }[], seed: string): Cell[] => {
  const dealt = wanted.flatMap(({ kind, faults }) => {
    const count = Math.ceil(faults / kind.perCell)
    return Array.from({ length: count }, (_, index) => ({
      place: (index + 0.5) / count,
      cell: { kind, index, faults: Math.min(kind.perCell, faults - index * kind.perCell), seed },
    }))
  })
  return dealt.toSorted((a, b) => a.place - b.place).map((each) => each.cell)
}

export const replayOf = ({ kind, index, seed }: Cell) =>
  `scripts/faults --kind ${kind.name} --seed ${seed} --cell ${index}`

const lineOf = ({ cell, findings, strikes, tookMs, history }: Report, done: number, of: number) => {
  const found = columns.flatMap((column) => findings[column].slice(0, 3).map((each) => `    ${column}: ${each}`))
  const what = strikes.length > 0 ? strikes.map((each) => each.what).join(", ") : cell.kind.does
  const head = `[${done}/${of}] ${cell.kind.name} ${cell.index}: ${what}`
  const seen = `${findings.acknowledged} joins acknowledged, ${(tookMs / 1000).toFixed(1)} s`
  return found.length === 0
    ? `${head}: ${seen}`
    : [
        `${head}: RED, ${seen}`,
        ...found,
        ...(history === undefined ? [] : [`    history: ${history}`]),
        `    again: ${replayOf(cell)}`,
      ].join("\n")
}

/** The rare states that a kind's cells should have reached and did not. */
export const neverReached = (reports: Report[], kind: Kind): string[] => {
  if ("alone" in kind) return []
  const own = reports.filter((each) => each.cell.kind === kind)
  return kind.sometimes
    .filter((rare) => own.every((each) => (each.rare.get(rare) ?? 0) === 0))
    .map((rare) => `${kind.name}: never reached: ${rare}`)
}
