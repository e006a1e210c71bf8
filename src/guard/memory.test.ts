import { expect, test } from "bun:test"
import { openMemory } from "./memory.ts"

test("what is asked for stays, what is not is forgotten, and the bound holds", () => {
  const memory = openMemory<string, number>(10)
  memory.set("ada", 0)
  for (let n = 1; n <= 1000; n++) {
    memory.set(`fan-${n}`, n)
    expect(memory.get("ada")).toBe(0)
    expect(memory.size()).toBeLessThanOrEqual(10)
  }
  expect(memory.get("fan-1000")).toBe(1000)
  expect(memory.get("fan-1")).toBeUndefined()
})

test("the later of two values counts, whichever half the earlier is in", () => {
  const memory = openMemory<string, number>(4)
  memory.set("ada", 1)
  for (const name of ["bob", "cyd"]) memory.set(name, 0)
  memory.set("ada", 2)
  expect(memory.get("ada")).toBe(2)
})
