import { expect, test } from "bun:test"
import { lookupTime } from "./units.ts"

test("a time is read as it is written, in any zone", () => {
  for (const text of [
    "2028-02-29",
    "2027-05-01T20:00:00Z",
    "2027-05-01T20:00:00.123+05:30",
    "2027-12-31T23:59:59-11:00",
  ])
    expect(lookupTime(text)).toBe(Date.parse(text) as never)
})

test("a day that no month has is no time, and no other day is taken for it", () => {
  for (const text of ["2027-02-30T20:00:00Z", "2027-02-29", "2027-04-31T10:00:00+02:00", "2027-13-01", "banana", ""])
    expect([text, lookupTime(text)]).toEqual([text, undefined])
})
