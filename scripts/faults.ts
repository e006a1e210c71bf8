// The long form of the fault tests: see scripts/faults.
import { parseArgs } from "node:util"
import { exitCodes } from "../src/exit.ts"
import { isRed, type Cell, type Report } from "../src/testing/faults/cell.ts"
import { cellsOf, drill, neverReached, replayOf } from "../src/testing/faults/drill.ts"
import { kinds } from "../src/testing/faults/kinds.ts"
import type { Kind } from "../src/testing/faults/scene.ts"
import { tableOf } from "../src/testing/faults/table.ts"

type Wanted = { kind: Kind; faults: number }

const main = async () => {
  const { values } = parseArgs({
    options: {
      kind: { type: "string" },
      count: { type: "string" },
      seed: { type: "string" },
      cell: { type: "string" },
      jobs: { type: "string", default: "2" },
      short: { type: "boolean", default: false },
    },
  })
  const seed = values.seed ?? String(Math.floor(Math.random() * 1_000_000))
  const wanted = kindsNamed(values.kind).map((kind) => ({ kind, faults: faultsOf(kind, values) }))
  const cells =
    values.cell === undefined
      ? cellsOf(wanted, seed)
      : wanted.map(({ kind }) => cellAt(kind, wholeOf("--cell", values.cell!), seed))
  const began = performance.now()
  console.error(`seed ${seed}, ${cells.length} cells`)
  const reports = await drill({ cells, jobs: wholeOf("--jobs", values.jobs), tell: console.error, isStopped })
  console.log(
    `\n${tableOf(
      reports,
      wanted.map((each) => each.kind),
    )}\n`,
  )
  console.log(`seed ${seed}, ${Math.round((performance.now() - began) / 1000)} s`)
  return verdict(reports, values.cell === undefined ? wanted : [], cells.length)
}

/** Every cell played and green, every rare state reached, every promise of numbers kept. */
const verdict = (reports: Report[], wanted: Wanted[], cells: number) => {
  const complaints = reports.filter((each) => isRed(each.findings)).map((each) => `red: ${replayOf(each.cell)}`)
  if (reports.length < cells) complaints.push(`${cells - reports.length} cells were not played`)
  for (const { kind, faults } of wanted) {
    complaints.push(...neverReached(reports, kind))
    const own = reports.filter((each) => each.cell.kind === kind)
    const struck = own.reduce((sum, each) => sum + each.cell.faults, 0)
    if (struck < faults) complaints.push(`${kind.name}: ${struck} faults of ${faults}`)
  }
  for (const each of complaints) console.log(each)
  return complaints.length === 0 ? exitCodes.pass : exitCodes.fail
}

const cellAt = (kind: Kind, index: number, seed: string): Cell => ({ kind, index, faults: kind.perCell, seed })

const wholeOf = (flag: string, text: string): number =>
  /^\d{1,5}$/.test(text) ? Number(text) : refuse(`${flag} ${text} is no whole number`)

const kindsNamed = (names: string | undefined): Kind[] => {
  if (names === undefined) return kinds
  return names.split(",").map((name) => {
    const found = kinds.find((each) => each.name === name)
    return found ?? refuse(`${name} is no kind: choose among ${kinds.map((each) => each.name).join(", ")}`)
  })
}

const faultsOf = (kind: Kind, { count, short }: { count?: string; short: boolean }) =>
  count === undefined ? (short ? kind.short : kind.long) : wholeOf("--count", count)

const refuse = (why: string): never => {
  console.error(why)
  process.exit(exitCodes.usage)
}

let stops = 0
/** Once: no further cell begins. */
const isStopped = () => stops > 0
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => (stops++ > 0 ? process.exit(exitCodes.interrupted) : undefined))

process.exit(await main())
