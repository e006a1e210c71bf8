import { expect, test } from "bun:test"
import type { Report } from "./cell.ts"
import { nothingFound } from "./comparison.ts"
import { cellsOf, neverReached } from "./drill.ts"
import { kinds } from "./kinds.ts"
import { redisKill } from "./kinds/redis-kill.ts"
import { tableOf } from "./table.ts"

const clean = { ...nothingFound(), acknowledged: 5 }

const [cell] = cellsOf([{ kind: redisKill, faults: 3 }], "1")
const report = (given: Partial<Report>): Report => ({
  cell: cell!,
  findings: clean,
  strikes: [],
  rare: new Map(),
  tookMs: 1,
  ...given,
})

test("every fault that is asked for is in one cell, and the kinds take turns", () => {
  const cells = cellsOf(
    kinds.map((kind) => ({ kind, faults: kind.long })),
    "1",
  )
  for (const kind of kinds) {
    const own = cells.filter((each) => each.kind === kind)
    expect(own.reduce((sum, each) => sum + each.faults, 0)).toBe(kind.long)
    expect(new Set(own.map((each) => each.index)).size).toBe(own.length)
  }
  const half = cells.slice(0, cells.length / 2)
  for (const kind of kinds.filter((each) => each.long > each.perCell))
    expect(half.some((each) => each.kind === kind)).toBe(true)
})

test("a rare state that no cell has reached is named", () => {
  const [first, second] = "sometimes" in redisKill ? redisKill.sometimes : []
  const reached = [
    report({ rare: new Map([[first!, 0]]) }),
    report({
      rare: new Map([
        [first!, 3],
        [second!, 0],
      ]),
    }),
  ]
  expect(neverReached(reached, redisKill)).toEqual([`redis-kill: never reached: ${second}`])
})

test("the table adds up what was found", () => {
  const table = tableOf([report({}), report({ findings: { ...clean, lost: ["a", "b"] } })], [redisKill])
  expect(table).toContain("| redis-kill | 2 | 6 | 10 | 2 | 0 |")
})
