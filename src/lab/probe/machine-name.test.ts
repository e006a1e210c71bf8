import { expect, test } from "bun:test"
import { machineName } from "./machine-name.ts"

test("a machine is named by its cores and its memory, without the maker's signs", () => {
  const named = (model: string) => machineName([{ model }, { model }], 24.4 * 2 ** 30)
  expect(named("Intel(R) Xeon(R) CPU @ 2.50GHz")).toBe("2 x Intel Xeon 2.50GHz, 24 GB")
  expect(named("AMD EPYC 7B13 64-Core Processor")).toBe("2 x AMD EPYC 7B13 64-Core, 24 GB")
  expect(named("unknown")).toBe("2 x unknown, 24 GB")
})

test("this machine has a name too", () => {
  expect(machineName()).toMatch(/^\d+ x .+, \d+ GB$/)
  expect(machineName([], 1)).toBe("0 x processor, 1 GB")
})
