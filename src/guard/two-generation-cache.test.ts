import { expect, test } from "bun:test"
import { openTwoGenerationCache } from "./two-generation-cache.ts"

test("what is asked for stays, what is not is forgotten, and the bound holds", () => {
  const cache = openTwoGenerationCache<string, number>(10)
  cache.set("ada", 0)
  for (let n = 1; n <= 1000; n++) {
    cache.set(`fan-${n}`, n)
    expect(cache.get("ada")).toBe(0)
    expect(cache.size()).toBeLessThanOrEqual(10)
  }
  expect(cache.get("fan-1000")).toBe(1000)
  expect(cache.get("fan-1")).toBeUndefined()
})

test("the later of two values counts, whichever generation the earlier is in", () => {
  const cache = openTwoGenerationCache<string, number>(4)
  cache.set("ada", 1)
  for (const name of ["bob", "cyd"]) cache.set(name, 0)
  cache.set("ada", 2)
  expect(cache.get("ada")).toBe(2)
})
