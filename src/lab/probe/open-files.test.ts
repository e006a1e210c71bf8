import { expect, test } from "bun:test"
import { allowOpenFiles, parseOpenFiles } from "./open-files.ts"

test("the hard limit is read, not the soft one", () => {
  const limits =
    "Max processes             95980                95980                processes \nMax open files            1024                 524288               files     \n"
  expect(parseOpenFiles(limits)).toBe(524_288)
  expect(parseOpenFiles("Max open files            unlimited            unlimited            files")).toBe(Infinity)
  expect(parseOpenFiles("")).toBeUndefined()
})

test("what is allowed already stays as it is", () => {
  const before = allowOpenFiles(1)
  expect(allowOpenFiles(1)).toBe(before!)
})
