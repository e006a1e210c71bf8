import { expect, test } from "bun:test"
import { circlesOf, relativeImportsIn } from "./circles.ts"

const graphOf = (edges: Record<string, string[]>) => new Map(Object.entries(edges))

test("a circle is found whatever its length, once, and beside another", () => {
  expect(circlesOf(graphOf({ a: ["b"], b: ["c"], c: ["a", "d"], d: [], e: ["f"], f: ["e", "a"], g: ["g"] }))).toEqual([
    ["a", "b", "c"],
    ["e", "f"],
    ["g"],
  ])
})

test("files that meet below without coming back are no circle", () => {
  expect(circlesOf(graphOf({ a: ["b", "c"], b: ["d"], c: ["d", "elsewhere"], d: [] }))).toEqual([])
})

test("imports of values, of types, over several lines and for their effect are seen; packages are not", () => {
  const source = `
import { a } from "./a.ts"
import type { B } from "../b.ts"
import {
  c,
  type D,
} from "./c.ts"
import "./effect.ts"
import text from "./text.lua" with { type: "text" }
export { e } from "./e.ts"
import { join } from "node:path"
const said = 'from "./nowhere.ts"'
`
  expect(relativeImportsIn(source)).toEqual(["./a.ts", "../b.ts", "./c.ts", "./effect.ts", "./text.lua", "./e.ts"])
})
