import { parse } from "csv-parse/sync"
import type { GivenSection } from "../../../box-office/layout.ts"
import { cents } from "../../../units.ts"
import { refuse } from "./sale-words.ts"

/** Name, rows, seats in a row, price: a line each, as CSV with commas or semicolons. */
export const parsePlan = (text: string): GivenSection[] => {
  if (text.length > planMax) throw refuse("plan", `The seats must fit into ${planMax} characters`)
  const delimiter = text.includes(";") ? ";" : ","
  let lines: string[][]
  try {
    lines = parse(text, {
      delimiter,
      trim: true,
      skip_empty_lines: true,
      bom: true,
      relax_column_count: true,
      to: linesMax + 1,
    })
  } catch (error) {
    throw refuse("plan", `The seats cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  // Names of columns have no digits; a first section that is mistyped has, and must not be lost without a word.
  const skipped = lines[0]?.slice(1).some((each) => /\d/.test(each)) === false ? 1 : 0
  lines = lines.slice(skipped)
  if (lines.length === 0) throw refuse("plan", "The seats need at least one line: name, rows, seats in a row, price")
  if (lines.length > linesMax) throw refuse("plan", `The seats may have at most ${linesMax} sections`)
  return lines.map((line, index) => {
    const [name = "", rows = "", seatsPerRow = "", price = ""] = line
    const amount = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(price)
    if (name === "" || line.length !== 4 || !/^\d{1,4}$/.test(rows) || !/^\d{1,4}$/.test(seatsPerRow) || !amount)
      throw refuse(
        "plan",
        `Line ${index + 1 + skipped} of the seats (${line.join(", ").slice(0, 80)}) must read: name, rows, seats in a row, price such as 89.50`,
      )
    return {
      name,
      rows: Number(rows),
      seatsPerRow: Number(seatsPerRow),
      priceCents: cents(Number(amount[1]) * 100 + Number((amount[2] ?? "").padEnd(2, "0"))),
    }
  })
}

const linesMax = 64
/** Characters; reading takes the server's time. */
const planMax = 64_000
