import { expect, test } from "bun:test"
import { fitting, wrapped } from "./lines.ts"

test("a text is broken at spaces, and a word that is too long stands alone", () => {
  expect(wrapped("one two three", 7)).toEqual(["one two", "three"])
  expect(wrapped("a incomprehensible b", 5)).toEqual(["a", "incomprehensible", "b"])
})

test("of a line that is drawn over as much is shown as fits, for a line that wraps would stay", () => {
  const parts = ["launch_spike running", "500 people", "240 requests/s"]
  expect(fitting(parts, 80)).toBe("launch_spike running · 500 people · 240 requests/s")
  expect(fitting(parts, 40)).toBe("launch_spike running · 500 people")
  expect(fitting(parts, 6)).toBe("launch")
})
